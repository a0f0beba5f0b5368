"""How much memory a song may take on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

NO_LIMIT = 1 << 62


def available_bytes() -> int:
    """Memory that can still be had: the least of what the machine, the container and the process are allowed.

    `NO_LIMIT` where the system does not tell; a failing allocation is then the answer.
    """
    return min(_machine(), _container(), _process())


def _machine() -> int:
    """Free memory as the system counts it, or all of it where only that is known."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    if sys.platform == "win32":
        return _windows()
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return NO_LIMIT


def _windows() -> int:
    """Free physical memory after GlobalMemoryStatusEx."""
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "a", "b", "c", "d", "e")),
        )

    status = Status(length=ctypes.sizeof(Status))
    kernel32 = getattr(ctypes, "windll").kernel32  # noqa: B009  # absent from the types of other systems
    return int(status.free) if kernel32.GlobalMemoryStatusEx(ctypes.byref(status)) else NO_LIMIT


def _container() -> int:
    """Answer what the control group leaves (version 2, then 1); file cache in it can be given back."""
    for folder, limit, used, cache in (
        ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        try:
            most = int(Path(folder, limit).read_text())  # "max" is no number: no limit
            now = int(Path(folder, used).read_text())
            lines = dict(line.split() for line in Path(folder, "memory.stat").read_text().splitlines())
            return max(0, most - now + int(lines.get(cache, 0)))
        except (OSError, ValueError):
            continue
    return NO_LIMIT


def _process() -> int:
    """Answer what the limit on the address space (``ulimit -v``) leaves."""
    try:
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit == resource.RLIM_INFINITY:
            return NO_LIMIT
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        return max(0, limit - pages * resource.getpagesize())
    except (ImportError, OSError, ValueError, IndexError):
        return NO_LIMIT
