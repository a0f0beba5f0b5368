"""Kernels as they are shipped: lowered by numba, for no processor in particular, in ``lowered/``, a file a module.

They hold as long as they were made of the sources that are here; ``python -m tests.refresh_kernels`` makes them.
"""

from __future__ import annotations

import hashlib
import sys
import zlib
from pathlib import Path

from masterify_core.kernels import _machine, _packing

HERE = Path(__file__).parent
FOLDER = HERE / "lowered"
HELPERS = ("_fft", "_hops")
"""Modules of helpers that kernels of several modules call."""


def lowered(module: str) -> _packing.Pieces | None:
    """The module's lowered kernels; None where they are not of these sources or not for such a machine."""
    path = path_of(module)
    if (
        sys.maxsize < 2**32 or sys.byteorder != "little" or not path.exists()
    ):  # they are of 64 bits, low byte first
        return None
    try:
        found = _packing.unpacked(zlib.decompress(path.read_bytes()))
    except zlib.error:
        return None
    if found is None or found[1]["sources"] != sources_digest(module):
        return None
    # An LLVM reads what earlier ones wrote; later ones' it need not even refuse, but may end the process.
    return found[0] if _machine.llvm_version() >= tuple(map(int, found[1]["llvm"].split("."))) else None


def path_of(module: str) -> Path:
    """Where the module's lowered kernels are."""
    return FOLDER / f"{module}.lowered"


def sources_digest(module: str) -> str:
    """A digest of everything that shapes the module's lowered kernels."""
    source = (HERE / f"{module}.py").read_text(encoding="utf-8")
    called = [name for name in HELPERS if f"kernels.{name} import" in source]
    shaped_by = [source, *((HERE / f"{name}.py").read_text(encoding="utf-8") for name in [*called, "_lower"])]
    return hashlib.sha256("\0".join(shaped_by).encode()).hexdigest()
