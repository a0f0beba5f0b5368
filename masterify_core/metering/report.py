"""Everything measured of a song in one value, under the names that reports and scripts use."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from masterify_core.audio import Audio
from masterify_core.metering import loudness, spectrum, stereo
from masterify_core.metering.loudness import Hops
from masterify_core.metering.peaks import Peaks, find_peaks


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Loudness and peaks.

    Attributes
    ----------
    integrated_lufs, momentary_max_lufs, short_term_max_lufs
        Loudness of the whole song, of its loudest 400 ms and 3 s (in steps of 10 ms), LUFS.
    loudness_range_lu
        EBU Tech 3342, LU.
    true_peak_dbtp, sample_peak_dbfs
        Peaks with 8 times interpolation and of the samples.
    plr_lu
        True peak over integrated loudness.
    """

    integrated_lufs: float
    loudness_range_lu: float
    momentary_max_lufs: float
    short_term_max_lufs: float
    true_peak_dbtp: float
    sample_peak_dbfs: float
    plr_lu: float

    def to_dict(self) -> dict[str, Any]:
        """JSON values: plain numbers, None for what is not finite (silence, too short)."""
        return {name: _plain(value) for name, value in dataclasses.asdict(self).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement(Levels):
    """What `measure` finds; besides the fields of `Levels`:

    Attributes
    ----------
    seconds, rate, channels
        Length, frames per second, number of channels.
    third_octaves_db
        Mean power of the louder parts in `spectrum.THIRD_OCTAVES_HZ`, dB.
    side_mid_db
        Side over mid power in `spectrum.BANDS_HZ`, dB.
    band_sigma_db
        Movement of the mid level in each of these bands, dB.
    band_threshold_db
        Level that low (to 148 Hz), middle (to 2550 Hz) and high part exceed 30 % of the time, mean square
        of one channel, dB.
    subsonic_db
        Power below 18 Hz over that of the bass, dB.
    dc
        Mean of each channel, full scale = 1.
    correlation, mono_loss_db
        Of left and right; level lost in mono, dB.
    """

    seconds: float
    rate: int
    channels: int
    third_octaves_db: tuple[float, ...]
    side_mid_db: tuple[float, ...]
    band_sigma_db: tuple[float, ...]
    band_threshold_db: tuple[float, float, float]
    subsonic_db: float
    dc: tuple[float, ...]
    correlation: float
    mono_loss_db: float


def measure_levels(audio: Audio, hops: Hops | None = None) -> Levels:
    """Loudness and peaks only: what a delivered file is verified by."""
    return Levels(**_levels(hops or loudness.hop_energies(audio), find_peaks(audio.samples)))


def measure(audio: Audio, hops: Hops | None = None) -> Measurement:
    """Measure everything; silence and very short songs give ``-inf`` levels and zeros."""
    hops = hops or loudness.hop_energies(audio)
    spectra = spectrum.measure_spectra(audio)
    return Measurement(
        **_levels(hops, find_peaks(audio.samples)),
        seconds=audio.seconds,
        rate=audio.rate,
        channels=audio.channels,
        third_octaves_db=tuple(spectrum.third_octaves_db(spectra).tolist()),
        side_mid_db=tuple(spectrum.side_mid_db(spectra).tolist()),
        band_sigma_db=tuple(spectrum.band_sigma_db(spectra).tolist()),
        band_threshold_db=spectrum.band_thresholds_db(spectra),
        subsonic_db=spectrum.subsonic_db(spectra),
        dc=tuple(float(x) for x in audio.samples.mean(axis=1, dtype=np.float64)) if audio.frames else (0.0,),
        correlation=stereo.correlation(spectra),
        mono_loss_db=stereo.mono_loss_db(spectra),
    )


def _levels(hops: Hops, peaks: Peaks) -> dict[str, float]:
    integrated = loudness.integrated_lufs(hops)
    heard = math.isfinite(integrated) and math.isfinite(peaks.true_dbtp)
    return {
        "integrated_lufs": integrated,
        "loudness_range_lu": loudness.loudness_range_lu(hops),
        "momentary_max_lufs": loudness.momentary_max_lufs(hops),
        "short_term_max_lufs": loudness.short_term_max_lufs(hops),
        "true_peak_dbtp": peaks.true_dbtp,
        "sample_peak_dbfs": peaks.sample_dbfs,
        "plr_lu": peaks.true_dbtp - integrated if heard else math.nan,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return (round(value, 4) if math.isfinite(value) else None) if isinstance(value, float) else value
