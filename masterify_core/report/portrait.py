"""A portrait of one sound: its measurements, and over time what a curve can show of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.metering.loudness import (
    HOPS_PER_SECOND,
    MOMENTARY_HOPS,
    SHORT_TERM_HOPS,
    Hops,
    hop_energies,
    momentary_lufs,
    short_term_lufs,
)
from masterify_core.metering.report import Measurement, measure

Floats = NDArray[np.float64]
MOST_POINTS = 480  # of a curve: more than a phone or a page has room for, and 5 kB of SVG
LEAST_STEP_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Portrait:
    """What a report shows of one sound.

    Attributes
    ----------
    measurement
        Everything that `measure` finds.
    hops
        K-weighted energies of every 10 ms.
    step_s
        Time between the points of the curves, s; point k stands for the time from ``k * step_s`` on.
    momentary_lufs, short_term_lufs
        Largest loudness whose window is centred in each step, LUFS; ``-inf`` where there is none.
    lowest, highest
        Lowest and highest sample of each step, all channels, full scale = 1.
    """

    measurement: Measurement
    hops: Hops
    step_s: float
    momentary_lufs: Floats
    short_term_lufs: Floats
    lowest: Floats
    highest: Floats

    def to_dict(self) -> dict[str, Any]:
        """JSON values; None where there is no loudness."""
        return {
            "measured": self.measurement.to_dict(),
            "step_s": round(self.step_s, 6),
            "momentary_lufs": rounded(self.momentary_lufs),
            "short_term_lufs": rounded(self.short_term_lufs),
            "waveform_low": rounded(self.lowest, 3),
            "waveform_high": rounded(self.highest, 3),
        }


def portrait(audio: Audio, measurement: Measurement | None = None) -> Portrait:
    """Measure a sound and draw its curves; ``measurement`` if it is known already."""
    hops = hop_energies(audio)
    step_s = max(LEAST_STEP_S, audio.seconds / MOST_POINTS)
    count = max(1, int(np.ceil(audio.seconds / step_s - 1e-9)))
    edges = np.minimum((np.arange(count) * step_s * audio.rate).astype(np.int64), max(0, audio.frames - 1))
    with_sound = audio.frames > 0
    return Portrait(
        measurement=measurement or measure(audio, hops),
        hops=hops,
        step_s=step_s,
        momentary_lufs=_largest(momentary_lufs(hops), MOMENTARY_HOPS, step_s, count),
        short_term_lufs=_largest(short_term_lufs(hops), SHORT_TERM_HOPS, step_s, count),
        lowest=_each(np.minimum, audio, edges) if with_sound else np.zeros(1),
        highest=_each(np.maximum, audio, edges) if with_sound else np.zeros(1),
    )


def rounded(values: Floats, digits: int = 2) -> list[float | None]:
    """JSON numbers; None for what is not finite.

    >>> rounded(np.array([-14.004, -np.inf]))
    [-14.0, None]
    """
    return [
        round(value, digits) + 0.0 if np.isfinite(value) else None for value in np.asarray(values).tolist()
    ]


def _largest(levels: Floats, width: int, step_s: float, count: int) -> Floats:
    """Gather a level every 10 ms, of windows of ``width`` hops, to the largest in each step."""
    found = np.full(count, -np.inf)
    centre_s = (np.arange(len(levels)) + width / 2) / HOPS_PER_SECOND
    np.maximum.at(found, np.minimum((centre_s / step_s).astype(np.int64), count - 1), levels)
    return found


def _each(extreme: np.ufunc, audio: Audio, edges: NDArray[np.int64]) -> Floats:
    """Lowest or highest sample of all channels from each edge to the next."""
    rows = [extreme.reduceat(channel, edges) for channel in audio.samples]
    return np.asarray(extreme.reduce(rows), dtype=np.float64)
