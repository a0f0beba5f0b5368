"""Writes small text files, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from masterify_core.errors import OutputError


def write_text(text: str, path: Path, *, overwrite: bool) -> None:
    """Write text as UTF-8 under a hidden name first, then give it its own.

    Raises
    ------
    OutputError
        It exists already, or cannot be written.
    """
    if path.exists() and not overwrite:
        raise OutputError(path, "exists already; choose another folder or allow overwriting")
    part = None
    try:
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(part).chmod(0o666 & ~_umask())
        Path(part).replace(path)
    except OSError as error:
        raise OutputError(path, f"cannot be written: {error.strerror or error}") from None
    finally:
        if part is not None:
            Path(part).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
