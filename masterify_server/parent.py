"""Processes that end with the process that started them, whatever ends that one."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

PR_SET_PDEATHSIG = 1
"""linux/prctl.h"""


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """What `subprocess.Popen` runs in the child so that it gets a signal when its parent ends; None but on Linux.

    The parent is the thread that starts the child: start children from the main thread.
    """
    if not sys.platform.startswith("linux"):
        return None
    library, parent = _c_library(), os.getpid()

    def ask() -> None:
        library.prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # it ended before we asked
            os._exit(1)

    return ask


def end_with(parent: int, number: signal.Signals) -> None:
    """Let this process, a fork of ``parent``, get a signal when that ends."""
    if sys.platform.startswith("linux"):
        _c_library().prctl(PR_SET_PDEATHSIG, int(number))
    if os.getppid() != parent:
        os._exit(1)


@cache
def _c_library() -> Any:
    return ctypes.CDLL(None, use_errno=True)
