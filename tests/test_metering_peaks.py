"""The true-peak meter: exact in spite of its shortcuts, on music-like and on hostile signals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.audio import Audio
from masterify_core.kernels import truepeak as kernels
from masterify_core.metering import interpolation, peaks
from tests.oracles import naive_truepeak
from tests.signals import noise, tone

FLOAT = 3e-6  # relative: float32 sums in another order
FINER_DB = 0.02  # below 32 times and 48 taps
CLIPPED_FINER_DB = 0.05  # longer filters see more of what clipping leaves next to the Nyquist frequency
seeds = st.integers(0, 2**32 - 1)


def hostile(rng, frames):
    """A signal from a family that makes interpolators and their shortcuts go wrong."""
    t = np.arange(frames)
    hz = rng.uniform(0.02, 0.5)
    kinds = (
        lambda: rng.standard_normal(frames),
        lambda: rng.choice([-1.0, 1.0], frames),
        lambda: rng.choice([-1.0, 0.0, 1.0], frames),
        lambda: np.sin(2 * np.pi * hz * t + rng.uniform(0, 7)) * np.hanning(frames + 2)[1:-1],
        lambda: np.sin(2 * np.pi * rng.uniform(0.4, 0.5) * t + rng.uniform(0, 7)),
        lambda: np.clip(np.cumsum(rng.standard_normal(frames)) * 0.3, -1, 1),
        lambda: np.clip(3 * rng.standard_normal(frames), -1, 1),
        lambda: np.sin(np.pi * t / 2 + np.pi / 4),
        lambda: (rng.random(frames) < 0.01) * rng.standard_normal(frames),
    )
    return kinds[rng.integers(len(kinds))]()


def hostile_song(seed, channels=1):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 30 if seed % 2 else 3))
    rows = [
        np.concatenate(
            [rng.uniform(0.3, 1) * hostile(np.random.default_rng((seed, c, i)), 60) for i in range(count)]
        )
        for c in range(channels)
    ]
    return np.array(rows)[:, : rng.integers(1, 60 * count + 1)].astype(np.float32)


def padded(x):
    return np.pad(x, ((0, 0), (peaks.REACH, peaks.REACH)))


@settings(deadline=None, max_examples=300)
@given(seeds, st.integers(1, 2))
def test_peaks_equal_interpolating_everything(seed, channels):
    x = hostile_song(seed, channels)
    found, expected = peaks.find_peaks(x, 48_000), np.zeros(4)
    naive_truepeak.search(padded(x), expected)
    assert (found.sample, found.true, found.bs1770) == pytest.approx(tuple(expected[:3]), rel=FLOAT, abs=1e-9)
    if found.true > 0:
        exact, _ = naive_truepeak.intervals(padded(x))
        near = exact[max(0, found.true_frame + peaks.REACH - 24) : found.true_frame + peaks.REACH + 2]
        assert near.max() == pytest.approx(found.true, rel=FLOAT)


@settings(deadline=None, max_examples=150)
@given(seeds, st.floats(0.5, 1.1), st.sampled_from([None, 0.0, 0.09]))
def test_every_over_is_marked_and_nothing_else(seed, share, margin_db):
    x = hostile_song(seed)
    whole = padded(x)
    limit = peaks.true_peak(x) * share or 1.0
    printed_limit = math.inf if margin_db is None else limit * 10 ** (margin_db / 20)
    expected = np.zeros(whole.shape[1])
    count = naive_truepeak.mark_overs(whole, limit, printed_limit, expected)
    found = peaks.overs(x, limit, margin_db)
    inside = expected[peaks.REACH : -peaks.REACH].copy()
    inside[0] = max(inside[0], expected[: peaks.REACH].max())
    inside[-1] = max(inside[-1], expected[-peaks.REACH :].max())
    sure = np.abs(inside - limit) > 1e-5 * limit  # at the limit itself rounding decides
    if found is None:
        assert count == 0 or not sure[inside > 0].any()
    else:
        np.testing.assert_allclose(found[sure], inside[sure], rtol=FLOAT, atol=1e-9)
        grouped = peaks.overs(x, limit, margin_db, 8)
        np.testing.assert_array_equal(grouped, np.maximum.reduceat(found, np.arange(0, len(found), 8)))


def test_the_kernels_see_every_interval_inside():
    x = noise(48_000, 0.05).samples
    table, bounds = interpolation.folded(), interpolation.bounds()
    found, expected = np.zeros(4), np.zeros(4)
    kernels.search(x, x.view(np.int32), table, bounds, 1, found)
    naive_truepeak.search(x, expected)
    np.testing.assert_allclose(found, expected, rtol=FLOAT)
    out, marks = np.zeros(x.shape[1], np.float32), np.zeros(x.shape[1])
    limit = 0.7 * expected[1]
    count = kernels.mark_overs(x, x.view(np.int32), table, bounds, limit, limit, 1, out)
    assert count == naive_truepeak.mark_overs(x, limit, limit, marks)
    np.testing.assert_allclose(out, marks, rtol=FLOAT)


@settings(deadline=None, max_examples=60)
@given(seeds)
def test_the_bounds_hold(seed):
    """What leaves intervals out must never be smaller than what is in them."""
    x = hostile_song(seed)
    exact, printed = naive_truepeak.intervals(padded(x))
    top, bend = np.abs(x).max(), np.abs(np.diff(padded(x), 2, axis=1)).max()
    straight, bent, printed_straight, printed_bent = interpolation.bounds()
    assert exact.max() <= straight * top + bent * bend
    assert printed.max() <= printed_straight * top + printed_bent * bend


def test_the_bounds_are_reached_by_no_more_than_they_must():
    straight, bent, printed_straight, printed_bent = interpolation.bounds()
    assert (straight, bent) == pytest.approx((1.0, 0.428), abs=1e-3)
    assert (printed_straight, printed_bent) == pytest.approx((1.0016, 0.570), abs=1e-3)


def test_the_phases_are_what_they_say():
    table = peaks.PHASES
    assert table.shape == (16, 32)
    assert table.dtype == np.float32
    np.testing.assert_allclose(table.sum(axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(table[0], np.eye(32)[15], atol=1e-6)
    np.testing.assert_allclose(table[1:], table[:0:-1, ::-1], atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("drive_db", "low_db"),
    [(0.0, FINER_DB), (3.0, CLIPPED_FINER_DB), (9.0, CLIPPED_FINER_DB)],
    ids=["as it is", "clipped some", "clipped a lot"],
)
def test_a_finer_interpolator_reads_the_same_on_music_like_sound(seed, drive_db, low_db):
    """Noise that falls by 4 dB an octave, as music does; clipping at the sample rate adds what music has not."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(1 << 16))
    spectrum[1:] *= np.arange(1, len(spectrum)) ** (-4.0 / 6.02)
    x = np.fft.irfft(spectrum)
    x = np.clip(0.9 * x / np.abs(x).max() * 10 ** (drive_db / 20), -0.9, 0.9)[None].astype(np.float32)
    finer = naive_truepeak.oversampled_peak(x, 32, 48, 10.0)
    assert 20 * math.log10(peaks.true_peak(x) / finer) > -low_db


@pytest.mark.parametrize(
    ("share", "low_db"), [(0.25, 0.02), (0.3, 0.01), (1 / 3, 0.02), (0.375, 0.01), (0.4, 0.04), (0.45, 0.04)]
)
def test_a_tone_reads_its_amplitude(share, low_db):
    worst = 0.0
    for phase in np.linspace(0, np.pi, 9):
        n = np.arange(4000)
        fade = np.clip(np.minimum(n, n[::-1]) / 500, 0, 1)
        x = (fade * np.sin(2 * np.pi * share * n + phase)).astype(np.float32)[None]
        worst = min(worst, 20 * math.log10(peaks.true_peak(x)))
    assert -low_db <= worst <= 0.001


def test_the_peak_may_lie_before_the_first_sample_and_after_the_last():
    ramp = np.sin(np.pi * np.arange(100) / 2 + np.pi / 4).astype(np.float32)[None]
    for x in (ramp, ramp[:, :3].copy(), ramp[:, ::-1].copy()):
        assert peaks.true_peak(x) >= naive_truepeak.oversampled_peak(x, 16, 32, 9.0) * (1 - FLOAT)


@pytest.mark.parametrize("change", [lambda x: -x, lambda x: x[::-1].copy(), lambda x: x[:, ::-1].copy()])
def test_peaks_do_not_depend_on_polarity_channel_order_or_direction(change):
    x = np.asarray(noise(48_000, 0.5).samples)
    before, after = peaks.find_peaks(x, 48_000), peaks.find_peaks(change(x), 48_000)
    assert (after.sample, after.true, after.bs1770) == pytest.approx(
        (before.sample, before.true, before.bs1770), rel=FLOAT
    )


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("frames", [0, 1, 2, 47, 48, 49, 300])
def test_silence_has_no_peak(channels, frames):
    audio = Audio(np.zeros((channels, frames), np.float32), 48_000)
    assert peaks.sample_peak_dbfs(audio) == peaks.true_peak_dbtp(audio) == -math.inf
    assert peaks.find_peaks(audio.samples).true_frame == 0
    assert peaks.overs(audio.samples, 0.5) is None


@pytest.mark.parametrize("frames", [1, 30, 2000])
def test_a_single_sample_is_its_own_true_peak(frames):
    x = np.zeros((2, frames), np.float32)
    x[1, frames // 2] = -0.25
    found = peaks.find_peaks(x)
    assert found.true == found.sample == pytest.approx(0.25)
    assert abs(found.true_frame - frames // 2) <= 1


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("frames", [10, 5000])
def test_bad_samples_give_an_infinite_peak_and_no_nan(bad, frames):
    x = np.full((2, frames), np.float32(0.5))
    x[1, frames // 3] = bad
    found = peaks.find_peaks(x, 48_000)
    assert found.sample == found.true == found.bs1770 == peaks.sample_peak(x) == math.inf


def test_the_printed_filter_is_not_used_above_50_khz():
    assert peaks.true_peak_bs1770_dbtp(noise(96_000, 0.1)) is None
    assert peaks.true_peak_bs1770_dbtp(noise(48_000, 0.1)) is not None


def test_true_peak_between_two_frames():
    x = tone(48_000, [(-6.0, 0.2), (-1.0, 0.2)], hz=997).samples
    soft = peaks.true_peak_between(x, 480, 9000)
    assert soft == pytest.approx(10 ** (-6 / 20), rel=0.003)
    assert peaks.true_peak_between(x, 9700, 19_200) == pytest.approx(peaks.true_peak(x), rel=FLOAT)
