"""Compiles kernels with numba, and makes sure that they keep the rules."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numba  # noqa: TID253 - this module is only imported to compile
from numba.core import sigutils  # noqa: TID253

# No nnan and ninf: kernels test for NaN and infinity.
FAST_MATH = {"contract", "reassoc", "nsz", "arcp"}
# No NRT (numba's reference counting): slices of arrays are then free, and allocation cannot compile.
OPTIONS: dict[str, Any] = {
    "nogil": True, "error_model": "numpy", "fastmath": FAST_MATH, "_nrt": False,
    "no_cfunc_wrapper": True, "no_cpython_wrapper": True, "no_rewrites": True,  # nothing here that needs them; a third faster
}  # fmt: skip
LIBM = {
    "cos", "cosf", "exp", "exp2", "exp2f", "expf", "floor", "floorf", "fmod", "log", "log10", "log10f", "log1p", "log2", "log2f",
    "logf", "memcpy", "memmove", "memset", "pow", "powf", "sin", "sinf", "sqrt", "sqrtf", "tan", "tanh",
}  # fmt: skip


def compiled(name: str, function: Callable[..., Any], signature: str) -> tuple[str, str, bytes]:
    """Compile a kernel; answer its name, its symbol and its object code.

    Raises
    ------
    TypeError
        e.g. ``limiting.clip needs ['NRT_Allocate']: a kernel neither allocates nor raises``.
    """
    arguments, returns = sigutils.normalize_signature(signature)  # type: ignore[no-untyped-call]
    dispatcher = numba.njit(**OPTIONS)(_for_numba(function))
    dispatcher.compile(arguments)
    result = dispatcher.overloads[arguments]
    if result.signature.return_type != returns:
        raise TypeError(f"{name} returns {result.signature.return_type}, not {returns}")
    library = result.library
    module = llvm.parse_assembly(library.get_llvm_str())
    outside = {f.name for f in module.functions if f.is_declaration and not f.name.startswith("llvm.")}
    if outside - LIBM:
        raise TypeError(f"{name} needs {sorted(outside - LIBM)}: a kernel neither allocates nor raises")
    return name, result.fndesc.llvm_func_name, bytes(library._get_compiled_object())  # noqa: SLF001


@functools.cache
def _helper(function: Callable[..., Any]) -> Any:
    """The compiler's form of a helper, one for all kernels that call it."""
    return numba.njit(**OPTIONS)(_for_numba(function))


def _for_numba(function: Callable[..., Any]) -> Any:
    """The function with those of its globals that are helpers made callable for numba."""
    known: dict[str, Any] = {}
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if getattr(value, "__masterify_inlined__", False):
            known[name] = _helper(value)
        elif value is not None:
            known[name] = value
    copy = types.FunctionType(function.__code__, known, function.__name__, function.__defaults__)
    copy.__module__ = function.__module__
    copy.__qualname__ = function.__qualname__
    return copy
