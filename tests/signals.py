"""Test signals: tones with a level over time, and the true-peak cases of EBU Tech 3341."""

import numpy as np

from masterify_core.audio import Audio


def tone(rate, parts, hz=1000.0, channels=2, degrees=0.0):
    """Phase-continuous sine, equal in all channels; ``parts`` are (peak dBFS, or None for silence; seconds)."""
    frames = [round(rate * seconds) for _, seconds in parts]
    gains = [0.0 if level is None else 10 ** (level / 20) for level, _ in parts]
    angle = 2 * np.pi * hz * np.arange(sum(frames)) / rate + np.deg2rad(degrees)
    row = (np.repeat(gains, frames) * np.sin(angle)).astype(np.float32)
    return Audio(np.tile(row, (channels, 1)), rate)


def noise(rate, seconds, channels=2, level=0.1, seed=1770):
    rng = np.random.default_rng(seed)
    return Audio((level * rng.standard_normal((channels, round(rate * seconds)))).astype(np.float32), rate)


def faded_tone(rate, divisor, amplitude, degrees, seconds=3.2):
    """A tone at ``rate / divisor`` that fades in and out, so that its edges add no overshoot."""
    n = np.arange(round(seconds * rate))
    fade = np.clip(np.minimum(n, n[::-1]) / (0.5 * rate), 0, 1)
    row = amplitude * fade * np.sin(2 * np.pi * n / divisor + np.deg2rad(degrees))
    return Audio(np.tile(row.astype(np.float32), (2, 1)), rate)


def hidden_peak(rate, offset):
    """Cases 20 to 23 of EBU Tech 3341.

    At four times the rate a faded sine of 0.50 at rate/6 gives way to one period of rate/4 at 1.00;
    low-passed; then every fourth sample from ``offset`` on.
    """
    four = 4 * rate
    n = np.arange(round(3.2 * four))
    start = len(n) // 2 // 48 * 48  # a zero crossing of both
    inside = (n >= start) & (n < start + 16)
    x = 0.5 * np.sin(2 * np.pi * np.where(n < start, n - start, n - start - 16) / 24)
    x[inside] = np.sin(2 * np.pi * (n[inside] - start) / 16)
    x *= np.clip(np.minimum(n, n[::-1]) / (0.5 * four), 0, 1)
    offsets = np.arange(-511, 512)
    low_pass = np.sinc(2 * 0.498 / 4 * offsets) * np.kaiser(1023, 9.0)
    spectrum = np.fft.rfft(x, 1 << 20) * np.fft.rfft(low_pass / low_pass.sum(), 1 << 20)
    x = np.fft.irfft(spectrum)[511 : 511 + len(n)]
    return Audio(np.tile(x[offset::4].astype(np.float32), (2, 1)), rate)
