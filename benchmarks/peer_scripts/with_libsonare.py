"""Master SONG with libsonare's streaming preset, a program of its own: `with_libsonare.py SONG OUT LUFS CEILING_DB`."""

import sys
from importlib.metadata import version

import libsonare
import numpy as np
import soundfile

if sys.argv[1:] == ["--version"]:
    print(version("libsonare"))
else:
    song, out, loudness_lufs, ceiling_db = sys.argv[1:]
    samples, rate = soundfile.read(song, dtype="float32")
    left, right = (np.ascontiguousarray(channel) for channel in samples.T)
    target = {
        "loudness": {"enabled": True, "targetLufs": float(loudness_lufs), "ceilingDb": float(ceiling_db)}
    }
    done = libsonare.master_audio_stereo(left, right, rate, "streaming", target)
    soundfile.write(out, np.stack([done.left, done.right], axis=1), rate, subtype="PCM_24")
