"""What one would take instead of masterify, each a program of its own; none is imported or depended on."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.running import Run, answer, run

SCRIPTS = Path(__file__).with_name("peer_scripts")
PEAK_SPARE_DB = 0.5  # sox and pedalboard hold sample peaks only: leave room for the peaks between samples


@dataclass(frozen=True, slots=True)
class Peer:
    """A program, its version, how it is used here, and what masters a song with it.

    ``nearer`` is the same for programs that want a gain: with so many dB more than the difference in loudness, for
    they do not come out where that would lead.
    """

    name: str
    version: str
    how: str
    job: Callable[[Path], Run]
    nearer: Callable[[Path, float], Run] | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """The song, how loud it is, and what it should become."""

    song: Path
    reference: Path
    song_lufs: float
    loudness_lufs: float
    ceiling_dbtp: float
    rate: int

    @property
    def gain_db(self) -> float:
        """The difference; measured beforehand and free of charge for the peers that need it."""
        return self.loudness_lufs - self.song_lufs


def found(task: Task, peers_python: str) -> list[Peer]:
    """The peers that this machine has."""
    peers = [_loudnorm(task), _sox(task)]
    peers += [_scripted(task, peers_python, name) for name in ("pedalboard", "matchering", "libsonare")]
    return [peer for peer in peers if peer is not None]


def _loudnorm(task: Task) -> Peer | None:
    """Two passes, as FFmpeg's documentation tells."""
    said = answer(["ffmpeg", "-version"]) if shutil.which("ffmpeg") else None
    if said is None:
        return None
    target = f"loudnorm=I={task.loudness_lufs:g}:TP={task.ceiling_dbtp:g}:LRA=11"

    def job(out: Path) -> Run:
        start = ["ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-y", "-i", str(task.song), "-af"]
        first = run([*start, f"{target}:print_format=json", "-f", "null", "-"])
        blocks = re.findall(r"\{[^{}]*\}", first.said)
        if not blocks:
            return first
        seen = json.loads(blocks[-1])
        measured = ":".join(
            f"measured_{key}={seen[name]}"
            for key, name in (
                ("I", "input_i"),
                ("TP", "input_tp"),
                ("LRA", "input_lra"),
                ("thresh", "input_thresh"),
            )
        )
        second = f"{target}:{measured}:offset={seen['target_offset']}:linear=true"
        return first + run([*start, second, "-ar", str(task.rate), "-c:a", "pcm_s24le", str(out)])

    return Peer("ffmpeg loudnorm", said.split()[2], "two passes", job)


def _sox(task: Task) -> Peer | None:
    said = answer(["sox", "--version"]) if shutil.which("sox") else None
    if said is None:
        return None
    top_db = task.ceiling_dbtp - PEAK_SPARE_DB

    def nearer(out: Path, more_db: float) -> Run:
        chain = (
            "highpass 20 bass -1 100 treble 1.5 8000 compand 0.03,0.2 6:-40,-40,-20,-18,0,-8 0 -90 0.03"
            f" gain -l {task.gain_db + more_db - top_db:.2f} gain -n {top_db:g}"
        )
        return run(["sox", str(task.song), "-b", "24", str(out), *chain.split()])

    how = "high-pass, shelves, compand, limiting gain, normalise"
    return Peer("sox", said.split()[-1].removeprefix("v"), how, lambda out: nearer(out, 0.0), nearer)


def _scripted(task: Task, python: str, name: str) -> Peer | None:
    """A Python package, in a process and an environment of its own."""
    script = str(SCRIPTS / f"with_{name}.py")
    said = answer([python, script, "--version"])
    if said is None:
        return None
    how = {
        "pedalboard": "high-pass, 3 EQs, compressor, gain, limiter",
        "matchering": "after a reference at the target's loudness",
        "libsonare": "preset streaming",
    }[name]

    def nearer(out: Path, more_db: float) -> Run:
        arguments = {
            "pedalboard": [f"{task.gain_db + more_db:.2f}", f"{task.ceiling_dbtp - PEAK_SPARE_DB:g}"],
            "matchering": [str(task.reference)],
            "libsonare": [f"{task.loudness_lufs:g}", f"{task.ceiling_dbtp:g}"],
        }[name]
        return run([python, script, str(task.song), str(out), *arguments])

    wants_gain = name == "pedalboard"
    return Peer(
        name, said.splitlines()[-1], how, lambda out: nearer(out, 0.0), nearer if wants_gain else None
    )
