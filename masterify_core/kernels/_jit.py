"""The one decorator of every kernel, and the store of machine code that makes start-up instant.

Numba compiles each kernel once per machine. Numba's own cache still costs 0.6 to 1.2 s of start-up,
because reading it imports the whole compiler. Here the compiled objects of each kernel module are kept
in one file and linked by llvmlite alone (a few ms); numba is imported only to compile.

A kernel therefore follows three rules, checked when it is compiled: it allocates nothing (scratch is
an argument), it raises nothing, and it calls nothing but kernels of its own module, ``@inlined`` helpers
(of its own module, or of one whose name begins with ``_``) and libm.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib
import json
import os
import pkgutil
import stat
import sys
import tempfile
import threading
import types
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")
Progress = Callable[[int, int], None]

# No nnan and ninf: kernels test for NaN and infinity.
FAST_MATH = {"contract", "reassoc", "nsz", "arcp"}
# No NRT (numba's reference counting): slices of arrays are then free, and allocation cannot compile.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": FAST_MATH, "_nrt": False}
LIBM = {
    "cos", "cosf", "exp", "exp2", "exp2f", "expf", "floor", "floorf", "fmod", "log", "log10", "log10f", "log1p", "log2", "log2f",
    "logf", "memcpy", "memmove", "memset", "pow", "powf", "sin", "sinf", "sqrt", "sqrtf", "tan", "tanh",
}  # fmt: skip
SCALARS: dict[str, tuple[Any, Any]] = {
    "f8": (ctypes.c_double, float),
    "f4": (ctypes.c_float, float),
    "i8": (ctypes.c_int64, int),
}
DTYPES = {name: np.dtype(name) for name in ("f4", "f8", "i8", "i4", "i2", "u1", "u4", "u8", "c8", "c16")}
MAGIC = b"masterify kernels 1\n"

_kernels: dict[str, dict[str, Kernel]] = {}  # by module, then by name
_lock = threading.RLock()
_engines: dict[str, Any] = {}  # llvmlite's, by module; they own the machine code, so they live on
_on_compile: Callable[[], None] | None = None


def kernel(signature: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a loop a kernel.

    ``signature`` is numba's notation: ``"f8(f4[:,::1], f8[::1], i8)"``; arrays are C-ordered. The
    arguments are checked against it at every call, and the interpreter lock is free meanwhile.
    """

    def wrap(function: Callable[P, R]) -> Callable[P, R]:
        made = Kernel(function, signature)
        _kernels.setdefault(made.module, {})[made.name] = made
        return cast("Callable[P, R]", made)

    return wrap


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a helper that kernels may call; from Python it is the plain function."""
    function.__masterify_inlined__ = True  # type: ignore[attr-defined]
    return function


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
        name, _, axes = kind.partition("[")
        dimensions = axes.count(":") - axes.count("::")
        fits = (
            isinstance(value, np.ndarray)
            and value.dtype == DTYPES[name]
            and value.ndim == dimensions
            and value.flags.c_contiguous
        )
        if not fits:
            got = f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
            raise TypeError(f"{self.name}: argument {position} must be {kind}, got {got}")
        flat += [0, 0, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides]

    def bind(self, address: int) -> None:
        """Take the machine code at ``address``."""
        types_: list[Any] = [ctypes.c_void_p, ctypes.c_void_p]
        for kind in self.arguments:
            if kind in SCALARS:
                types_.append(SCALARS[kind][0])
            else:
                axes = kind.count(":") - kind.count("::")
                types_ += [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64]
                types_ += [ctypes.c_void_p, *[ctypes.c_int64] * (2 * axes)]
        self._entry = ctypes.CFUNCTYPE(ctypes.c_int32, *types_)(address)


def is_warm() -> bool:
    """Whether this machine already holds every kernel of this version, compiled."""
    _import_all()
    return all(module in _engines or _stored(module) for module in _kernels)


def warm_up(on_progress: Progress | None = None) -> None:
    """Compile what is not compiled yet and link it; ``on_progress(done, of)`` kernel by kernel.

    Call it before forking workers: children inherit the linked code.
    """
    global _on_compile
    _import_all()
    missing = [module for module in _kernels if module not in _engines and not _stored(module)]
    count, done = sum(len(_kernels[module]) for module in missing), 0

    def one_more() -> None:
        nonlocal done
        done += 1
        if on_progress:
            on_progress(done, count)

    with _lock:
        _on_compile = one_more
        try:
            for module in list(_kernels):
                _link(module)
        finally:
            _on_compile = None


def cache_folder() -> Path | None:
    """Where the compiled kernels of this version are, if they are stored."""
    _import_all()
    return next((d for d in _folders() if all(_read(d / _file_name(m)) for m in _kernels)), None)


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


@functools.cache
def _file_name(module: str) -> str:
    """Name of a module's store: changes with its source, the compiler and the processor."""
    import llvmlite.binding as llvm

    digest = hashlib.sha256()
    here = Path(__file__).parent
    for source in [*sorted(here.glob("_*.py")), here / f"{module}.py"]:
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    features = llvm.get_host_cpu_features().flatten()
    for fact in (version("numba"), version("llvmlite"), sys.version, llvm.get_host_cpu_name(), features):
        digest.update(b"\0" + fact.encode())
    return f"{module}-{digest.hexdigest()[:24]}.kernels"


def _folders() -> list[Path]:
    """Where the store may be, best first; the last serves where no home can be written."""
    chosen = os.environ.get("MASTERIFY_CACHE_DIR")
    if chosen:
        return [Path(chosen)]
    from platformdirs import user_cache_path

    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    return [user_cache_path("masterify", False), Path(tempfile.gettempdir(), f"masterify-{user}")]


def _is_ours(path: Path) -> bool:
    """Whether nobody else could have written here: machine code is only read from one's own files."""
    if not hasattr(os, "getuid"):
        return True
    about = path.stat()
    return about.st_uid in (os.getuid(), 0) and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _read(path: Path) -> list[tuple[str, str, bytes]] | None:
    """Kernel name, symbol and object of each kernel in a store; None if absent, foreign or damaged."""
    try:
        if not (_is_ours(path.parent) and _is_ours(path)):
            return None
        whole = path.read_bytes()
    except OSError:
        return None
    head, body = whole[: len(MAGIC) + 32], whole[len(MAGIC) + 32 :]
    if head != MAGIC + hashlib.sha256(body).digest():
        return None
    table, _, objects = body.partition(b"\n")
    found, at = [], 0
    for name, symbol, size in json.loads(table):
        found.append((name, symbol, objects[at : at + size]))
        at += size
    return found


def _stored(module: str) -> list[tuple[str, str, bytes]] | None:
    """The module's compiled kernels from the first folder that has them."""
    return next(filter(None, (_read(d / _file_name(module)) for d in _folders())), None)


def _write(module: str, compiled: list[tuple[str, str, bytes]]) -> None:
    """Store what was compiled in the first folder that can be written; whole or not at all."""
    table = json.dumps([[name, symbol, len(code)] for name, symbol, code in compiled]).encode()
    body = table + b"\n" + b"".join(code for _, _, code in compiled)
    whole = MAGIC + hashlib.sha256(body).digest() + body
    for folder in _folders():
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not _is_ours(folder):
                continue
            handle, part = tempfile.mkstemp(dir=folder, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(whole)
                # Two runs at once: the last one wins, and both are right.
                Path(part).replace(folder / _file_name(module))
            except BaseException:
                Path(part).unlink(missing_ok=True)
                raise
        except OSError:
            continue
        return


def _link(module: str) -> None:
    """Link the kernels of a module, compiling first if there is no store."""
    with _lock:
        if module in _engines:
            return
        compiled = _stored(module)
        if compiled is None:
            compiled = []
            for made in _kernels[module].values():
                compiled.append(_compile(made))
                if _on_compile:
                    _on_compile()
            _write(module, compiled)
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        for _, _, code in compiled:
            engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        _engines[module] = engine
        for name, symbol, _ in compiled:
            _kernels[module][name].bind(engine.get_function_address(symbol))


def _compile(made: Kernel) -> tuple[str, str, bytes]:
    """Compile one kernel with numba and take its object code."""
    import llvmlite.binding as llvm
    import numba
    from numba.core import sigutils

    arguments, returns = sigutils.normalize_signature(made.signature)  # type: ignore[no-untyped-call]
    dispatcher = numba.njit(**_OPTIONS, no_cfunc_wrapper=True, no_cpython_wrapper=True)(  # type: ignore[call-overload]
        _for_numba(made.function)
    )
    dispatcher.compile(arguments)
    result = dispatcher.overloads[arguments]
    if result.signature.return_type != returns:
        raise TypeError(f"{made.name} returns {result.signature.return_type}, not {returns}")
    library = result.library
    module = llvm.parse_assembly(library.get_llvm_str())
    outside = {f.name for f in module.functions if f.is_declaration and not f.name.startswith("llvm.")}
    if outside - LIBM:
        raise TypeError(f"{made.name} needs {sorted(outside - LIBM)}: a kernel neither allocates nor raises")
    return made.name, result.fndesc.llvm_func_name, bytes(library._get_compiled_object())  # noqa: SLF001


@functools.cache
def _for_numba(function: Callable[..., Any]) -> Any:
    """The function with those of its globals that are kernels or helpers made callable for numba."""
    import numba

    known: dict[str, Any] = {}
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if isinstance(value, Kernel):
            value = value.function
        elif not getattr(value, "__masterify_inlined__", False):
            if value is not None:
                known[name] = value
            continue
        known[name] = numba.njit(**_OPTIONS)(_for_numba(value))
    copy = types.FunctionType(function.__code__, known, function.__name__, function.__defaults__)
    copy.__module__ = function.__module__
    copy.__qualname__ = function.__qualname__
    return copy
