"""Limits of the process that decodes what strangers send: memory, processor time, files; set after the fork."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from dataclasses import dataclass
from pathlib import Path

PR_SET_NO_NEW_PRIVS = 38
"""linux/prctl.h"""
OPEN_FILES = 256
LARGEST_FILE_BYTES = 4 * 2**30
"""Ten minutes of stereo at 192 kHz in 32 bit are 0.9 GB, and a ZIP holds one for each platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one job may use.

    Attributes
    ----------
    memory_gb
        Beyond what the process has mapped at the fork, GB. More is a `MemoryError`.
    cpu_s
        Processor seconds; more ends the process.
    """

    memory_gb: float
    cpu_s: int


def enter(limits: Limits) -> None:
    """Give up, for this process and for good, what a job does not need."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE_BYTES, LARGEST_FILE_BYTES))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, most) if most > 0 else OPEN_FILES, most))
    if sys.platform.startswith("linux"):
        # Elsewhere address space is not counted, or counted so that nothing would start.
        room = mapped_bytes() + int(limits.memory_gb * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (room, room))
        ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    os.umask(0o077)


def mapped_bytes() -> int:
    """Address space of this process (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()
