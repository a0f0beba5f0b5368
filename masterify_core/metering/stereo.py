"""Stereo image: correlation and what mono playback loses."""

from __future__ import annotations

import math

from masterify_core.metering.spectrum import Spectra


def correlation(spectra: Spectra) -> float:
    """Correlation of left and right, -1 to 1; 1 for mono and for silence.

    From mid and side power, so exact for channels of equal level: ``(M - S) / (M + S)``.
    """
    mid, side = (float(p) for p in spectra.bands.sum(axis=(0, 2)))
    return (mid - side) / (mid + side) if mid + side > 0.0 else 1.0


def mono_loss_db(spectra: Spectra) -> float:
    """How much quieter the mono sum is than both channels, dB, 0 for mono; large for channels out of phase."""
    mid, side = (float(p) for p in spectra.bands.sum(axis=(0, 2)))
    return 10.0 * math.log10((mid + side) / mid) if mid > 0.0 else 0.0
