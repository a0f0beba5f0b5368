"""What can only be seen from inside the process: steps, kernels, levels. Answers JSON on its last line.

`python -m benchmarks.inside levels FILE...`, `... whole SONG ROUNDS` or `... kernels SONG`.
"""

from __future__ import annotations

import functools
import importlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from masterify_core import files
from masterify_core.kernels import _jit
from masterify_core.mastering import MasterRequest, master
from masterify_core.metering.report import measure, measure_levels
from masterify_core.presets import Library

PLATFORMS = ("spotify", "apple_music")
# Where a name is looked up when it is called, the name, and what it does besides what stands in other rows.
STEPS = (
    ("studying.files", "read", "read the song, read the masters back"),
    ("studying", "hop_energies", "measure the song: loudness"),
    ("studying", "measure_spectra", "measure the song: spectra"),
    ("studying", "measure", "measure the song: everything else"),
    ("mastering", "plan", "plan the recipe"),
    ("mastering.chain", "run", "run the recipe's stages"),
    ("mastering", "prepare", "prepare limiting, once a rate"),
    ("mastering", "render", "gain, limit, close overs"),
    ("mastering", "deliver", "dither, write, checksum"),
    ("delivery", "energies", "measure the masters: loudness"),
    ("delivery", "measure_levels", "measure the masters: everything else"),
)


def levels(*paths: str) -> list[dict[str, Any]]:
    """Loudness and peaks of files, by masterify's meter."""
    found = []
    for path in paths:
        audio = files.read(path).audio
        found.append({**measure_levels(audio).to_dict(), "seconds": audio.seconds, "rate": audio.rate})
    return found


def whole(song: str, rounds: str) -> dict[str, Any]:
    """CPU seconds of the engine, warm: two platforms, and the meter alone."""
    library = Library.load()
    _master(song, library)
    two = min(_cpu_s(lambda: _master(song, library)) for _ in range(int(rounds)))
    audio = files.read(song).audio
    everything = min(_cpu_s(lambda: measure(audio)) for _ in range(int(rounds)))
    level = min(_cpu_s(lambda: measure_levels(audio)) for _ in range(int(rounds)))
    return {"two_platforms_s": two, "measure_s": everything, "levels_s": level, "seconds": audio.seconds}


def kernels(song: str) -> dict[str, Any]:
    """Where the time of one warm run goes: by step, and by kernel."""
    library = Library.load()
    _master(song, library)
    steps: dict[str, float] = {}
    within: list[float] = []
    for place, name, title in STEPS:
        owner = _owner(place)
        setattr(owner, name, _timed(getattr(owner, name), title, steps, within))
    loops: dict[str, list[float]] = {}
    plain = _jit.Kernel.__call__

    def timed(self: _jit.Kernel, *values: Any) -> Any:
        began = time.thread_time()
        answer = plain(self, *values)
        loops.setdefault(self.name, []).append(time.thread_time() - began)
        return answer

    _jit.Kernel.__call__ = timed  # type: ignore[method-assign]
    _master(song, library)
    audio = files.read(song).audio
    return {
        "frames": audio.frames,
        "steps": {title: steps[title] for _, _, title in STEPS if title in steps},
        "loops": {name: [len(each), sum(each)] for name, each in loops.items()},
    }


def _owner(place: str) -> Any:
    """The module ``masterify_core.PLACE``, or a module that one knows under a name."""
    first, _, rest = place.partition(".")
    module: Any = importlib.import_module(f"masterify_core.{first}")
    return getattr(module, rest) if rest else module


def _timed(
    function: Callable[..., Any], title: str, steps: dict[str, float], within: list[float]
) -> Callable[..., Any]:
    """The function, adding the CPU seconds that it takes itself, without other timed functions, to its title."""

    @functools.wraps(function)
    def wrapped(*values: Any, **named: Any) -> Any:
        within.append(0.0)
        began = time.process_time()
        answer = function(*values, **named)
        took_s = time.process_time() - began
        steps[title] = steps.get(title, 0.0) + took_s - within.pop()
        if within:
            within[-1] += took_s
        return answer

    return wrapped


def _master(song: str, library: Library) -> None:
    with tempfile.TemporaryDirectory() as folder:
        master(MasterRequest(source=song, out_dir=folder, platforms=PLATFORMS), library)


def _cpu_s(job: Callable[[], Any]) -> float:
    began = time.process_time()
    job()
    return time.process_time() - began


if __name__ == "__main__":
    print(json.dumps({"levels": levels, "whole": whole, "kernels": kernels}[sys.argv[1]](*sys.argv[2:])))
