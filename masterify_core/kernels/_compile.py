"""Compiles kernels with numba, and makes sure that they keep the rules."""

from __future__ import annotations

import contextlib
import functools
import gc
import types
from collections.abc import Callable, Iterator
from typing import Any

import numba  # noqa: TID253 - this module is only imported to compile
from numba import _dynfunc  # type: ignore[attr-defined]  # noqa: TID253
from numba.core import compiler_lock, sigutils  # noqa: TID253
from numba.core.codegen import JITCodeLibrary  # noqa: TID253
from numba.core.registry import cpu_target  # noqa: TID253

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
    with _only_typed_and_lowered() as codegen:
        dispatcher = numba.njit(**OPTIONS)(_for_numba(function))
        dispatcher.compile(arguments)
        result = dispatcher.overloads[arguments]
        if result.signature.return_type != returns:
            raise TypeError(f"{name} returns {result.signature.return_type}, not {returns}")
        with compiler_lock.global_compiler_lock:
            result.library._ensure_finalized()  # noqa: SLF001 - links the helpers in
        module, entry = result.library._final_module, result.fndesc.llvm_func_name  # noqa: SLF001
        for each in module.functions:
            if not each.is_declaration and each.name != entry:
                each.linkage = "internal"  # so that what was inlined everywhere is dropped
        passes, builder = codegen._module_pass_manager()  # noqa: SLF001
        passes.run(module, builder)
    outside = {f.name for f in module.functions if f.is_declaration and not f.name.startswith("llvm.")}
    if outside - LIBM:
        raise TypeError(f"{name} needs {sorted(outside - LIBM)}: a kernel neither allocates nor raises")
    return name, entry, bytes(codegen._tm.emit_object(module))  # noqa: SLF001


@contextlib.contextmanager
def _only_typed_and_lowered() -> Iterator[Any]:
    """Let numba stop before it optimises and links into this process, which it would do for each helper, too.

    Nothing runs here: helpers are optimised once, inside the kernels that call them. The collector of
    garbage rests meanwhile. Together a quarter of the time.
    """
    context = cpu_target.target_context
    codegen = context.codegen()
    usual, collects = codegen._library_class, gc.isenabled()  # noqa: SLF001
    codegen._library_class, context.get_executable = _Lowered, _placeholder  # noqa: SLF001
    gc.disable()
    try:
        yield codegen
    finally:
        codegen._library_class = usual  # noqa: SLF001
        del context.get_executable
        if collects:
            gc.enable()


class _Lowered(JITCodeLibrary):
    """A function and its helpers, lowered to LLVM and linked, nothing else."""

    def _optimize_functions(self, module: Any) -> None:
        module.data_layout = self._codegen._data_layout  # noqa: SLF001

    def _optimize_final_module(self) -> None:
        """Leave it to the kernel's own pass."""

    def _finalize_final_module(self) -> None:
        self._finalized = True


def _placeholder(library: Any, description: Any, environment: Any) -> Any:
    """Answer what numba keeps as the function's entry point; it is never called."""
    make: Any = _dynfunc.make_function
    return make(description.lookup_module(), description.qualname, "", 0, environment, (library,))


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
