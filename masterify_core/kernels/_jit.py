"""The one decorator of every kernel, and how its machine code is found, made and linked.

A kernel goes through three forms. Numba lowers it to LLVM's code for no processor in particular: three quarters of the work of
compiling, done beforehand and shipped (`_shipped`). llvmlite optimises that for this processor, once per
machine, and the objects of each kernel module are kept in one file (`_store`). From there they are linked, in a few
ms. So numba is only imported where what is shipped does not fit: by whoever changes a kernel, or beside an older LLVM.

A kernel therefore follows three rules, checked when it is lowered: it allocates nothing (scratch is
an argument), it raises nothing, and it calls nothing but libm and helpers marked ``@inlined`` or ``@apart`` (`_marks`), of its
own module or of one whose name begins with ``_``.

A module of kernels that only some masters need says ``ON_DEMAND = True``: it is compiled when it is first
used, so that nobody's first run waits for it.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib
import os
import pkgutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np

from masterify_core.kernels import _machine, _shipped, _store
from masterify_core.kernels._packing import Pieces

P = ParamSpec("P")
R = TypeVar("R")
Progress = Callable[[int, int], None]

SCALARS: dict[str, tuple[Any, Any]] = {
    "f8": (ctypes.c_double, float),
    "f4": (ctypes.c_float, float),
    "i8": (ctypes.c_int64, int),
}
DTYPES = {name: np.dtype(name) for name in ("f4", "f8", "i8", "i4", "i2", "u1", "u4", "u8", "c8", "c16")}

_kernels: dict[str, dict[str, Kernel]] = {}  # by module, then by name
_lock = threading.RLock()
_engines: dict[str, Any] = {}  # llvmlite's, by module; they own the machine code, so they live on


def kernel(signature: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a loop a kernel.

    ``signature`` is numba's notation: ``"f8(f4[:,::1], f8[::1], i8)"``; arrays are C-ordered. The
    arguments are checked against it at every call, and the interpreter lock is free meanwhile.
    """

    def wrap(function: Callable[P, R]) -> Callable[P, R]:
        made = Kernel(function, signature)
        _shipped.sources_digest(made.module)  # of the source as it is now that it is imported
        _kernels.setdefault(made.module, {})[made.name] = made
        return cast("Callable[P, R]", made)

    return wrap


class Kernel:
    """A loop with its signature; machine code is linked at the first call."""

    def __init__(self, function: Callable[..., Any], signature: str) -> None:
        self.function = function
        self.signature = signature
        self.module = function.__module__.rpartition(".")[2]
        self.name = f"{self.module}.{function.__name__}"
        returns, _, inside = signature.rstrip(")").partition("(")
        self.returns = returns.strip()
        self.arguments = tuple(_split(inside))
        self._entry: Any = None
        functools.update_wrapper(self, function)

    def __call__(self, *values: Any) -> Any:
        """Run the machine code."""
        if self._entry is None:
            _link(self.module)
        flat: list[Any] = []
        if len(values) != len(self.arguments):
            raise TypeError(f"{self.name} takes {len(self.arguments)} arguments, got {len(values)}")
        for position, (kind, value) in enumerate(zip(self.arguments, values, strict=True)):
            if kind in SCALARS:
                flat.append(SCALARS[kind][1](value))
            else:
                self._flatten(position, kind, value, flat)
        answer = SCALARS[self.returns][0]() if self.returns in SCALARS else ctypes.c_void_p()
        failure = ctypes.c_void_p()
        if self._entry(ctypes.addressof(answer), ctypes.addressof(failure), *flat):
            raise RuntimeError(f"{self.name} failed")
        return answer.value if self.returns in SCALARS else None

    def _flatten(self, position: int, kind: str, value: Any, flat: list[Any]) -> None:
        """Append numba's array structure: meminfo, parent, size, item size, data, shape, strides."""
        dtype, axes = _array_of(kind)
        fits = isinstance(value, np.ndarray) and value.dtype == dtype and value.ndim == axes
        if not fits or not value.flags.c_contiguous:
            got = f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
            raise TypeError(f"{self.name}: argument {position} must be {kind}, got {got}")
        flat += [0, 0, value.size, value.itemsize, _address(value), *value.shape, *value.strides]

    def bind(self, address: int) -> None:
        """Take the machine code at ``address``."""
        types_: list[Any] = [ctypes.c_void_p, ctypes.c_void_p]
        for kind in self.arguments:
            if kind in SCALARS:
                types_.append(SCALARS[kind][0])
            else:
                _, axes = _array_of(kind)
                types_ += [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64]
                types_ += [ctypes.c_void_p, *[ctypes.c_int64] * (2 * axes)]
        self._entry = ctypes.CFUNCTYPE(ctypes.c_int32, *types_)(address)


@functools.cache
def _array_of(kind: str) -> tuple[np.dtype[Any], int]:
    """Type and number of axes of an array in numba's notation."""
    name, _, axes = kind.partition("[")
    return DTYPES[name], axes.count(":") - axes.count("::")


def _address(array: Any) -> int:
    """Where an array's values are; for most arrays three times as fast as numpy's own answer."""
    if array.flags.writeable and array.size:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))
    return int(array.ctypes.data)


def is_warm(*, everything: bool = False) -> bool:
    """Whether this machine already holds the kernels of this version, compiled; with ``everything`` those on demand, too."""
    return all(module in _engines or _store.is_stored(module) for module in _wanted(everything))


def has_to_lower(*, everything: bool = False) -> bool:
    """Whether what is shipped does not fit: numba then has to do its part here, too, which takes five times as long."""
    return any(_shipped.lowered(module) is None for module in _wanted(everything))


def warm_up(on_progress: Progress | None = None, *, everything: bool = False) -> None:
    """Compile what is not compiled yet and link it; ``on_progress(done, of)`` kernel by kernel.

    ``everything`` takes in the modules that are otherwise compiled on demand.

    A second process begins at the other end of the list, so that two cores share the work. Call it before
    forking workers: children inherit the linked code.
    """
    wanted = _wanted(everything)
    missing = _small_in_the_middle([m for m in wanted if m not in _engines and not _store.is_stored(m)])
    count, done = sum(len(_kernels[module]) for module in missing), 0
    second = _second_compiler(missing) if len(missing) > 1 else None
    try:
        for module in missing:
            _link(module)
            done += len(_kernels[module])
            if on_progress:
                on_progress(done, count)
    finally:
        if second is not None:
            second.kill()  # whatever it had in hand, this process has compiled meanwhile
            second.wait()
    for module in wanted:
        _link(module)


def compile_backwards(modules: list[str]) -> None:
    """Compile and store modules from the last to the first, passing over what is stored: the second process's part."""
    _import_all()
    for module in reversed(modules):
        if not _store.is_stored(module):
            _store.store(module, _compiled(module))


def cache_folder() -> Path | None:
    """Where the compiled kernels of this version are, if they are stored."""
    return _store.folder_of(_wanted(everything=False))


def _split(inside: str) -> list[str]:
    """Split at the commas that stand outside brackets."""
    parts, depth = [""], 0
    for letter in inside:
        depth += (letter == "[") - (letter == "]")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def _import_all() -> None:
    """Register every kernel of the package."""
    package = importlib.import_module(__package__ or "")
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"{__package__}.{module.name}")


def _wanted(everything: bool) -> list[str]:
    """Names of the modules of every master, or of all modules."""
    _import_all()
    modules = {
        name: sys.modules[f"{__package__}.{name}"]
        for name in _kernels
        if f"{__package__}.{name}" in sys.modules
    }
    return [name for name, module in modules.items() if everything or not getattr(module, "ON_DEMAND", False)]


def _small_in_the_middle(modules: list[str]) -> list[str]:
    """Order modules so that two processes that begin at the ends meet at small ones, which they may both compile."""
    here = Path(__file__).parent
    by_size = sorted(modules, key=lambda module: -(here / f"{module}.py").stat().st_size)
    return by_size[0::2] + by_size[1::2][::-1]


def _second_compiler(modules: list[str]) -> subprocess.Popen[bytes] | None:
    """Start `compile_backwards` in another process; None where that cannot be."""
    if (os.cpu_count() or 1) < 2 or not sys.executable:
        return None
    script = f"from masterify_core.kernels._jit import compile_backwards; compile_backwards({modules!r})"
    nowhere = subprocess.DEVNULL
    try:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", script], stdin=nowhere, stdout=nowhere, stderr=nowhere
        )
    except OSError:
        return None


def _compiled(module: str) -> Pieces:
    """Machine code of every kernel of a module, from what is shipped or, where that does not fit, from its source."""
    shipped = _shipped.lowered(module)
    if shipped is not None:
        with contextlib.suppress(RuntimeError):  # an LLVM of its own kind, which cannot read it
            return [(name, _machine.object_code(code)) for name, code in shipped]
    return [(name, _machine.object_code(code)) for name, code in lowered(module)]


def lowered(module: str) -> Pieces:
    """Every kernel of a module, lowered by numba from its source."""
    from masterify_core.kernels import _lower

    return [
        (made.name, _lower.lowered(made.name, made.function, made.signature))
        for made in _kernels[module].values()
    ]


def _link(module: str) -> None:
    """Link the kernels of a module, compiling first if there is no store."""
    with _lock:
        if module in _engines:
            return
        compiled = _store.stored(module)
        if compiled is None:
            compiled = _compiled(module)
            _store.store(module, compiled)
        _engines[module], addresses = _machine.linked(compiled)
        for name, address in addresses.items():
            _kernels[module][name].bind(address)
