"""Helpers marked `apart`: no array that one of them writes overlaps another, seen by running kernels as plain Python."""

import importlib
import itertools

import numpy as np
import pytest

from masterify_core import clicks, masking, peak_reduction, short_time
from masterify_core.audio import Audio
from masterify_core.kernels import _jit
from masterify_core.metering import loudness, spectrum

RATE = 1000


def kernels(name):
    """A module of kernels."""
    return importlib.import_module(f"masterify_core.kernels.{name}")


def marks(module):
    """The marked helpers that a module calls by name, each with the module that it is of."""
    marked = [value for value in vars(module).values() if hasattr(value, "__masterify_apart__")]
    return {f"{value.__module__.rpartition('.')[2]}.{value.__name__}" for value in marked}


MODULES = [kernels(name) for name in ("_fft", "_rows", *_jit._wanted(everything=True))]


def watched(helper, seen):
    """The helper, with a look at what it was given and what it changed."""

    def run(*values):
        arrays = [value for value in values if isinstance(value, np.ndarray)]
        shared = [pair for pair in itertools.combinations(arrays, 2) if np.may_share_memory(*pair)]
        before = [(one.copy(), other.copy()) for one, other in shared]
        answer = helper(*values)
        for (one, other), (was, other_was) in zip(shared, before, strict=True):
            unchanged = np.array_equal(one, was, equal_nan=True) and np.array_equal(
                other, other_was, equal_nan=True
            )
            assert unchanged, f"{helper.__name__} writes what it reads as another array"
        seen.add(f"{helper.__module__.rpartition('.')[2]}.{helper.__name__}")
        return answer

    return run


@pytest.fixture
def seen(monkeypatch):
    """Names of the helpers that were called; kernels run as plain Python meanwhile."""
    names = set()
    for module in MODULES:
        for name, value in vars(module).copy().items():
            if getattr(value, "__masterify_apart__", False):
                monkeypatch.setattr(module, name, watched(value, names))
            elif isinstance(value, _jit.Kernel):
                monkeypatch.setattr(module, name, value.function)
    return names


def sound(channels, frames):
    return (0.3 * np.random.default_rng(frames).standard_normal((channels, frames))).astype(np.float32)


def shortened(channels):
    x = sound(channels, 1200)
    short_time.band_powers(x, RATE, short_time.band_edges(RATE))
    short_time.change(x, RATE, np.full((short_time.frame_count(1200, RATE), 9), 3.0))


def masked(channels):
    masking.clip(sound(channels, 100), np.ones(13, np.float32), 0.3, 8000)


def convolved(channels):
    work, turned, turn = (np.ones((2, 8, 8), np.float32) for _ in range(3))
    roots = np.ones((2, 8), np.float32)
    kernels("convolve").spectrum(work[0], work[1], turn, roots, roots, turned[0], turned[1])
    h = np.ones((1, 2, 8, 8), np.float32)
    for mid_side, x in enumerate((sound(channels, 90), sound(2, 90))):
        kernels("convolve").convolve(x, mid_side, h, 9, turn, roots, roots, work, turned, np.zeros_like(x))


def mended(channels):
    x = 0.01 * sound(channels, 2300)
    x[0, 1000] = 1.0
    clicks.find(x[0], 8000)
    clicks.mend(x[0], np.array([[1000, 1]]))


def weighed(channels):
    loudness.energies(sound(channels, 1300), RATE)


def compressed(channels):
    x, widths, context = sound(channels, 40), np.array([[9, 11, 13], [3, 3, 5]]), 15
    size = 2 * kernels("dynamics").CHUNK
    window, (once, twice), lows = np.zeros(size + 60), np.empty((2, size + 122)), np.empty((2, size + 60))
    kernels("dynamics").band_energies(x, widths, context, window, once, twice, lows, np.empty((3, 2)))
    kernels("dynamics").apply_gains(
        x, widths, context, np.ones((3, 3), np.float32), window, once, twice, lows, x
    )


def limited(channels):
    x, phases = sound(channels, 100), np.ones((4, kernels("limiting").CLIP_TAPS), np.float32)
    peak_reduction.apply(x, np.full(13, 0.2, np.float32))
    window, points = np.empty((channels, 160), np.float32), np.empty(8, np.float32)
    kernels("limiting").clip(x, np.full(13, 9.0, np.float32), phases, phases, 0.2, window, points)


def unpacked(channels):
    kernels("convert").unpack_24(np.zeros(16, np.uint32), 10, np.zeros((channels, 12), np.float32), 1)
    kernels("convert").unpack_24(np.zeros(16, np.uint32), 10, np.zeros((2, 12), np.float32), 1)


def banded(channels):
    spectrum.measure_spectra(Audio(sound(channels, 300), 8000))


def quantised(channels):
    words, errors = np.empty((channels, 1024)), np.zeros((channels, 1025))
    for shape in (np.zeros(0), np.ones(1)):
        kernels("noise").quantise(
            sound(channels, 50), 0, 1.0, 16, 1.0, 1, shape, errors, words, np.zeros((50, channels), np.int32)
        )
    kernels("noise")._interleave_two(words[0], words[-1].copy(), 1.0, -1.0, 1.0, np.zeros((50, 2), np.int32))


JOBS = {
    "short_time": shortened, "masking": masked, "convolve": convolved, "clicks": mended, "loudness": weighed,
    "dynamics": compressed, "limiting": limited, "convert": unpacked, "noise": quantised, "spectra": banded,
}  # fmt: skip


MARKED = {name: marks(kernels(name)) for name in JOBS}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("module", JOBS)
def test_what_is_written_overlaps_nothing_else(seen, module, channels):
    JOBS[module](channels)
    assert MARKED[module] <= seen


def test_no_other_module_has_such_helpers():
    looked_at = {*map(kernels, JOBS), kernels("_fft"), kernels("_rows")}
    assert {module for module in MODULES if marks(module)} <= looked_at


def test_a_wrong_mark_would_be_seen():
    def twice(source, target):
        target += source

    row = np.ones(4)
    with pytest.raises(AssertionError, match="twice writes what it reads"):
        watched(twice, set())(row, row)
