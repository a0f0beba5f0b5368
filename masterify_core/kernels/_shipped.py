"""Kernels as they are shipped: lowered by numba, for no processor in particular, in ``lowered/``, a file a module.

They hold as long as they were made of the sources that are here; ``python -m tests.refresh_kernels`` makes them.
"""

from __future__ import annotations

import functools
import hashlib
import re
import sys
import zlib
from pathlib import Path

from masterify_core.kernels import _machine, _packing

HERE = Path(__file__).parent
FOLDER = HERE / "lowered"
_IMPORTED = re.compile(r"^from masterify_core\.kernels\.(\w+) import", re.MULTILINE)


def lowered(module: str) -> _packing.Pieces | None:
    """The module's lowered kernels; None where they are not of these sources, or not for such a machine or compiler."""
    if sys.maxsize < 2**32 or sys.byteorder != "little":  # they are of 64 bits, low byte first
        return None
    try:
        found = _packing.unpacked(zlib.decompress(path_of(module).read_bytes()))
    except (OSError, zlib.error):
        return None
    if found is None or found[1]["sources"] != sources_digest(module):
        return None
    # An LLVM reads what earlier ones wrote; later ones' it need not even refuse, but may end the process.
    return found[0] if _machine.llvm_version() >= tuple(map(int, found[1]["llvm"].split("."))) else None


def path_of(module: str) -> Path:
    """Where the module's lowered kernels are."""
    return FOLDER / f"{module}.lowered"


@functools.cache
def sources_digest(module: str) -> str:
    """A digest of everything that shapes the module's lowered kernels, as it was when this was asked first.

    That is when the module is imported: a file that is changed later is not what this process runs.
    """
    return hashlib.sha256("\0".join(map(_source, shaping(module))).encode()).hexdigest()


def shaping(module: str) -> list[str]:
    """Names of the modules here that shape a module's code: itself, what it imports, and what lowers it."""
    found: list[str] = []
    left = [module, "_lower"]
    while left:
        name = left.pop()
        if name not in found and name != "_jit":  # which binds and calls what is compiled
            found.append(name)
            left += sorted(_IMPORTED.findall(_source(name)))
    return found


@functools.cache
def _source(name: str) -> str:
    return (HERE / f"{name}.py").read_text(encoding="utf-8")
