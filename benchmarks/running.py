"""Run programs one at a time and take what the kernel accounts for each: CPU seconds, wall seconds, peak memory.

This process stays small on purpose: a child's peak memory is never reported below its parent's.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """One finished program, or several run after each other: sums, but the largest memory."""

    code: int
    said: str
    cpu_s: float
    wall_s: float
    rss_mb: float

    def __add__(self, other: Run) -> Run:
        return Run(
            self.code or other.code,
            self.said + other.said,
            self.cpu_s + other.cpu_s,
            self.wall_s + other.wall_s,
            max(self.rss_mb, other.rss_mb),
        )


def run(command: Sequence[str], env: dict[str, str] | None = None, limit_s: float = 600.0) -> Run:
    """Run a command to its end; what it says on both outputs is kept."""
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        child = subprocess.Popen(
            [*map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env={**os.environ, **(env or {})},
        )
        while True:
            ended, status, used = os.wait4(child.pid, os.WNOHANG)
            if ended:
                break
            if time.perf_counter() - began > limit_s:
                child.kill()
            time.sleep(0.002)
        wall_s = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        return Run(
            child.returncode,
            said.read().decode(errors="replace"),
            used.ru_utime + used.ru_stime,
            wall_s,
            used.ru_maxrss / 1024.0,
        )


def answer(command: Sequence[str]) -> str | None:
    """What a command says, stripped; None where it cannot be run or fails."""
    try:
        done = run(command, limit_s=120.0)
    except OSError:
        return None
    return done.said.strip() if done.code == 0 else None


def interleaved(
    jobs: dict[str, Callable[[], Run]], rounds: int, say: Callable[[str], None]
) -> dict[str, Run]:
    """Run all jobs once a round, so that a slow moment hits all alike; answer the best of each by CPU time."""
    best: dict[str, Run] = {}
    for number in range(rounds):
        for name, job in jobs.items():
            done = job()
            say(f"round {number + 1}/{rounds}  {name}: {done.cpu_s:.2f} CPU s")
            known = best.get(name)
            if known is None or (done.code, done.cpu_s) < (known.code, known.cpu_s):
                best[name] = done
    return best
