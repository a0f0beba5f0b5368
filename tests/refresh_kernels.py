"""Lower the kernels anew where their sources have changed: ``python -m tests.refresh_kernels``."""

import platform
import zlib

import llvmlite
import numba

from masterify_core.kernels import _jit, _machine, _packing, _shipped


def made_by():
    """Whose work lowered kernels are: with the same, the same sources give the same bytes."""
    python = ".".join(platform.python_version_tuple()[:2])
    machine = f"{platform.system()} {platform.machine()}"
    return f"numba {numba.__version__}, llvmlite {llvmlite.__version__}, Python {python}, {machine}"


def file_of(module):
    """The bytes of a module's file, made from its source."""
    llvm = ".".join(map(str, _machine.llvm_version()))
    facts = {"sources": _shipped.sources_digest(module), "made_by": made_by(), "llvm": llvm}
    return zlib.compress(_packing.packed(_jit.lowered(module), **facts), 9)


def modules():
    """Every module of kernels."""
    return _jit._wanted(everything=True)


if __name__ == "__main__":
    _shipped.FOLDER.mkdir(exist_ok=True)
    for path in set(_shipped.FOLDER.iterdir()) - {_shipped.path_of(module) for module in modules()}:
        path.unlink()
        print(f"removed {path.name}")
    for module in modules():
        path, made = _shipped.path_of(module), file_of(module)
        if not path.exists() or path.read_bytes() != made:
            path.write_bytes(made)
            print(f"lowered {module}")
