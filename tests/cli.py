"""Running the command line inside the test, with streams of its own, and an engine that only pretends."""

import contextlib
import io
import json
import sys
import time
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import soundfile

from masterify_cli.app import main


@dataclass
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class Stream(io.TextIOWrapper):
    """A text stream over bytes in memory, as strict about encoding as a real one."""

    def __init__(self, content=b"", terminal=False):
        super().__init__(io.BytesIO(content), encoding="utf-8")
        self.terminal = terminal

    def isatty(self):
        return self.terminal

    def text(self):
        self.flush()
        return self.buffer.getvalue().decode()


def masterify(*arguments, stdin=b"", terminal=False):
    """Run one command line; standard output and error are pipes, or a terminal."""
    out, err = Stream(terminal=terminal), Stream(terminal=terminal)
    was = sys.stdin
    sys.stdin = Stream(stdin)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([str(argument) for argument in arguments])
    finally:
        sys.stdin = was
    return Ran(code, out.text(), err.text())


def write_song(path, seconds=3.0, rate=44_100, level_db=-20.0, seed=7):
    """Write a short stereo song: noise with a tone that comes and goes."""
    rng = np.random.default_rng(seed)
    frames = round(seconds * rate)
    time_s = np.arange(frames) / rate
    tone = np.sin(2 * np.pi * 220 * time_s) * (0.6 + 0.4 * np.sin(2 * np.pi * time_s))
    samples = 10 ** (level_db / 20) * (tone[:, None] + 0.3 * rng.normal(size=(frames, 2)))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.clip(samples, -1, 1), rate, "PCM_16")
    return path


class PretendedEngine:
    """Stands in for `masterify_core.mastering.master`: no sound, the same answers and errors."""

    def __init__(self, target_met=True, takes_s=0.0, notes=(), title="Universal"):
        self.requests, self.errors = [], {}
        self.target_met, self.takes_s, self.notes, self.title = target_met, takes_s, notes, title
        self.codecs = ()

    def master(self, request, library, on_progress):
        """Report as the engine does, then answer or raise what was planned for that file."""
        self.requests.append(request)
        for stage, share in (("reading", 0.0), ("rendering", 0.5)):
            on_progress(stage, share)
            time.sleep(self.takes_s / 2)
        error = next((e for name, e in self.errors.items() if request.source.endswith(name)), None)
        if error is not None:
            raise error
        return self.result(request)

    def result(self, request):
        """A result with one delivery a platform."""
        levels = {
            "integrated_lufs": -14.0, "true_peak_dbtp": -1.0, "sample_peak_dbfs": -1.2, "loudness_range_lu": 5.0,
            "momentary_max_lufs": -11.0, "short_term_max_lufs": -12.0, "plr_lu": 13.0,
        }  # fmt: skip
        came = {**levels, "integrated_lufs": -23.0, "seconds": 3.0, "rate": 44_100, "channels": 2}
        deliveries = tuple(
            SimpleNamespace(
                platform=name, title=self.title, path=None if request.dry_run else f"masters/{name}.wav", target_lufs=-14.0,
                target_met=self.target_met, container="wav", gain_db=9.0, mean_reduction_db=0.5, notes=self.notes,
                codecs=self.codecs,
                served=(),
                levels=SimpleNamespace(to_dict=lambda: levels), to_dict=lambda: {"platform": "x", "target_met": True},
            )
            for name in request.platforms or ("universal",)
        )  # fmt: skip
        return SimpleNamespace(
            input=request.source, measurement=SimpleNamespace(to_dict=lambda: came), deliveries=deliveries,
            recipe=SimpleNamespace(
                steps=(SimpleNamespace(stage="tone", reason="too dark by 2 dB"),),
                skipped=(SimpleNamespace(stage="repair", reason="nothing to repair"),),
            ),
            recipe_path=None, report_paths=(), skipped=(), notes=("kept at 44100 Hz",),
            to_dict=lambda: {"input": request.source, "deliveries": [d.to_dict() for d in deliveries], "notes": []},
        )  # fmt: skip
