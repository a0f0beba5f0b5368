"""Master SONG after REFERENCE with Matchering, a program of its own: `with_matchering.py SONG OUT REFERENCE`."""

import sys
from importlib.metadata import version

import matchering

if sys.argv[1:] == ["--version"]:
    print(version("matchering"))
else:
    song, out, reference = sys.argv[1:]
    matchering.process(target=song, reference=reference, results=[matchering.pcm24(out)])
