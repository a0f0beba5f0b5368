"""The data folder: made and tried before anything is started in it, and the secret that is kept there."""

from __future__ import annotations

import errno
import os
import secrets
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from masterify_core.errors import SettingError

CHOOSE = "choose another by --data-dir or MASTERIFY_DATA_DIR"


def ready(folder: Path) -> None:
    """Make the folder if it is missing, and see whether this user may write in it.

    Raises
    ------
    SettingError
        e.g. ``data folder /etc/hosts is a file; choose another by --data-dir or MASTERIFY_DATA_DIR``.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SettingError("data folder", f"{folder} {_problem(error)}; {CHOOSE}") from None
    except ValueError:
        raise SettingError("data folder", f"{folder} is no name for a folder; {CHOOSE}") from None


@cache
def kept_secret(folder: Path) -> str:
    """Read the data folder's secret; the first process that needs one makes it, and only one can."""
    path = folder / "secret"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        made = folder / f"secret.{secrets.token_hex(8)}"
        try:
            handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32))
            with suppress(FileExistsError):
                os.link(made, path)  # appears whole, and only for the first who comes
        finally:
            made.unlink(missing_ok=True)
    return path.read_text(encoding="ascii").strip()


def _problem(error: OSError) -> str:
    if isinstance(error, FileExistsError):
        return "is a file"
    if isinstance(error, NotADirectoryError):
        return "lies below a file"
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return "may not be written by this user"
    return f"cannot be used: {error.strerror or error}"
