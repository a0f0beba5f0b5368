"""What limits a song here: masterify, the limiters of other programs, and yardsticks; all at the same loudness."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.peers import SCRIPTS, Task, found
from benchmarks.quality import plain
from benchmarks.running import Run, answer, run
from masterify_core.audio import Audio
from masterify_core.metering.loudness import energies, integrated_lufs

NEAR_LU = 0.05
TRIES = 6
YARDSTICKS = ("hard clip, 4x", "one release, 80 ms")


@dataclass(frozen=True, slots=True)
class Program:
    """A limiter that takes a gain, or a program that takes a loudness; only the former can be tried with tones."""

    name: str
    version: str
    gain: Callable[[Path, Path, float, float], Run] | None = None
    whole: Callable[[Path, Path, float, float], Run] | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A master: float64 ``(frames, channels)``, its rate, its own loudness, and the CPU time of its last run."""

    samples: np.ndarray
    rate: int
    lufs: float
    cpu_s: float


def programs(peers_python: str) -> list[Program]:
    """All that this machine has."""
    version = answer([sys.executable, "-m", "masterify_cli", "--version"]) or ""
    own = [
        Program(f"masterify {tier}", version.split()[-1], _own_limiter(tier), _masterify(tier))
        for tier in ("standard", "premium")
    ]
    yardsticks = [
        Program(YARDSTICKS[0], "", _plain(plain.hard_clip)),
        Program(YARDSTICKS[1], "", _plain(plain.one_release)),
    ]
    others = []
    if shutil.which("ffmpeg"):
        said = (answer(["ffmpeg", "-version"]) or "").split()[2]
        others.append(Program("ffmpeg alimiter", said, _alimiter))
        others.append(Program("ffmpeg loudnorm", said, None, _peer("ffmpeg loudnorm", "")))
    for name in ("pedalboard", "libsonare"):
        script = str(SCRIPTS / f"limit_with_{name}.py")
        if said := answer([peers_python, script, "--version"]):
            others.append(Program(f"{name} limiter", said.splitlines()[-1], _scripted(peers_python, script)))
    if said := answer([peers_python, str(SCRIPTS / "with_matchering.py"), "--version"]):
        others.append(Program("matchering", said.splitlines()[-1], None, _peer("matchering", peers_python)))
    return [*own, *others, *yardsticks]


def make(program: Program, song: Path, room: Path, lufs: float, ceiling_dbtp: float) -> Made | None:
    """Bring a song to a loudness; None if the program fails or does not get within 1 LU of it.

    Programs that take a gain are run again with another one until they are there.
    """
    out = room / "made.wav"
    out.unlink(missing_ok=True)
    if program.whole is not None:
        done = program.whole(song, out, lufs, ceiling_dbtp)
        made = _read(out, done)
        return made if made and abs(made.lufs - lufs) < 3.0 else None
    gain_db = lufs - loudness(*soundfile.read(song, always_2d=True))
    made, slope = None, 0.7
    tried: list[tuple[float, float]] = []
    for _ in range(TRIES):
        made = _read(out, program.gain(song, out, gain_db, ceiling_dbtp)) if program.gain else None
        if made is None or abs(made.lufs - lufs) < NEAR_LU:
            break
        tried.append((gain_db, made.lufs))
        if len(tried) > 1 and tried[-1][0] != tried[-2][0]:
            slope = min(max((tried[-1][1] - tried[-2][1]) / (tried[-1][0] - tried[-2][0]), 0.1), 1.0)
        gain_db += (lufs - made.lufs) / slope
    return made if made and abs(made.lufs - lufs) < 1.0 else None


def loudness(samples: np.ndarray, rate: int) -> float:
    """Integrated loudness of ``(frames, channels)``, LUFS."""
    audio = Audio(np.ascontiguousarray(samples.T, dtype=np.float32), rate)
    return integrated_lufs(energies(audio.samples, rate))


def _read(path: Path, done: Run) -> Made | None:
    if done.code or not path.exists():
        print(done.said[-300:], file=sys.stderr)
        return None
    samples, rate = soundfile.read(path, always_2d=True)
    return Made(samples, rate, loudness(samples, rate), done.cpu_s)


def _masterify(tier: str) -> Callable[[Path, Path, float, float], Run]:
    """Loudness and ceiling only; codecs are not looked at, as no other program does."""

    def job(song: Path, out: Path, lufs: float, ceiling_dbtp: float) -> Run:
        return run([
            sys.executable, "-m", "masterify_cli", "master", str(song), "-p", "universal", "--tier", tier,
            "--intensity", "0", "--loudness", f"{lufs:g}", "--ceiling", f"{ceiling_dbtp:g}", "--codec-check", "off",
            "--bit-depth", "32f", "-o", str(out.parent), "--name", out.stem, "--overwrite", "--quiet",
        ])  # fmt: skip

    return job


def _own_limiter(tier: str) -> Callable[[Path, Path, float, float], Run]:
    def job(song: Path, out: Path, gain_db: float, ceiling_dbtp: float) -> Run:
        numbers = [f"{gain_db:.4f}", f"{ceiling_dbtp:g}"]
        return run([sys.executable, "-m", "benchmarks.quality.own", str(song), str(out), *numbers, tier])

    return job


def _alimiter(song: Path, out: Path, gain_db: float, ceiling_dbtp: float) -> Run:
    """FFmpeg's look-ahead limiter as it comes, its delay taken out."""
    limit = f"alimiter=limit={10.0 ** (ceiling_dbtp / 20.0):.6f}:level=false:latency=true"
    chain = f"volume={gain_db:.4f}dB,{limit}"
    start = ["ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-y", "-i", str(song)]
    return run([*start, "-af", chain, "-c:a", "pcm_f32le", str(out)])


def _scripted(python: str, script: str) -> Callable[[Path, Path, float, float], Run]:
    def job(song: Path, out: Path, gain_db: float, ceiling_dbtp: float) -> Run:
        return run([python, script, str(song), str(out), f"{gain_db:.4f}", f"{ceiling_dbtp:g}"])

    return job


def _peer(name: str, python: str) -> Callable[[Path, Path, float, float], Run]:
    """As in `benchmarks.peers`; Matchering follows our own master, so that tone is no matter."""

    def job(song: Path, out: Path, lufs: float, ceiling_dbtp: float) -> Run:
        samples, rate = soundfile.read(song, always_2d=True)
        reference = out.with_name("reference.wav")
        _masterify("standard")(song, reference, lufs, ceiling_dbtp)
        task = Task(song, reference, loudness(samples, rate), lufs, ceiling_dbtp, rate)
        peer = next((each for each in found(task, python or sys.executable) if each.name == name), None)
        return peer.job(out) if peer else Run(1, f"{name} is missing", 0.0, 0.0, 0.0)

    return job


def _plain(
    function: Callable[[np.ndarray, int, float, float], np.ndarray],
) -> Callable[[Path, Path, float, float], Run]:
    def job(song: Path, out: Path, gain_db: float, ceiling_dbtp: float) -> Run:
        samples, rate = soundfile.read(song, always_2d=True)
        soundfile.write(out, function(samples, rate, gain_db, ceiling_dbtp), rate, "FLOAT")
        return Run(0, "", 0.0, 0.0, 0.0)

    return job
