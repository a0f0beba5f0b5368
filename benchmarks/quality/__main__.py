"""Measure how masters sound beside other programs' and write BENCHMARKS-QUALITY.md: `python -m benchmarks.quality`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.quality import hearing, page, pieces, plots, programs, tones
from benchmarks.running import run
from masterify_core.metering.peaks import true_peak
from masterify_core.units import gain_to_db

ROOT = Path(__file__).parents[2]
LAST, PLOTS = Path(__file__).with_name("results.json"), Path(__file__).with_name("plots")
LEVELS_LUFS, CEILING_DBTP = (-8.0, -14.0), -1.0
BARS = {-8.0: 4.0, -14.0: 1.0}  # Zimtohrli, 1e-4
VISQOL_FROM_LUFS = (
    -10.0
)  # at lower loudness nothing is far enough from the song for ViSQOL to tell, and it is slow
OTHERS = ("push", "reference", "repair")  # benchmarks of their own, whose tables are taken in

INTRODUCTION = """# How masters sound, beside other programs

Written by `python -m benchmarks.quality`; do not edit. {songs} of {seconds:g} s, each brought to the same loudness
under a ceiling of {ceiling:g} dBTP; tone and dynamics are to stay, so masterify runs with `--intensity 0`.
Programs that take a gain were run until they were there. What is compared with the song is first made equally
loud and aligned.
*hard clip* and *one release* are yardsticks of a few lines (`benchmarks/quality/plain.py`). Nobody listened: these are models.

- **Zimtohrli**: distance, 0 is no difference. **ViSQOL**: score up to 4.73, of {visqol:g} s.
- **NMR**: noise over what hides it, in half-Bark bands. Loudness and true peak are the worst of all songs, the rest means.
- A value in bold got worse since the last time, by more than it varies.
"""


def main() -> int:
    """Measure everything, write the page, the plots and the numbers to compare with next time."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument(
        "--peers-python", default=sys.executable, help="Python of an environment that has peers"
    )
    parser.add_argument("--music", type=Path, default=Path("/"), help="where Debian's game music is unpacked")
    parser.add_argument("--songs", type=int, default=len(pieces.SONGS), help="only so many")
    parser.add_argument("--no-visqol", action="store_true", help="leave out ViSQOL: most of the time")
    parser.add_argument("--no-others", action="store_true", help=f"leave out {', '.join(OTHERS)}")
    parser.add_argument("--out", type=Path, default=ROOT / "BENCHMARKS-QUALITY.md")
    chosen = parser.parse_args()
    before = json.loads(LAST.read_text(encoding="utf-8")) if LAST.exists() else {}
    with tempfile.TemporaryDirectory(prefix="masterify-quality-") as room:
        songs = pieces.pieces(Path(room), chosen.music, chosen.songs)
        every = programs.programs(chosen.peers_python)
        music = {
            lufs: {
                p.name: row
                for p in every
                if (
                    row := heard(p, songs, Path(room), lufs, lufs > VISQOL_FROM_LUFS and not chosen.no_visqol)
                )
            }
            for lufs in LEVELS_LUFS
        }
        toned = {p.name: pushed(p, Path(room)) for p in every if p.gain is not None}
    others = {} if chosen.no_others else {name: said for name in OTHERS if (said := other(name, chosen))}
    now = {**{f"{lufs:g}": means(rows) for lufs, rows in music.items()}, "tones": toned}
    chosen.out.write_text(written(now, before, music, others, len(songs)), encoding="utf-8")
    LAST.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {chosen.out}", file=sys.stderr)
    return 0


def heard(
    program: programs.Program, songs: dict[str, Path], room: Path, lufs: float, with_visqol: bool
) -> list[dict[str, float | None]]:
    """Measure one program on all songs at one loudness; songs that it does not get there with are left out."""
    rows = []
    for title, path in songs.items():
        made = programs.make(program, path, room, lufs, CEILING_DBTP)
        if made is None:
            print(f"{program.name}, {title}: did not get to {lufs:g} LUFS", file=sys.stderr)
            continue
        song, rate = soundfile.read(path, always_2d=True)
        told = hearing.compare(song, rate, made.samples, made.rate, with_visqol=with_visqol)
        peak = true_peak(np.ascontiguousarray(made.samples.T, dtype=np.float32))
        rows.append({
            "zimtohrli_e4": None if told.zimtohrli is None else told.zimtohrli * 1e4, "visqol": told.visqol,
            "nmr_db": told.nmr_db, "missed_lu": abs(made.lufs - lufs),
            "over_db": max(0.0, gain_to_db(peak) - CEILING_DBTP), "cpu_s": made.cpu_s or None,
        })  # fmt: skip
        print(f"{lufs:g} LUFS, {program.name}, {title}: {rows[-1]}", file=sys.stderr, flush=True)
    return rows


def pushed(program: programs.Program, room: Path) -> dict[str, float | None]:
    """Push every tone into one limiter."""
    assert program.gain is not None
    return {tone.title: tones.tried(tone, program.gain, room) for tone in tones.TONES}


def means(rows: dict[str, list[dict[str, float | None]]]) -> page.Values:
    """Mean of each measure over the songs; of what a program missed, the worst."""
    found: page.Values = {}
    for name, each in rows.items():
        found[name] = {}
        for column in page.MUSIC:
            values = [row[column.key] for row in each if row[column.key] is not None]
            answer = max if column.key in ("missed_lu", "over_db") else np.mean
            found[name][column.key] = round(float(answer(values)), 4) if values else None
    return found


def other(name: str, chosen: argparse.Namespace) -> str:
    """Run a benchmark of its own, if it is there, and take its table."""
    if not Path(__file__).with_name(f"{name}.py").exists():
        return ""
    arguments = ["--peers-python", chosen.peers_python, "--music", str(chosen.music)]
    known = run([sys.executable, "-m", f"benchmarks.quality.{name}", "--help"]).said
    used = [word for k in (0, 2) if arguments[k] in known for word in arguments[k : k + 2]]
    done = run([sys.executable, "-m", f"benchmarks.quality.{name}", *used], limit_s=3600.0)
    return tables_of(done.said) if done.code == 0 else ""


def tables_of(said: str) -> str:
    """Tables and sentences of what a benchmark printed, an empty line between them."""
    lines = [line for line in said.splitlines() if line.startswith("|") or line.endswith(".")]
    return "\n".join(
        f"\n{line}" if before[:1] != line[:1] and "|" in (before[:1], line[:1]) else line
        for before, line in pairwise(["", *lines])
    ).strip()


def written(now: dict, before: dict, music: dict[float, dict], others: dict[str, str], count: int) -> str:
    """The whole page; writes the plots that it shows."""
    PLOTS.mkdir(exist_ok=True)
    parts = [
        INTRODUCTION.format(
            songs=f"{count} songs", seconds=pieces.SECONDS, ceiling=CEILING_DBTP, visqol=hearing.VISQOL_S
        )
    ]
    found = []
    for lufs, rows in music.items():
        key = f"{lufs:g}"
        parts += [f"## At {key} LUFS", page.table(page.MUSIC, now[key], before.get(key, {}))]
        found += [f"{key} LUFS, {each}" for each in page.worse(page.MUSIC, now[key], before.get(key, {}))]
        drawn = {
            name: [v for row in each if (v := row["zimtohrli_e4"]) is not None] for name, each in rows.items()
        }
        if drawn := {name: values for name, values in drawn.items() if values}:
            plot = plots.rows_plot(
                f"Zimtohrli distance at {key} LUFS, 1e-4", drawn, BARS[lufs], programs.YARDSTICKS
            )
            (PLOTS / f"zimtohrli{key}.svg").write_text(plot, encoding="utf-8")
            parts.append(
                f"![Zimtohrli distance of each program at {key} LUFS](benchmarks/quality/plots/zimtohrli{key}.svg)"
            )
    columns = tuple(page.Column(tone.title, tone.title, 1, -1, 0.5) for tone in tones.TONES)
    parts += [
        "## Tones pushed over the ceiling",
        "dB; for pumping, how far a steady tone moves under a kick drum.",
    ]
    parts.append(page.table(columns, now["tones"], before.get("tones", {})))
    found += page.worse(columns, now["tones"], before.get("tones", {}))
    for name, said in others.items():
        parts += [f"## {name.capitalize()}", f"By `python -m benchmarks.quality.{name}`.", said]
    worse = "\n".join(f"- {each}" for each in found) or "Nothing."
    parts.insert(1, f"## What got worse since the last time\n\n{worse}")
    return "\n\n".join(part.strip() for part in parts) + "\n"


if __name__ == "__main__":
    sys.exit(main())
