"""Lowers kernels with numba to LLVM's code for no processor in particular, and makes sure that they keep the rules."""

from __future__ import annotations

import contextlib
import functools
import gc
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numba  # noqa: TID253 - this module is only imported to lower
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


def lowered(name: str, function: Callable[..., Any], signature: str) -> bytes:
    """Lower a kernel; answer its bitcode, with the kernel as the one symbol that can be seen, called ``name``.

    The same source gives the same bytes in every process: mangled names and local ones are dropped.

    Raises
    ------
    TypeError
        e.g. ``limiting.clip needs ['NRT_Allocate']: a kernel neither allocates nor raises``.
    """
    arguments, returns = sigutils.normalize_signature(signature)  # type: ignore[no-untyped-call]
    with _only_typed_and_lowered():
        dispatcher = numba.njit(**OPTIONS)(_for_numba(function))
        dispatcher.compile(arguments)
        result = dispatcher.overloads[arguments]
        if result.signature.return_type != returns:
            raise TypeError(f"{name} returns {result.signature.return_type}, not {returns}")
        with compiler_lock.global_compiler_lock:
            result.library._ensure_finalized()  # noqa: SLF001 - links the helpers in
    module = result.library._final_module  # noqa: SLF001
    _hide_all_but(result.fndesc.llvm_func_name, name, module)
    _tidy(module)
    outside = {f.name for f in module.functions if f.is_declaration and not f.name.startswith("llvm.")}
    if outside - LIBM:
        raise TypeError(f"{name} needs {sorted(outside - LIBM)}: a kernel neither allocates nor raises")
    text = str(module)
    if "inttoptr" in text or str(Path(numba.__file__).parent) in text:
        raise TypeError(
            f"{name} holds an address of this process or a path of this machine: it might raise an error that names one"
        )
    return bytes(module.as_bitcode())


def _hide_all_but(entry: str, name: str, module: Any) -> None:
    """Name the kernel, number its helpers and hide them, so that those inlined everywhere are dropped."""
    helpers = 0
    for function in module.functions:
        if function.name == entry:
            function.name = name
        elif not function.is_declaration:
            function.name, function.linkage = f"{name}.{helpers}", "internal"
            helpers += 1
    for variable in module.global_variables:
        if not variable.is_declaration:
            variable.linkage = "internal"


def _tidy(module: Any) -> None:
    """Simplify without regard to a processor: a tenth is left to ship and to read. What is done to loops comes later."""
    llvm.initialize_native_target()
    machine = llvm.Target.from_default_triple().create_target_machine(cpu="", features="")
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = (
        options.loop_interleaving
    ) = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    for function in module.functions:
        for argument in function.arguments:
            argument.name = ""
        for block in function.blocks:
            block.name = ""
            for instruction in block.instructions:
                if str(instruction.type) != "void":
                    instruction.name = ""


@contextlib.contextmanager
def _only_typed_and_lowered() -> Iterator[None]:
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
        yield
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
    dispatcher = numba.njit(**OPTIONS)(_for_numba(function))
    if hasattr(function, "__masterify_apart__"):
        dispatcher._compiler._customize_flags = _without_aliases  # noqa: SLF001 - the CPU's options have no name for it
    return dispatcher


def _without_aliases(flags: Any) -> Any:
    """Let numba tell LLVM that no array of a function overlaps another."""
    flags.noalias = True
    return flags


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
