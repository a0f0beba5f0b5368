"""The perceptual clipper: what it keeps, where its error lies, and how it takes odd songs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core import masking
from masterify_core.kernels.limiting import GROUP
from tests.oracles.naive_masking import threshold

RATE = 48_000
RATES = [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000]


def clipped(samples, level, rate=RATE):
    answer = np.ascontiguousarray(samples, np.float32).copy()
    anywhere = np.full(-(-answer.shape[1] // GROUP), np.inf, np.float32)
    masking.clip(answer, anywhere, level, rate)
    return answer


def thumps(frames=RATE, rate=RATE):
    """A bass line with soft accents and a little hiss."""
    n = np.arange(frames)
    accents = 1.0 + 1.5 * np.sin(2 * np.pi * 4.0 * n / rate) ** 8
    bass = 0.4 * accents * np.sin(2 * np.pi * 110.0 * n / rate)
    return (bass + 1e-4 * np.random.default_rng(8).normal(size=(1, frames))).astype(np.float32)


def noise_to_mask(samples, change, rate=RATE):
    """Power of a change over what each frame masks, added up; the threshold is the clipper's own."""
    tables, size = masking._tables(rate), masking.frame_size(rate)
    total = 0.0
    for start in range(0, samples.shape[1] - size, size // 2):
        frames = slice(start, start + size)
        if change[0, frames].any():
            masks = threshold(
                np.fft.rfft(samples[0, frames] * tables.window), tables.first, tables.upper, tables.spread
            )
            total += np.sum(np.abs(np.fft.rfft(change[0, frames] * tables.window)) ** 2 / (masks + 1e-12))
    return total


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(RATES), st.integers(1, 2), st.integers(1, 3000), st.floats(0.01, 2.0), st.integers(0, 2**32 - 1)
)  # fmt: skip
def test_no_sample_is_over_the_level_at_any_rate_and_length(rate, channels, frames, level, seed):
    samples = np.random.default_rng(seed).normal(size=(channels, frames)) * 0.7
    answer = clipped(samples, level, rate)
    assert answer.shape == samples.shape
    assert np.abs(answer).max() <= level * (1 + 1e-4)


def test_the_error_is_masked_better_than_that_of_a_plain_clip():
    for samples, factor in ((thumps(), 0.01), (np.random.default_rng(2).normal(size=(1, RATE)) * 0.3, 0.9)):
        level = 0.7 * np.abs(samples).max()
        plain = np.clip(samples, -level, level) - samples
        assert noise_to_mask(samples, clipped(samples, level) - samples) < factor * noise_to_mask(
            samples, plain
        )


def test_bass_that_is_clipped_does_not_crackle():
    """Above 4 kHz, where there is only hiss, the error is 20 dB lower than that of a plain clip."""
    samples = thumps()
    plain = np.clip(samples, -0.7, 0.7) - samples
    treble = [
        np.sum(np.abs(np.fft.rfft(change[0])[4000:]) ** 2)
        for change in (clipped(samples, 0.7) - samples, plain)
    ]
    assert treble[0] < 0.01 * treble[1]


def test_channels_are_clipped_by_themselves():
    samples = np.concatenate([thumps(), 0.3 * thumps()[:, ::-1]])
    answer = clipped(samples, 0.6)
    np.testing.assert_array_equal(answer[:1], clipped(samples[:1], 0.6))
    np.testing.assert_array_equal(answer[1], samples[1])


def test_polarity_is_of_no_matter():
    samples = thumps()
    np.testing.assert_array_equal(clipped(-samples, 0.6), -clipped(samples, 0.6))


@pytest.mark.parametrize(
    ("rate", "size"), [(8_000, 128), (44_100, 512), (48_000, 512), (96_000, 1024), (192_000, 2048)]
)
def test_frames_last_as_long_at_every_rate(rate, size):
    assert masking.frame_size(rate) == size
