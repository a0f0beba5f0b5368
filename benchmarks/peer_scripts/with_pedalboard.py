"""Master SONG with a chain of pedalboard plug-ins, a program of its own: `with_pedalboard.py SONG OUT GAIN_DB CEILING_DB`."""

import sys
from importlib.metadata import version

import soundfile
from pedalboard import (
    Compressor,
    Gain,
    HighpassFilter,
    HighShelfFilter,
    Limiter,
    LowShelfFilter,
    PeakFilter,
    Pedalboard,
)

if sys.argv[1:] == ["--version"]:
    print(version("pedalboard"))
else:
    song, out, gain_db, ceiling_db = sys.argv[1:]
    samples, rate = soundfile.read(song, dtype="float32")
    board = Pedalboard(
        [
            HighpassFilter(20.0),
            LowShelfFilter(100.0, -1.0),
            PeakFilter(300.0, -1.0, 0.7),
            HighShelfFilter(8000.0, 1.5),
            Compressor(threshold_db=-20.0, ratio=1.5, attack_ms=30.0, release_ms=200.0),
            Gain(float(gain_db) - float(ceiling_db)),
            Limiter(threshold_db=0.0, release_ms=100.0),
            Gain(float(ceiling_db)),
        ]
    )
    soundfile.write(out, board(samples.T, rate).T, rate, subtype="PCM_24")
