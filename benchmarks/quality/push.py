"""Push songs 6 dB over the ceiling and measure what limiters make of them: `python -m benchmarks.quality.push`.

Prints a Markdown table. Every song's peak is at the ceiling before the gain; what comes out is compared with the song at
equal loudness. The time is that of masterify's limiter alone, on one core.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.quality import hearing, pieces, programs
from masterify_core.metering.peaks import true_peak
from masterify_core.units import gain_to_db

PUSH_DB, CEILING_DBTP = 6.0, -1.0
SONGS = ("Lithium, mix", "Caesium, mix", "Media Threat", "Feelings", "zaz 1")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.push", description=__doc__)
    parser.add_argument(
        "--peers-python", default=sys.executable, help="Python of an environment that has peers"
    )
    parser.add_argument("--music", type=Path, default=Path("/"), help="where Debian's game music is unpacked")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="masterify-push-") as folder:
        room = Path(folder)
        wanted = {title: pieces.SONGS[title] for title in SONGS}
        songs = pieces.pieces(room, chosen.music, len(wanted), wanted)
        print(
            f"{len(songs)} songs, peaks {PUSH_DB:g} dB over a ceiling of {CEILING_DBTP:g} dBTP: means, and the worst in brackets."
        )
        print("\n| limiter | ViSQOL | Zimtohrli score | true peak over, dB | times real time |")
        print("| --- | --: | --: | --: | --: |")
        for program in programs.programs(chosen.peers_python):
            if program.gain is not None:
                print(row(program, songs, room), flush=True)
    return 0


def row(program: programs.Program, songs: dict[str, Path], room: Path) -> str:
    """One limiter's line of the table."""
    scores, qualities, overs, speeds = [], [], [], []
    for title, path in songs.items():
        song, rate = soundfile.read(path, always_2d=True)
        out = room / "pushed.wav"
        out.unlink(missing_ok=True)
        gain_db = CEILING_DBTP + PUSH_DB - gain_to_db(float(np.abs(song).max()))
        assert program.gain is not None
        done = program.gain(path, out, gain_db, CEILING_DBTP)
        made, made_rate = soundfile.read(out, always_2d=True)
        told = hearing.compare(song, rate, made, made_rate, with_visqol=True)
        scores.append(hearing.zimtohrli_score(told.zimtohrli))
        qualities.append(told.visqol)
        overs.append(gain_to_db(true_peak(np.ascontiguousarray(made.T, dtype=np.float32))) - CEILING_DBTP)
        if took := re.search(r"limited in ([\d.]+) CPU s", done.said):
            speeds.append(len(song) / rate / float(took[1]))
        print(
            f"{program.name}, {title}: {qualities[-1]} {scores[-1]} {overs[-1]:.3f}",
            file=sys.stderr,
            flush=True,
        )
    speed = f"{min(speeds):.0f}" if speeds else "–"
    worst = (shown(min, qualities, 3), shown(min, scores, 3), f"{max(0.0, max(overs)):.2f}")
    means = (shown(np.mean, qualities, 3), shown(np.mean, scores, 3))
    return f"| {program.name} | {means[0]} ({worst[0]}) | {means[1]} ({worst[1]}) | {worst[2]} | {speed} |"


def shown(of, values: list[float | None], digits: int) -> str:
    """A mean or the worst; a dash where the model is missing."""
    held = [value for value in values if value is not None]
    return f"{of(held):.{digits}f}" if held else "–"


if __name__ == "__main__":
    sys.exit(main())
