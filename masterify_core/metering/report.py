"""Everything measured of a song in one value, under the names that reports and scripts use."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from masterify_core.audio import Audio
from masterify_core.metering import bandlimit, defects, dynamics, loudness, spectrum, stereo
from masterify_core.metering.defects import Clipping
from masterify_core.metering.loudness import Hops
from masterify_core.metering.peaks import find_peaks
from masterify_core.metering.statistics import measure_statistics, median

DIGITS = 4  # of JSON values


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
        Peaks with 16 times interpolation and of the samples.
    true_peak_bs1770_dbtp
        Peak by the 48-tap filter that BS.1770 prints; None above 50 kHz, for which it was not made.
    true_peak_s
        When the true peak comes, s.
    plr_lu
        True peak over integrated loudness; infinite for silence.
    """

    integrated_lufs: float
    loudness_range_lu: float
    momentary_max_lufs: float
    short_term_max_lufs: float
    true_peak_dbtp: float
    true_peak_bs1770_dbtp: float | None
    true_peak_s: float
    sample_peak_dbfs: float
    plr_lu: float

    def to_dict(self) -> dict[str, Any]:
        """JSON values: plain numbers, None for what is not finite (silence, too short)."""
        return {name: _plain(value) for name, value in dataclasses.asdict(self).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement(Levels):
    """What `measure` finds, besides the fields of `Levels`.

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
        Level that each of five parts (from 0, 148, 795, 2550 and 7314 Hz up) exceeds 30 % of the time, mean
        square of one channel, dB.
    zone_high_db
        How far mud, harshness and sibilance stand over their neighbours when they are much, dB.
    subsonic_db
        Power below 18 Hz over that of the bass, dB.
    dc
        Mean of each channel, full scale = 1.
    correlation, correlation_p5, correlation_by_band
        Of left and right: the whole song, what 95 % of 400 ms windows exceed, in each of the nine bands.
    mono_loss_db, balance_db
        Level lost in mono, dB (0 for mono, 3 for unrelated channels); right over left, dB.
    dual_mono, antiphase, dead_channel
        Both channels are the same; one is mostly the other upside down; "left" or "right" is 60 dB under
        the other. False and None for mono.
    psr_lu, psr_min_lu
        True peak over short-term loudness: median and least of every 3 s, LU; infinite if there is none.
    attack_db
        Rise within 50 ms that 5 % of the heard moments exceed, dB.
    crest_db, rms_dbfs
        Sample peak over mean power, dB (3.01 for a sine); the mean power, dBFS.
    clipping
        Flat tops, see `defects.Clipping`.
    band_limit_hz, lossy_origin
        Where the top end stops abruptly, Hz, or None; whether that is where lossy encoders cut (a hint).
    noise_floor_lufs, quiet_lufs
        Loudness of the quietest 1 % and 10 % of 400 ms windows.
    head_silence_s, tail_silence_s
        Before the first and after the last sound, s.
    """

    seconds: float
    rate: int
    channels: int
    third_octaves_db: tuple[float, ...]
    side_mid_db: tuple[float, ...]
    band_sigma_db: tuple[float, ...]
    band_threshold_db: tuple[float, ...]
    zone_high_db: tuple[float, ...]
    subsonic_db: float
    dc: tuple[float, ...]
    correlation: float
    correlation_p5: float
    correlation_by_band: tuple[float, ...]
    mono_loss_db: float
    balance_db: float
    dual_mono: bool
    antiphase: bool
    dead_channel: str | None
    psr_lu: float
    psr_min_lu: float
    attack_db: float
    crest_db: float
    rms_dbfs: float
    clipping: Clipping
    band_limit_hz: float | None
    lossy_origin: bool
    noise_floor_lufs: float
    quiet_lufs: float
    head_silence_s: float
    tail_silence_s: float


def measure_levels(audio: Audio, hops: Hops | None = None) -> Levels:
    """Loudness and peaks only: what a delivered file is verified by."""
    return Levels(**_levels(audio, hops or loudness.hop_energies(audio)))


def measure(audio: Audio, hops: Hops | None = None, spectra: spectrum.Spectra | None = None) -> Measurement:
    """Measure everything; ``hops`` and ``spectra`` are the song's, if they are known already. The samples must be finite.

    Silence, one frame and songs shorter than a meter's window give ``-inf`` levels, ranges of 0 and
    infinite ratios, never NaN; `Measurement.to_dict` shows as None what is not finite.
    """
    hops = hops or loudness.hop_energies(audio)
    spectra = spectra or spectrum.measure_spectra(audio)
    statistics = measure_statistics(audio)
    psr_lu = dynamics.psr_lu(audio, hops, statistics)
    limit_hz = bandlimit.band_limit_hz(audio, hops)
    noise_floor_lufs, quiet_lufs = defects.noise_floor_lufs(hops)
    head_silence_s, tail_silence_s = defects.silent_ends_s(audio, statistics)
    return Measurement(
        **_levels(audio, hops),
        seconds=audio.seconds,
        rate=audio.rate,
        channels=audio.channels,
        third_octaves_db=tuple(spectrum.third_octaves_db(spectra).tolist()),
        side_mid_db=tuple(spectrum.side_mid_db(spectra).tolist()),
        band_sigma_db=tuple(spectrum.band_sigma_db(spectra).tolist()),
        band_threshold_db=spectrum.band_thresholds_db(spectra),
        zone_high_db=spectrum.zone_high_db(spectra),
        subsonic_db=spectrum.subsonic_db(spectra),
        dc=defects.dc(audio, statistics),
        correlation=stereo.correlation(statistics),
        correlation_p5=stereo.correlation_p5(statistics),
        correlation_by_band=tuple(stereo.correlation_by_band(spectra).tolist()),
        mono_loss_db=stereo.mono_loss_db(statistics),
        balance_db=stereo.balance_db(statistics),
        dual_mono=audio.channels > 1 and stereo.is_dual_mono(statistics),
        antiphase=stereo.is_antiphase(statistics),
        dead_channel=stereo.dead_channel(statistics),
        psr_lu=median(psr_lu) if len(psr_lu) else math.inf,
        psr_min_lu=float(psr_lu.min(initial=math.inf)),
        attack_db=dynamics.attack_db(hops),
        crest_db=dynamics.crest_db(statistics),
        rms_dbfs=dynamics.rms_dbfs(statistics),
        clipping=defects.clipping(audio, statistics),
        band_limit_hz=limit_hz,
        lossy_origin=bandlimit.is_lossy(limit_hz, audio.rate),
        noise_floor_lufs=noise_floor_lufs,
        quiet_lufs=quiet_lufs,
        head_silence_s=head_silence_s,
        tail_silence_s=tail_silence_s,
    )


def _levels(audio: Audio, hops: Hops) -> dict[str, Any]:
    integrated, peaks = loudness.integrated_lufs(hops), find_peaks(audio.samples, audio.rate)
    heard = math.isfinite(integrated) and math.isfinite(peaks.true_dbtp)
    return {
        "integrated_lufs": integrated,
        "loudness_range_lu": loudness.loudness_range_lu(hops),
        "momentary_max_lufs": loudness.momentary_max_lufs(hops),
        "short_term_max_lufs": loudness.short_term_max_lufs(hops),
        "true_peak_dbtp": peaks.true_dbtp,
        "true_peak_bs1770_dbtp": peaks.bs1770_dbtp,
        "true_peak_s": peaks.true_frame / audio.rate,
        "sample_peak_dbfs": peaks.sample_dbfs,
        "plr_lu": peaks.true_dbtp - integrated if heard else math.inf,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, float):
        return round(value, DIGITS) if math.isfinite(value) else None
    return value
