"""Filter design and the long linear-phase filter, against scipy and known answers."""

import numpy as np
import pytest
import scipy.signal

from masterify_core import filters

RATES = [8_000, 44_100, 96_000, 192_000]
RATE = 48_000
PASS_THROUGH_DB = -120.0  # float32 transforms there and back


def noise(channels, frames, seed=5):
    return (0.3 * np.random.default_rng(seed).normal(size=(channels, frames))).astype(np.float32)


def residual_db(x, y):
    return 10.0 * np.log10(
        np.sum((np.asarray(x, float) - y) ** 2) / np.sum(np.asarray(y, float) ** 2) + 1e-30
    )


def shelf(hz):
    """From 0 to 6 dB around 1 kHz."""
    return 10.0 ** (6.0 / 20.0 / (1.0 + (1000.0 / np.maximum(hz, 1.0)) ** 2))


@pytest.mark.parametrize("rate", RATES)
def test_every_frequency_has_its_place_in_a_spectrum(rate):
    table = filters.fourier(rate)
    assert sorted(table.order) == list(range(table.size))
    rows, columns = table.turn.shape[1:]
    k = 1234
    block = np.exp(2j * np.pi * k * np.arange(table.size) / table.size).reshape(rows, columns)
    out = np.empty((2, columns, rows), np.float32)
    re, im = block.real.astype(np.float32), block.imag.astype(np.float32)
    filters.kernels.spectrum(re, im, table.turn, table.rows, table.columns, *out)
    assert np.argmax(np.abs(out[0])) == table.order[k]
    assert out[0].flat[table.order[k]] == pytest.approx(table.size, rel=1e-5)


@pytest.mark.parametrize("rate", RATES)
def test_linear_phase_taps_have_the_wanted_magnitude_and_no_delay(rate):
    taps = filters.linear_phase(shelf, rate)
    assert len(taps) % 2 == 1
    np.testing.assert_allclose(taps, taps[::-1], atol=1e-12)
    hz = np.geomspace(60.0, 0.45 * rate, 50)
    gain = np.abs(scipy.signal.freqz(taps, worN=hz, fs=rate)[1])
    np.testing.assert_allclose(20 * np.log10(gain / shelf(hz)), 0.0, atol=0.02)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("frames", [1, 100, 12_289, 30_000])
def test_convolve_is_the_centred_convolution_of_each_channel(channels, frames):
    x, taps = noise(channels, frames), filters.linear_phase(shelf, RATE)
    expected = scipy.signal.fftconvolve(x.astype(float), taps[None], mode="full", axes=1)
    expected = expected[:, len(taps) // 2 :][:, :frames]
    y = filters.convolve(x, RATE, taps)
    assert y.dtype == np.float32
    assert residual_db(y, expected) < PASS_THROUGH_DB
    assert residual_db(filters.convolve(x, RATE, taps, gain=0.5), 0.5 * expected) < PASS_THROUGH_DB


def test_convolve_does_not_see_what_was_in_memory_before(monkeypatch):
    x, taps = noise(2, 500), filters.linear_phase(np.ones_like, RATE)
    monkeypatch.setattr(filters.np, "empty_like", lambda like: np.full(like.shape, np.nan, like.dtype))
    for side_taps in (None, taps):
        assert residual_db(filters.convolve(x, RATE, taps, side_taps), x) < PASS_THROUGH_DB


def test_mid_and_side_have_filters_of_their_own():
    x, taps = noise(2, 5000), filters.linear_phase(np.ones_like, RATE)
    y = filters.convolve(x, RATE, taps, 0.25 * taps)
    assert residual_db(y.sum(axis=0), x.sum(axis=0)) < PASS_THROUGH_DB
    assert residual_db(y[0] - y[1], 0.25 * (x[0] - x[1].astype(float))) < PASS_THROUGH_DB


def test_swapping_channels_swaps_the_answer():
    x, taps = noise(2, 5000), filters.linear_phase(shelf, RATE)
    np.testing.assert_array_equal(
        filters.convolve(x[::-1].copy(), RATE, taps), filters.convolve(x, RATE, taps)[::-1]
    )


def test_one_channel_does_not_leak_into_the_other():
    x = noise(2, 5000)
    x[0] = 0.0
    assert not filters.convolve(x, RATE, filters.linear_phase(shelf, RATE))[0].any()


@pytest.mark.parametrize("hz", [20.0, 150.0, 2500.0, 15_000.0])
def test_the_high_pass_is_butterworth(hz):
    expected = scipy.signal.butter(2, hz, "highpass", fs=RATE, output="sos")[0]
    np.testing.assert_allclose(filters.high_pass(hz, RATE), np.delete(expected, 3), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("factor", "taps", "beta"), [(4, 16, 7.5), (8, 24, 8.5)])
def test_the_interpolator_reads_a_tone_between_its_samples(factor, taps, beta):
    phases = filters.interpolator(factor, taps, beta)
    np.testing.assert_allclose(phases.sum(axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(phases[0], np.eye(taps)[taps // 2 - 1], atol=1e-12)
    w = 2 * np.pi * 0.2  # of the rate: 9.6 kHz at 48 kHz
    x = np.cos(w * np.arange(taps))
    at = taps // 2 - 1 + np.arange(factor) / factor
    np.testing.assert_allclose(phases @ x, np.cos(w * at), atol=0.003)
