"""The store of machine code: one file for each kernel module, named by everything that it depends on."""

from __future__ import annotations

import functools
import hashlib
import os
import stat
import sys
import tempfile
from pathlib import Path

from masterify_core.kernels import _machine, _shipped
from masterify_core.kernels._packing import Pieces, packed, unpacked

_MACHINERY = "\0".join(
    (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
    for name in ("_jit", "_machine", "_packing", "_store")
)
"""What makes machine code of lowered kernels and calls it, as it was imported."""


def folders() -> list[Path]:
    """Where the store may be, best first; the last serves where no home can be written."""
    chosen = os.environ.get("MASTERIFY_CACHE_DIR")
    if chosen:
        return [Path(chosen)]
    from platformdirs import user_cache_path

    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    return [user_cache_path("masterify", False), Path(tempfile.gettempdir(), f"masterify-{user}")]


def stored(module: str) -> Pieces | None:
    """The module's compiled kernels from the first folder that has them."""
    return next(filter(None, (_read(d / file_name(module)) for d in folders())), None)


def is_stored(module: str) -> bool:
    """Whether a whole store of the module is there."""
    return stored(module) is not None


def folder_of(modules: list[str]) -> Path | None:
    """Answer the folder that holds whole stores of all modules, if one does."""
    return next((d for d in folders() if all(_read(d / file_name(module)) for module in modules)), None)


def store(module: str, compiled: Pieces) -> None:
    """Store what was compiled in the first folder that can be written; whole or not at all."""
    whole = packed(compiled)
    for folder in folders():
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not _is_ours(folder):
                continue
            handle, part = tempfile.mkstemp(dir=folder, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(whole)
                # Two runs at once: the last one wins, and both are right.
                Path(part).replace(folder / file_name(module))
            except BaseException:
                Path(part).unlink(missing_ok=True)
                raise
        except OSError:
            continue
        return


@functools.cache
def file_name(module: str) -> str:
    """Name of a module's store: changes with its source, with what is shipped of it, the compiler and the processor."""
    shipped = _shipped.path_of(module)
    digest = hashlib.sha256(shipped.read_bytes() if shipped.exists() else b"")
    for fact in (_shipped.sources_digest(module), _MACHINERY, sys.version, *_machine.facts()):
        digest.update(b"\0" + fact.encode())
    return f"{module}-{digest.hexdigest()[:24]}.kernels"


def _is_ours(path: Path) -> bool:
    """Whether nobody else could have written here: machine code is only read from one's own files."""
    if not hasattr(os, "getuid"):
        return True
    about = path.stat()
    return about.st_uid in (os.getuid(), 0) and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _read(path: Path) -> Pieces | None:
    """Kernel name and object of each kernel in a store; None if absent, foreign or damaged."""
    try:
        if not (_is_ours(path.parent) and _is_ours(path)):
            return None
        found = unpacked(path.read_bytes())
    except OSError:
        return None
    return found[0] if found else None
