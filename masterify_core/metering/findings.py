"""Findings: what may be damaged in a song, measured for those who repair it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from masterify_core import clicks
from masterify_core.audio import Audio
from masterify_core.metering.hiss import Hiss, measure_hiss
from masterify_core.metering.phase import PhaseBand, measure_phase
from masterify_core.units import gain_to_db

DIGITS = 3
PIECE = 65_536  # frames compared at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Numbers, no verdicts: what counts as damage is decided when a song is planned.

    Attributes
    ----------
    clicks, clicks_per_minute
        Clicks in either channel; those in both at once count once.
    hiss
        What the quiet moments are made of; None where there are none.
    phase
        Octaves of a stereo song, see `PhaseBand`.
    head_step_dbfs, tail_step_dbfs
        Level of the first and the last sample, dBFS: the height of the click that an abrupt start or end makes.
    """

    clicks: int
    clicks_per_minute: float
    hiss: Hiss | None
    phase: tuple[PhaseBand, ...]
    head_step_dbfs: float
    tail_step_dbfs: float

    def to_dict(self) -> dict[str, Any]:
        """JSON values: plain rounded numbers, None for what is not finite or not there."""
        return {name: _plain(value) for name, value in dataclasses.asdict(self).items()}


def find_damage(audio: Audio, band_limit_hz: float | None = None) -> Findings:
    """Measure everything that the repairs look at; the samples must be finite.

    About 0.15 s a minute of stereo. Silence and very short songs have nothing to find.
    """
    count = _clicks(audio)
    first, last = (float(np.abs(audio.samples[:, at]).max()) if audio.frames else 0.0 for at in (0, -1))
    return Findings(
        clicks=count,
        clicks_per_minute=60.0 * count / max(audio.seconds, 1.0),
        hiss=measure_hiss(audio, band_limit_hz),
        phase=measure_phase(audio),
        head_step_dbfs=gain_to_db(first),
        tail_step_dbfs=gain_to_db(last),
    )


def _clicks(audio: Audio) -> int:
    """Clicks in the first and the last channel together."""
    left = clicks.find(audio.samples[0], audio.rate)[:, 0]
    if audio.channels == 1 or _are_alike(audio):
        return len(left)
    right = clicks.find(audio.samples[-1], audio.rate)[:, 0]
    together = round(clicks.LONGEST_MS * audio.rate / 1000.0)
    return len(left) + sum(1 for frame in right if not len(left) or np.abs(left - frame).min() > together)


def _are_alike(audio: Audio) -> bool:
    """Whether the first and the last channel are the same, a piece at a time: most songs end it with the first."""
    return all(
        np.array_equal(piece[0], piece[-1])
        for piece in (audio.samples[:, at : at + PIECE] for at in range(0, audio.frames, PIECE))
    )


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, float):
        return round(value, DIGITS) if np.isfinite(value) else None
    return value
