"""Keeps the chatter of C libraries off the user's terminal."""

from __future__ import annotations

import ctypes
import functools
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_lock = threading.Lock()
_inside = 0
_chatty = 0  # where C's stderr pointed before


@contextmanager
def quiet() -> Iterator[None]:
    """Send what C code prints on its ``stderr`` to nowhere while inside; may be nested, also by threads.

    libmpg123 inside libsndfile prints "Illegal Audio-MPEG-Header" and the like and offers no switch. Here
    the C library's own variable ``stderr`` is pointed at the null device. The file descriptor 2 stays as
    it is, so what Python prints meanwhile, in this thread or another, is not lost. Where that variable
    cannot be set (Windows, musl), nothing is done.
    """
    global _inside, _chatty
    found = _stderr()
    if found is None:
        yield
        return
    variable, nowhere = found
    with _lock:
        if _inside == 0:
            _chatty, variable.value = variable.value, nowhere
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                variable.value = _chatty


@functools.cache
def _stderr() -> tuple[Any, int] | None:
    """Find the C variable and a stream on the null device; None where the variable is no variable."""
    try:
        if sys.platform == "darwin":
            name = "__stderrp"
        elif os.confstr("CS_GNU_LIBC_VERSION"):  # glibc documents that it may be assigned
            name = "stderr"
        else:
            return None
        library = ctypes.CDLL(None)
        library.fopen.restype = ctypes.c_void_p
        library.fopen.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
        nowhere = library.fopen(os.devnull.encode(), b"w")
        return (ctypes.c_void_p.in_dll(library, name), nowhere) if nowhere else None
    except (AttributeError, OSError, ValueError):
        return None
