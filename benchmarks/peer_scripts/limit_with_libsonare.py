"""Gain and libsonare's true-peak limiter, nothing else: `limit_with_libsonare.py SONG OUT GAIN_DB CEILING_DB`."""

import sys
from importlib.metadata import version

import libsonare
import numpy as np
import soundfile

if sys.argv[1:] == ["--version"]:
    print(version("libsonare"))
else:
    song, out, gain_db, ceiling_db = sys.argv[1:]
    samples, rate = soundfile.read(song, dtype="float32")
    left, right = (
        np.ascontiguousarray(channel) for channel in samples.T * np.float32(10.0 ** (float(gain_db) / 20.0))
    )
    limiter = {"ceilingDb": float(ceiling_db)}
    done = libsonare.mastering_process_stereo("maximizer.truePeakLimiter", left, right, rate, limiter)
    soundfile.write(out, np.stack([done.left, done.right], axis=1), rate, subtype="FLOAT")
