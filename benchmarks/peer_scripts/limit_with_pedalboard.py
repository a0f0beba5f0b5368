"""Gain and pedalboard's limiter, nothing else: `limit_with_pedalboard.py SONG OUT GAIN_DB CEILING_DB`."""

import sys
from importlib.metadata import version

import soundfile
from pedalboard import Gain, Limiter, Pedalboard

if sys.argv[1:] == ["--version"]:
    print(version("pedalboard"))
else:
    song, out, gain_db, ceiling_db = sys.argv[1:]
    samples, rate = soundfile.read(song, dtype="float32")
    board = Pedalboard(
        [
            Gain(float(gain_db) - float(ceiling_db)),
            Limiter(threshold_db=0.0, release_ms=100.0),
            Gain(float(ceiling_db)),
        ]
    )
    soundfile.write(out, board(samples.T, rate).T, rate, subtype="FLOAT")
