"""The shape of the project: floors, twins, and what may not be imported before it is needed."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli import write_song

ROOT = Path(__file__).parents[1]
KERNELS = sorted(p for p in (ROOT / "masterify_core" / "kernels").glob("*.py") if not p.name.startswith("_"))
COMPILERS = {"llvmlite", "numba"}
SLOW_TO_IMPORT = {"av", "numba", "pyloudnorm", "scipy", "soxr"}
EDGES_WAIT_FOR = SLOW_TO_IMPORT | {"masterify_core.mastering", "mutagen", "numpy", "soundfile"}
LONGEST_FILE_LINES = 300


def modules_after(statement: str) -> set[str]:
    """Names in sys.modules of a fresh interpreter after one statement."""
    code = f"import sys, json; {statement}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(json.loads(done.stdout.splitlines()[-1]))


def functions_of(path: Path) -> dict[str, ast.FunctionDef]:
    return {
        n.name: n for n in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(n, ast.FunctionDef)
    }


def kernels_of(path: Path) -> set[str]:
    """Functions under the decorator ``@kernel(...)``."""
    return {
        name
        for name, function in functions_of(path).items()
        for mark in function.decorator_list
        if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "kernel"
    }


def test_every_import_goes_down_the_floors():
    pytest.importorskip("importlinter")
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.stem)
def test_every_kernel_has_a_slow_twin(path):
    twins = ROOT / "tests" / "oracles" / f"naive_{path.stem}.py"
    missing = kernels_of(path) - set(functions_of(twins)) if twins.exists() else kernels_of(path)
    assert not missing, f"tests/oracles/{twins.name} lacks {sorted(missing)}"


def test_there_are_kernels_to_look_at():
    assert sum(len(kernels_of(path)) for path in KERNELS) > 5


def test_the_command_line_imports_nothing_slow_before_a_command_runs():
    assert not modules_after("import masterify_cli.app; masterify_cli.app._app('')") & EDGES_WAIT_FOR


def test_the_engine_imports_nothing_slow_before_it_is_needed():
    assert not modules_after("import masterify_core.mastering") & (SLOW_TO_IMPORT | COMPILERS)


def test_mastering_needs_no_masked_arrays(tmp_path):
    write_song(tmp_path / "song.wav")
    arguments = ["master", str(tmp_path / "song.wav"), "--quiet", "-o", str(tmp_path)]
    known = modules_after(f"from masterify_cli.app import main; main({arguments})")
    assert "masterify_core.mastering" in known
    assert "numpy.ma" not in known


def test_the_engine_does_not_know_its_edges():
    known = modules_after("import masterify_core.mastering")
    assert not {
        name for name in known if name.startswith(("masterify_cli", "masterify_server", "typer", "rich"))
    }


@pytest.mark.parametrize("folder", ["masterify_core", "masterify_cli", "masterify_server"])
def test_one_idea_a_file(folder):
    lengths = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in (ROOT / folder).rglob("*.py")}
    too_long = {str(p.relative_to(ROOT)): lines for p, lines in lengths.items() if lines > LONGEST_FILE_LINES}
    assert not too_long, f"split by idea: {too_long}"
