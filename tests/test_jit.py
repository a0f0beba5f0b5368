"""Kernels, shipped lowered and stored compiled: what is checked, kept, read again and refused."""

import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np
import pytest

from masterify_core.kernels import _jit, _lower, _machine, _packing, _shipped, _store, filtering
from tests import refresh_kernels

# One small module, so that compiling takes a moment only.
CODE = """
import sys
import numpy as np
from masterify_core.kernels import _jit, filtering
made = []
compiled = _jit._compiled
_jit._compiled = lambda module: (made.append(module), compiled(module))[1]
x = np.arange(6, dtype=np.float32).reshape(2, 3)
filtering.section(x, np.array([2.0, 1.0, 0.0, 0.5, 0.0]), np.zeros(2))
assert _jit.has_to_lower() or "numba" not in sys.modules
print(x.tolist(), "compiled" if made else "linked")
"""


def runs(cache, at_once=1):
    """What each of some processes answers, and whether it compiled or linked what was stored."""
    environment = {**os.environ, "MASTERIFY_CACHE_DIR": str(cache)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", CODE],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(at_once)
    ]
    said = [process.communicate(timeout=120) for process in processes]
    assert not any(errors for _, errors in said), said
    return [tuple(out.strip().rsplit(" ", 1)) for out, _ in said]


def how_it_ran(cache):
    ((_, how),) = runs(cache)
    return how


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A cache folder that two processes have filled at once."""
    folder = tmp_path_factory.mktemp("cache") / "made" / "on the way"
    one, other = runs(folder, at_once=2)
    assert one[0] == other[0]
    return folder


@pytest.fixture
def own(filled, tmp_path, monkeypatch):
    """A copy of the filled folder that this process looks into, too."""
    folder = tmp_path / "cache"
    shutil.copytree(filled, folder)
    monkeypatch.setenv("MASTERIFY_CACHE_DIR", str(folder))
    return folder


def only_file(folder):
    (path,) = folder.iterdir()
    return path


def test_a_kernel_answers_right_once_it_is_compiled(filled):
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    filtering.section(x, np.array([2.0, 1.0, 0.0, 0.5, 0.0]), np.zeros(2))
    assert runs(filled) == [(str(x.tolist()), "linked")]


def test_two_runs_at_once_leave_one_whole_file(filled):
    assert only_file(filled).suffix == ".kernels"
    assert only_file(filled).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: whole[:10],
        lambda whole: whole[:-1],
        lambda whole: whole[:-7] + bytes([whole[-7] ^ 1]) + whole[-6:],
        lambda whole: whole + b"\0",
        lambda whole: b"another " + whole,
    ],
    ids=["empty", "head", "truncated", "bit", "longer", "magic"],
)
def test_a_damaged_file_is_not_read(own, damage):
    path = only_file(own)
    assert _store.stored("filtering")
    path.write_bytes(damage(path.read_bytes()))
    assert not _store.stored("filtering")


def test_a_damaged_file_is_compiled_anew_and_replaced(own):
    path = only_file(own)
    path.write_bytes(path.read_bytes()[:-100])
    assert how_it_ran(own) == "compiled"
    assert _store.stored("filtering")


@pytest.mark.skipif(os.name != "posix", reason="about owners and their rights")
@pytest.mark.parametrize("mode", [0o666, 0o620], ids=["all", "group"])
def test_machine_code_that_others_may_write_is_not_read(own, mode):
    only_file(own).chmod(mode)
    assert not _store.stored("filtering")


@pytest.mark.skipif(os.name != "posix", reason="about owners and their rights")
def test_a_folder_that_others_may_write_is_neither_read_nor_filled(own):
    own.chmod(0o777)
    assert not _store.stored("filtering")
    only_file(own).unlink()
    assert how_it_ran(own) == "compiled"
    assert not list(own.iterdir())


def test_a_folder_that_can_only_be_read_serves(own):
    own.chmod(0o500)
    try:
        assert how_it_ran(own) == "linked"
    finally:
        own.chmod(0o700)


def test_without_a_place_to_write_everything_still_works(tmp_path):
    file = tmp_path / "in the way"
    file.write_text("")
    assert how_it_ran(file / "cache") == "compiled"


def test_digests_hold_everything_that_a_module_imports_from_its_folder(tmp_path, monkeypatch):
    assert {"short_time", "_fft", "_marks", "_lower"} <= set(_shipped.shaping("short_time"))
    for path in Path(_shipped.HERE).glob("*.py"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(_shipped, "HERE", tmp_path)
    monkeypatch.setattr(
        _shipped, "_source", lambda name: (tmp_path / f"{name}.py").read_text(encoding="utf-8")
    )
    digest, name = _shipped.sources_digest.__wrapped__, _store.file_name.__wrapped__
    monkeypatch.setattr(_shipped, "sources_digest", digest)
    for module in ("short_time", "_fft", "_marks", "_lower"):
        before = digest("short_time"), name("short_time")
        with (tmp_path / f"{module}.py").open("a", encoding="utf-8") as file:
            file.write("# changed\n")
        assert digest("short_time") != before[0]
        assert name("short_time") != before[1]
    assert digest("filtering") != digest("loudness")


def test_a_process_keeps_to_the_sources_that_it_imported(tmp_path):
    code = """
import shutil, sys
from pathlib import Path
import masterify_core
from masterify_core.kernels import _jit, _shipped, filtering
before = _shipped.sources_digest("filtering")
source = Path(filtering.__file__)
source.write_text(source.read_text(encoding="utf-8") + "# a later version", encoding="utf-8")
assert _shipped.sources_digest("filtering") == before
"""
    package = Path(_shipped.HERE).parents[1]
    for name in ("masterify_core",):
        shutil.copytree(package / name, tmp_path / name)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=tmp_path)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((2, 3)), r"filtering.section: argument 0 must be f4\[:,::1\], got float64 \(2, 3\)"),
        (np.zeros(3, np.float32), r"argument 0 must be f4\[:,::1\], got float32 \(3,\)"),
        (np.zeros((3, 2), np.float32).T, r"argument 0 must be f4\[:,::1\], got float32 \(2, 3\)"),
        ([[0.0]], r"argument 0 must be f4\[:,::1\], got list"),
    ],
    ids=["type", "axes", "order", "list"],
)
def test_a_wrong_array_is_refused_by_name(wrong, message):
    with pytest.raises(TypeError, match=message):
        filtering.section(wrong, np.zeros(5), np.zeros(2))


def test_a_wrong_count_of_arguments_is_refused():
    with pytest.raises(TypeError, match=r"filtering.section takes 3 arguments, got 1"):
        filtering.section(np.zeros((1, 1), np.float32))


def test_progress_counts_every_kernel_or_there_is_nothing_to_do():
    said = []
    _jit.warm_up(lambda done, of: said.append((done, of)))
    assert said == sorted(said)
    assert not said or said[-1][0] == said[-1][1]
    assert _jit.is_warm()


def allocates(x):
    return np.zeros(x.shape[0])[0]


def answers_another_type(x):
    return x.shape[0]


@pytest.mark.parametrize("function", [allocates, answers_another_type])
def test_a_kernel_that_breaks_the_rules_is_not_lowered(function):
    with pytest.raises(Exception, match=r"(?i)NRT|alloc|returns int64, not float64"):
        _lower.lowered("test", function, "f8(f8[::1])")


def test_what_only_some_masters_need_is_left_to_its_first_use(monkeypatch):
    usual = _jit._wanted(everything=False)
    monkeypatch.setattr(filtering, "ON_DEMAND", True, raising=False)
    assert set(usual) - set(_jit._wanted(everything=False)) == {"filtering"}
    assert "filtering" in _jit._wanted(everything=True)


def test_the_compiler_is_left_as_it_was():
    _lower.lowered("test", lambda x: x[0] + 1.0, "f8(f8[::1])")
    assert _lower.numba.njit("f8(f8[::1])")(lambda x: x[0] + 1.0)(np.ones(1)) == 2.0


MODULES = refresh_kernels.modules()


@pytest.mark.parametrize("module", MODULES)
def test_shipped_kernels_are_made_of_these_sources(module):
    path = _shipped.path_of(module)
    said = "run: python -m tests.refresh_kernels"
    assert path.exists(), said
    _, facts = _packing.unpacked(zlib.decompress(path.read_bytes()))
    assert facts["sources"] == _shipped.sources_digest(module), said
    if facts["made_by"] != refresh_kernels.made_by():
        pytest.skip(f"made by {facts['made_by']}: other tools may give other bytes")
    assert path.read_bytes() == refresh_kernels.file_of(module), said


def test_nothing_else_is_shipped():
    assert {path.name for path in _shipped.FOLDER.iterdir()} == {_shipped.path_of(m).name for m in MODULES}


@pytest.mark.parametrize("module", MODULES)
def test_shipped_kernels_are_for_no_processor_in_particular(module):
    for name, code in _shipped.lowered(module) or pytest.skip("not for this machine"):
        read = llvm.parse_bitcode(code)
        assert [f.name for f in read.functions if not f.is_declaration and f.linkage.name == "external"] == [
            name
        ]
        declared = {f.name for f in read.functions if f.is_declaration}
        assert not [
            d
            for d in declared - _lower.LIBM
            if not d.startswith("llvm.") or d.startswith(("llvm.x86", "llvm.aarch"))
        ]
        assert "target-cpu" not in str(read)
        assert "target-features" not in str(read)


@pytest.fixture
def shipped_here(tmp_path, monkeypatch):
    """A folder of shipped kernels that a test may change."""
    shutil.copytree(_shipped.FOLDER, tmp_path / "lowered")
    monkeypatch.setattr(_shipped, "FOLDER", tmp_path / "lowered")
    return tmp_path / "lowered"


def rewritten(module, **changes):
    """The shipped file of a module with other facts."""
    path = _shipped.path_of(module)
    pieces, facts = _packing.unpacked(zlib.decompress(path.read_bytes()))
    path.write_bytes(zlib.compress(_packing.packed(pieces, **{**facts, **changes})))


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.unlink(),
        lambda path: rewritten("filtering", sources="0" * 64),
        lambda path: rewritten("filtering", llvm="99.0.0"),
        lambda path: path.write_bytes(zlib.compress(zlib.decompress(path.read_bytes())[:-1])),
        lambda path: path.write_bytes(b"another"),
    ],
    ids=["missing", "older source", "later LLVM", "damaged", "not compressed"],
)
def test_what_does_not_fit_is_lowered_from_its_source(shipped_here, change):
    if not _shipped.lowered("filtering"):
        pytest.skip("what is shipped does not fit this LLVM")
    change(_shipped.path_of("filtering"))
    assert _shipped.lowered("filtering") is None
    _engine, addresses = _machine.linked(_jit._compiled("filtering"))
    twin = _jit.Kernel(filtering.section.function, filtering.section.signature)
    twin.bind(addresses["filtering.section"])
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    y = x.copy()
    twin(x, np.array([2.0, 1.0, 0.0, 0.5, 0.0]), np.zeros(2))
    filtering.section(y, np.array([2.0, 1.0, 0.0, 0.5, 0.0]), np.zeros(2))
    np.testing.assert_array_equal(x, y)


def test_the_store_depends_on_what_is_shipped(shipped_here):
    before = _store.file_name("filtering")
    rewritten("filtering", made_by="another")
    _store.file_name.cache_clear()
    try:
        assert _store.file_name("filtering") != before
    finally:
        _store.file_name.cache_clear()
