"""What is different between two sounds once they are aligned and equally loud."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.comparing.alignment import Alignment, align, overlap
from masterify_core.metering.loudness import energies
from masterify_core.metering.report import Measurement, measure
from masterify_core.metering.spectrum import THIRD_OCTAVES_HZ
from masterify_core.rendering import programme_lufs
from masterify_core.stages.resampler import resample

NO_SIDE_DB = -60.0  # side over mid that counts as none: mono
DIGITS = 3
EMPTY_BELOW_DB = -60.0  # a third octave this far under the loudest says nothing
DIFFERENCES = (
    "loudness_range_lu", "plr_lu", "psr_lu", "crest_db", "true_peak_dbtp", "short_term_max_lufs", "momentary_max_lufs",
    "correlation", "mono_loss_db", "balance_db",
)  # fmt: skip
"""Measurements whose difference is told, second less first; peaks and loudness after matching."""
LEVELS = ("true_peak_dbtp", "short_term_max_lufs", "momentary_max_lufs")
"""Those that playing the second at the loudness of the first changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two sounds side by side.

    Attributes
    ----------
    first, second
        What each measures, as it is.
    alignment
        How they lie beside each other; None where they are not the same song.
    rate
        Hz, at which they were compared: that of the first.
    gain_db
        Gain that makes the second as loud as the first where they overlap, dB.
    null_db
        Power of what is left when the second, at the gain that cancels best, is taken from the first, over
        the power of the first, dB; None where they are not the same song. Lower is more alike.
    tone_db
        Second less first in each of `THIRD_OCTAVES_HZ` at equal loudness, dB; NaN where either holds nothing.
    width_db
        Side over mid, second less first, in each of nine bands, dB; NaN for mono.
    differences
        Second less first, under the names of the measurements.
    """

    first: Measurement
    second: Measurement
    alignment: Alignment | None
    rate: int
    gain_db: float
    null_db: float | None
    tone_db: tuple[float, ...]
    width_db: tuple[float, ...]
    differences: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """JSON values; None for what there is not."""
        return {
            "first": self.first.to_dict(),
            "second": self.second.to_dict(),
            "alignment": None if self.alignment is None else _alignment(self.alignment, self.rate),
            "gain_db": _plain(self.gain_db),
            "null_db": _plain(self.null_db),
            "third_octaves_hz": list(THIRD_OCTAVES_HZ),
            "tone_db": [_plain(each) for each in self.tone_db],
            "width_db": [_plain(each) for each in self.width_db],
            "differences": {name: _plain(value) for name, value in self.differences.items()},
        }


def compare(first: Audio, second: Audio) -> Comparison:
    """Align two sounds, bring them to one loudness, and tell what differs.

    The second is resampled to the rate of the first. Sounds that are not the same song are compared whole,
    without a null.
    """
    measured = measure(first), measure(second)
    other = resample(second, first.rate)
    alignment = align(first, other)
    if alignment.found:
        turned = other.samples[::-1] if alignment.swapped else other.samples
        a, b = overlap(first.samples, turned, alignment.lag_frames)
    else:
        a, b = first.samples, other.samples
    parts = [Audio(np.ascontiguousarray(each), first.rate) for each in (a, b)]
    loudness = [programme_lufs(energies(each.samples, each.rate)) for each in parts]
    heard = all(map(math.isfinite, loudness))
    gain_db = loudness[0] - loudness[1] if heard else 0.0
    one, two = measure(parts[0]), measure(parts[1])
    return Comparison(
        first=measured[0], second=measured[1], alignment=alignment if alignment.found else None, rate=first.rate,
        gain_db=gain_db, null_db=_null_db(a, b) if alignment.found else None, tone_db=_tone_db(one, two, gain_db),
        width_db=_width_db(one, two), differences=_differences(one, two, gain_db),
    )  # fmt: skip


def _null_db(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Power left of ``a - g b`` over that of ``a`` with the best ``g`` (least squares), dB; -inf for equal sounds."""
    aa, bb, ab = (float(np.einsum("cn,cn->", x, y, dtype=np.float64)) for x, y in ((a, a), (b, b), (a, b)))
    if aa <= 0.0 or bb <= 0.0:
        return -math.inf
    left = np.float32(ab / bb) * b
    left -= a
    power = float(np.einsum("cn,cn->", left, left, dtype=np.float64))
    return 10.0 * math.log10(power / aa) if power > 0.0 else -math.inf


def _tone_db(one: Measurement, two: Measurement, gain_db: float) -> tuple[float, ...]:
    a, b = np.array(one.third_octaves_db), np.array(two.third_octaves_db)
    holds = (a > a.max() + EMPTY_BELOW_DB) & (b > b.max() + EMPTY_BELOW_DB)
    with np.errstate(invalid="ignore"):
        return tuple(np.where(holds, b - a + gain_db, np.nan).tolist())


def _width_db(one: Measurement, two: Measurement) -> tuple[float, ...]:
    """Answer what the sides gained over the middle; NaN where one of the two is silent or has no sides."""
    sides = [np.array(each.side_mid_db) for each in (one, two)]
    known = [np.isfinite(each) & (each > NO_SIDE_DB) for each in sides]
    heard = math.isfinite(one.rms_dbfs) and math.isfinite(two.rms_dbfs)
    with np.errstate(invalid="ignore"):
        return tuple(np.where(known[0] & known[1] & heard, sides[1] - sides[0], np.nan).tolist())


def _differences(one: Measurement, two: Measurement, gain_db: float) -> dict[str, float]:
    found = {}
    for name in DIFFERENCES:
        a, b = getattr(one, name), getattr(two, name)
        both = math.isfinite(a) and math.isfinite(b)
        found[name] = b - a + (gain_db if name in LEVELS else 0.0) if both else math.nan
    return found


def _alignment(alignment: Alignment, rate: int) -> dict[str, Any]:
    return {
        **asdict(alignment),
        "lag_ms": round(1000.0 * alignment.lag_frames / rate, DIGITS),
        "likeness": _plain(alignment.likeness),
    }


def _plain(value: float | None) -> float | None:
    return round(value, DIGITS) + 0.0 if value is not None and math.isfinite(value) else None
