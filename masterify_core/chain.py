"""The chain: which stages there are, and how a list of them is run in as few passes as possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.filters import Floats, convolve, linear_phase
from masterify_core.stages.declick import Declick
from masterify_core.stages.denoise import Denoise
from masterify_core.stages.dynamic_eq import DynamicEq
from masterify_core.stages.dynamics import Dynamics
from masterify_core.stages.edges import Edges
from masterify_core.stages.image import Image
from masterify_core.stages.match import Match
from masterify_core.stages.repair import Repair
from masterify_core.stages.saturation import Saturation
from masterify_core.stages.stereo import Stereo
from masterify_core.stages.tone import Tone

Rows = NDArray[np.float32]


@runtime_checkable
class Linear(Protocol):
    """A stage that is a zero-phase filter of mid and side; neighbours are multiplied and run as one."""

    def magnitude(self, hz: Floats) -> tuple[Floats, Floats]:
        """Gain of mid and of side at each frequency."""
        ...


class Direct(Protocol):
    """A stage that works on the samples themselves."""

    def apply(self, samples: NDArray[np.float32], rate: int) -> None:
        """Process ``(channels, frames)`` in place."""
        ...


Stage = Linear | Direct

STAGES: Mapping[str, type[Stage]] = {
    "declick": Declick,
    "denoise": Denoise,
    "dynamic_eq": DynamicEq,
    "dynamics": Dynamics,
    "edges": Edges,
    "image": Image,
    "match": Match,
    "repair": Repair,
    "saturation": Saturation,
    "stereo": Stereo,
    "tone": Tone,
}


def run(audio: Audio, stages: Sequence[Stage], memory: Rows | None = None) -> Audio:
    """Run the stages in order; with none, the answer is the same sound.

    Neighbouring linear stages become one pair of linear-phase filters, so that static correction costs
    one pass however many stages ask for it. Stages that work in place do so in ``memory``, the array behind
    ``audio``, if the caller gives it up; otherwise in a copy.
    """
    samples = audio.samples if memory is None else memory
    for is_linear, group in groupby(stages, lambda stage: isinstance(stage, Linear)):
        if is_linear:
            samples = _filtered(samples, audio.rate, [stage for stage in group if isinstance(stage, Linear)])
            continue
        if samples is audio.samples:  # still the caller's
            samples = samples.copy()
        for stage in group:
            if not isinstance(stage, Linear):
                stage.apply(samples, audio.rate)
    return audio.with_samples(samples) if stages else audio


def _filtered(samples: Rows, rate: int, stages: Sequence[Linear]) -> Rows:
    """Run linear stages as one."""

    def combined(channel: int) -> Callable[[Floats], Floats]:
        return lambda hz: np.prod([stage.magnitude(hz)[channel] for stage in stages], axis=0)

    grid = np.geomspace(10.0, rate / 2.0, 200)
    same = np.array_equal(combined(0)(grid), combined(1)(grid))
    mid_taps = linear_phase(combined(0), rate)
    side_taps = None if same else linear_phase(combined(1), rate)
    return convolve(samples, rate, mid_taps, side_taps)
