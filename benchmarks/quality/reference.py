"""Follow references beside Matchering, and measure how close both come: `python -m benchmarks.quality.reference`.

Prints a Markdown table. Each song is 60 s; both programs get the same 24-bit WAV files and bring the song to the
reference's loudness. Distances are those of the finished, limited masters, by `distances`. How long whole songs take is measured
on two of four minutes: the first pair that was found, four times over.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.quality.distances import Distance, distance, song
from benchmarks.running import run
from masterify_core import files

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "benchmarks" / "peer_scripts" / "with_matchering.py"
SHARED = ROOT.parent / "shared" / "audio"
SECONDS, RATE = 60, 44_100
OWN, PEER = "masterify", "Matchering"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A minute of a song; several files are added up."""

    name: str
    start_s: int
    paths: tuple[str, ...]


GAMES = "usr/share/games"
ROCK = f"{GAMES}/fretsonfire/data/songs/sectoid"
LITHIUM = Excerpt("Lithium, mix", 0, ("mix/lithium_unmastered_48k24.flac",))
CAESIUM = Excerpt("Caesium, mix", 8, ("mix/caesium_unmastered_48k24.flac",))
ON_THE_RUN = Excerpt("On the run", 40, ("songs/joshua_morin_on_the_run.ogg",))
ZAZ_1 = Excerpt("zaz 1", 30, (f"{GAMES}/zaz/mus1.ogg",))
ZAZ_3 = Excerpt("zaz 3", 30, (f"{GAMES}/zaz/mus3.ogg",))
METAL, WAR, FEELINGS = (
    Excerpt(title, 40, (f"{ROCK}/{title}/song.ogg", f"{ROCK}/{title}/guitar.ogg"))
    for title in ("Metal madness", "War of freedom", "Feelings")
)
THREAT, JOURNEY, DEPRECATION = (
    Excerpt(title, start, (f"{GAMES}/singularity/music/{title}.ogg",))
    for title, start in (("Media Threat", 60), ("A New Journey", 90), ("Deprecation", 60))
)
NOIZ = Excerpt("noiz2sa 2", 20, (f"{GAMES}/noiz2sa/sounds/stg2.ogg",))
RACE = Excerpt("race1", 0, (f"{GAMES}/etr/music/race1-jt.ogg",))
SPUNKY = Excerpt("spunkyrace", 20, (f"{GAMES}/etr/music/spunkyrace-ks.ogg",))
HEX = Excerpt("hex-a-hop", 10, (f"{GAMES}/hex-a-hop/hex-a-hop/music-game.ogg",))
PAIRS = (
    ("same genre", LITHIUM, ZAZ_1), ("same genre", CAESIUM, ON_THE_RUN), ("same genre", METAL, WAR),
    ("same genre", THREAT, NOIZ), ("other genre", JOURNEY, RACE), ("other genre", HEX, ZAZ_3),
    ("other genre", FEELINGS, SPUNKY), ("other genre", DEPRECATION, ON_THE_RUN),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One pair: as it came, and what each program made of it."""

    kind: str
    title: str
    before: Distance
    made: dict[str, Distance]
    peak_dbtp: dict[str, float]
    cpu_s: dict[str, float]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.reference", description=__doc__)
    parser.add_argument("--peers-python", default=sys.executable, help="Python that has Matchering")
    parser.add_argument("--music", type=Path, default=Path("/"), help="where Debian's game music is unpacked")
    parser.add_argument("--amount", type=float, default=1.0, help="0 to 1: how far masterify goes")
    parser.add_argument("--pairs", type=int, default=len(PAIRS), help="only so many")
    chosen = parser.parse_args()
    rows: list[Row] = []
    whole = ""
    for kind, one, other in PAIRS[: chosen.pairs]:
        with tempfile.TemporaryDirectory(prefix="masterify-reference-") as room:
            try:
                song_path = excerpt(one, Path(room) / "song.wav", chosen.music)
                reference_path = excerpt(other, Path(room) / "reference.wav", chosen.music)
            except FileNotFoundError as missing:
                print(f"{one.name} after {other.name}: left out, {missing}", file=sys.stderr)
                continue
            title = f"{one.name} after {other.name}"
            rows.append(compared(kind, title, song_path, reference_path, Path(room), chosen))
            print(f"{title}: done", file=sys.stderr, flush=True)
            whole = whole or whole_songs(song_path, reference_path, Path(room), chosen)
    print(f"{page(rows)}\n\n{whole}" if rows else "no pair of songs was found")
    return 0 if rows else 1


def excerpt(wanted: Excerpt, path: Path, music: Path) -> Path:
    """Write a minute of a song as 24-bit WAV at 44.1 kHz."""
    import soxr

    total = np.zeros((SECONDS * RATE, 2))
    for part in wanted.paths:
        found = next((root / part for root in (music, SHARED) if (root / part).is_file()), None)
        if found is None:
            raise FileNotFoundError(f"{part} is neither in {music} nor in {SHARED}")
        audio = files.read(found).audio
        begin = wanted.start_s * audio.rate
        part_of = audio.samples[:, begin : begin + SECONDS * audio.rate].T
        part_of = soxr.resample(part_of, audio.rate, RATE)[: SECONDS * RATE]
        total[: len(part_of)] += part_of / len(wanted.paths)
        total = total[: len(part_of)] if len(wanted.paths) == 1 else total
    soundfile.write(path, total, RATE, "PCM_24")
    return path


def whole_songs(song_path: Path, reference_path: Path, room: Path, chosen) -> str:
    """How long both programs take for songs of four minutes, the best of four runs each, in turns."""
    for path in (song_path, reference_path):
        minute, rate = soundfile.read(path)
        soundfile.write(path, np.concatenate([minute] * 4), rate, "PCM_24")
    taken: dict[str, float] = {}
    for _ in range(4):
        for name, ended in made_by(song_path, reference_path, room, chosen).items():
            if ended.code:
                return f"{name} failed on songs of four minutes."
            taken[name] = min(ended.cpu_s, taken.get(name, np.inf))
    words = ", ".join(f"{name} {cpu_s:.1f}" for name, cpu_s in taken.items())
    share = taken[OWN] / taken[PEER]
    return f"CPU seconds for a song of four minutes after one of four minutes: {words}; that is {share:.2f} of its time."


def made_by(song_path: Path, reference_path: Path, room: Path, chosen) -> dict:
    """Let both programs make a master: ``own/own.wav`` and ``peer.wav`` in a room."""
    return {
        OWN: run([
            sys.executable, "-m", "masterify_cli", "master", str(song_path), "--tier", "premium", "-p", "universal",
            "--reference", str(reference_path), "--reference-amount", f"{chosen.amount:g},loudness=1", "-o", str(room / "own"),
            "--name", "own", "--quiet", "--overwrite", "--codec-check", "off",  # Matchering does nothing of the kind
        ]),
        PEER: run([chosen.peers_python, str(SCRIPT), str(song_path), str(room / "peer.wav"), str(reference_path)]),
    }  # fmt: skip


def compared(kind: str, title: str, song_path: Path, reference_path: Path, room: Path, chosen) -> Row:
    """Have both programs follow the reference."""
    made = {}
    ended_by = made_by(song_path, reference_path, room, chosen)
    for name, path in ((OWN, room / "own" / "own.wav"), (PEER, room / "peer.wav")):
        if ended_by[name].code == 0 and path.is_file():
            made[name] = song(path)
        else:
            print(f"{title}: {name} failed\n{ended_by[name].said[-2000:]}", file=sys.stderr)
    aim = song(reference_path)
    return Row(
        kind, title, distance(song(song_path), aim), {name: distance(each, aim) for name, each in made.items()},
        {name: each.true_peak_dbtp for name, each in made.items()}, {name: ended.cpu_s for name, ended in ended_by.items()},
    )  # fmt: skip


def page(rows: list[Row]) -> str:
    """Markdown."""
    sides = [field.name for field in fields(Distance)]
    names = [name for name in (OWN, PEER) if any(name in row.made for row in rows)]
    head = ["pair", *(f"{side}: came, {', '.join(names)}" for side in sides), "dBTP", "CPU s"]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for row in rows:
        cells = [f"{row.title} ({row.kind})"]
        for number, _ in enumerate(sides):
            values = [
                astuple(row.before)[number],
                *(astuple(row.made[n])[number] for n in names if n in row.made),
            ]
            cells.append(" / ".join(f"{value:.2f}" for value in values))
        cells.append(" / ".join(f"{row.peak_dbtp[n]:+.2f}" for n in names if n in row.peak_dbtp))
        cells.append(" / ".join(f"{row.cpu_s[n]:.1f}" for n in names))
        lines.append("| " + " | ".join(cells) + " |")
    means = ["**mean**"]
    for number, _ in enumerate(sides):
        columns = [[astuple(row.before)[number] for row in rows]]
        columns += [[astuple(row.made[n])[number] for row in rows if n in row.made] for n in names]
        means.append(" / ".join(f"{np.mean(column):.2f}" for column in columns))
    means += ["", " / ".join(f"{np.mean([row.cpu_s[n] for row in rows]):.1f}" for n in names)]
    lines.append("| " + " | ".join(means) + " |")
    sides_won = sum(
        all(a < b for a, b in zip(astuple(row.made[OWN])[:3], astuple(row.made[PEER])[:3], strict=True))
        for row in rows
        if {OWN, PEER} <= set(row.made)
    )
    return "\n".join(
        [
            *lines,
            "",
            f"{OWN} is closer in tone, dynamics and width at once on {sides_won} of {len(rows)} pairs.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
