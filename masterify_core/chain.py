"""The chain: which stages there are, and how a list of them is run in as few passes as possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from masterify_core.audio import Audio
from masterify_core.filters import Floats, convolve, linear_phase
from masterify_core.stages.dynamics import Dynamics
from masterify_core.stages.repair import Repair
from masterify_core.stages.stereo import Stereo
from masterify_core.stages.tone import Tone

Progress = Callable[[str, float], None]


@runtime_checkable
class Linear(Protocol):
    """A stage that is a zero-phase filter of mid and side; neighbours are multiplied and run as one."""

    def magnitude(self, hz: Floats) -> tuple[Floats, Floats]:
        """Gain of mid and of side at each frequency."""
        ...


class Direct(Protocol):
    """A stage that turns sound into sound by itself."""

    def __call__(self, audio: Audio) -> Audio:
        """Answer the processed sound; same shape and rate."""
        ...


Stage = Linear | Direct

STAGES: Mapping[str, type[Stage]] = {
    "dynamics": Dynamics,
    "repair": Repair,
    "stereo": Stereo,
    "tone": Tone,
}


def run(audio: Audio, stages: Sequence[Stage], on_progress: Progress | None = None) -> Audio:
    """Run the stages in order; with none, the answer is the same sound.

    Neighbouring linear stages become one pair of linear-phase filters, so that static correction costs
    one pass however many stages ask for it.
    """
    waiting: list[Linear] = []
    for done, stage in enumerate(stages):
        if on_progress:
            on_progress("processing", done / len(stages))
        if isinstance(stage, Linear):
            waiting.append(stage)
            continue
        audio = stage(_filtered(audio, waiting))
        waiting = []
    return _filtered(audio, waiting)


def _filtered(audio: Audio, stages: Sequence[Linear]) -> Audio:
    """Run linear stages as one."""
    if not stages:
        return audio

    def combined(channel: int) -> Callable[[Floats], Floats]:
        return lambda hz: np.prod([stage.magnitude(hz)[channel] for stage in stages], axis=0)

    grid = np.geomspace(10.0, audio.rate / 2.0, 200)
    same = np.array_equal(combined(0)(grid), combined(1)(grid))
    mid_taps = linear_phase(combined(0), audio.rate)
    side_taps = None if same else linear_phase(combined(1), audio.rate)
    return audio.with_samples(convolve(audio.samples, audio.rate, mid_taps, side_taps))
