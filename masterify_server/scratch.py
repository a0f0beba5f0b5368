"""Folders that a job works in: one for each attempt, gone at its end, swept if its process was killed."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STALE_S = 2 * 3600
"""Older than any job or upload can be."""


@contextmanager
def scratch_folder(data_dir: Path, job_id: str) -> Iterator[Path]:
    """A new folder for one attempt at a job, by this process."""
    above = data_dir / "scratch"
    above.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(dir=above, prefix=f"{job_id}-{os.getpid()}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_job(data_dir: Path, job_id: str, pid: int) -> None:
    """Delete what a process of this machine left of a job when it ended; another may be at work on it by now."""
    for folder in (data_dir / "scratch").glob(f"{job_id}-{pid}-*"):
        shutil.rmtree(folder, ignore_errors=True)


def sweep_stale(data_dir: Path, now_s: float | None = None) -> int:
    """Delete folders and uploads that nobody can be working on any more; answers how many."""
    oldest = (time.time() if now_s is None else now_s) - STALE_S
    swept = 0
    for above in ("scratch", "uploads"):
        for entry in (data_dir / above).glob("*"):
            if entry.lstat().st_mtime >= oldest:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
            swept += 1
    return swept
