"""From lowered kernels to the machine code of this processor, and from that to addresses: llvmlite alone, without numba."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from masterify_core.kernels._packing import Pieces


def facts() -> Iterator[str]:
    """What machine code depends on beside the kernels: the processor and the optimiser."""
    import llvmlite
    import llvmlite.binding as llvm

    yield from (llvmlite.__version__, llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())


def llvm_version() -> tuple[int, ...]:
    """Which LLVM this is, e.g. (22, 1, 0)."""
    import llvmlite.binding as llvm

    return tuple(llvm.llvm_version_info)


def object_code(lowered: bytes) -> bytes:
    """Optimise a lowered kernel for this processor; answer its object file."""
    import llvmlite.binding as llvm

    machine = _machine()
    module = llvm.parse_bitcode(lowered)
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = True
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return bytes(machine.emit_object(module))


def linked(pieces: Pieces) -> tuple[Any, dict[str, int]]:
    """Link object files; answer who owns the code, to be kept, and the address of each kernel."""
    import llvmlite.binding as llvm

    _initialise()
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    for _, code in pieces:
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine, {name: engine.get_function_address(name) for name, _ in pieces}


@functools.cache
def _machine() -> Any:
    """Make code for this processor, with everything that it can."""
    import llvmlite.binding as llvm

    _initialise()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        reloc="static" if target.name.startswith("x86") else "default",
        codemodel="jitdefault",
        jit=True,
    )


@functools.cache
def _initialise() -> None:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
