"""Dynamic equaliser: bells that turn down mud, harshness and sibilance while they are too much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from masterify_core import zones
from masterify_core.audio import Audio
from masterify_core.errors import SettingError
from masterify_core.kernels import zones as kernels
from masterify_core.schema import Checked, Count, Range

REFERENCE_MS = (
    300.0  # what a zone is judged by is heard over this long: a gap in it does not make the zone too much
)
LEAST_SHARE = 0.5  # of a zone's mean power: what is fainter is left alone
Ms = Annotated[float, Range(1.0, 1000.0, "ms")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut(Checked):
    """One zone of `DynamicEq`.

    Attributes
    ----------
    zone
        Of `zones.NAMES`.
    over_db
        Level over the zones it is judged by that is not yet too much, dB; the loudness of the song does not matter.
    slope, most_db
        dB taken for each dB more, and the most, dB.
    attack_ms, release_ms, window_ms
        Time constants of the reduction and of the zone's level, ms.
    """

    zone: Literal["mud", "harsh", "sibilance"]
    over_db: Annotated[float, Range(-60.0, 60.0, "dB")]
    slope: Annotated[float, Range(0.0, 1.0)] = 0.6
    most_db: Annotated[float, Range(0.0, 6.0, "dB")] = 3.0
    attack_ms: Ms = 10.0
    release_ms: Ms = 120.0
    window_ms: Ms = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicEq(Checked):
    """Bells, minimum-phase, both channels alike; where none acts the sound is the same, sample for sample.

    A zone is turned down while it stands too far over its neighbours, unless it is 3 dB under its own mean of the whole
    song: what is quiet is left alone.

    Attributes
    ----------
    cuts
        Each zone at most once.
    """

    cuts: Annotated[tuple[Cut, ...], Count(1, 3)]

    def check(self) -> None:
        """Refuse a zone that stands twice."""
        if len({cut.zone for cut in self.cuts}) < len(self.cuts):
            raise SettingError("cuts", "must name each zone once")

    def __call__(self, audio: Audio) -> Audio:
        """Equalise a copy; same shape."""
        samples = audio.samples.copy()
        self.apply(samples, audio.rate)
        return audio.with_samples(samples)

    def apply(self, samples: NDArray[np.float32], rate: int) -> None:
        """Equalise in place."""
        gains = self.gains(samples, rate)
        if gains.min() < 1.0:
            filters, state, y = (
                zones.filters(rate),
                np.zeros((len(samples), 2, kernels.ZONES)),
                np.empty(kernels.ZONES),
            )
            kernels.follow(samples, filters, state, gains, y, samples)

    def gains(self, samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
        """Gain of each of the four zones (body, which stays, among them) at every step's begin and the last one's end."""
        steps = -(-samples.shape[1] // kernels.STEP)
        energy = np.empty((steps, kernels.ZONES))
        state, y = np.zeros((len(samples), 2, kernels.ZONES)), np.empty(kernels.ZONES)
        kernels.zone_energies(samples, zones.filters(rate), state, y, energy)
        gains = np.ones((steps + 1, kernels.ZONES), np.float32)
        for cut in self.cuts:
            row = list(zones.ZONES_HZ).index(cut.zone)
            reference = energy @ zones.REFERENCES[zones.NAMES.index(cut.zone)]
            times = (cut.attack_ms, cut.release_ms, cut.window_ms, REFERENCE_MS)
            settings = [
                cut.over_db,
                cut.slope,
                cut.most_db,
                *(ms / 1000.0 * rate / kernels.STEP for ms in times),
            ]
            of = np.ascontiguousarray(energy[:, row])
            kernels.cut_curve(of, reference, np.array([*settings, LEAST_SHARE * of.mean()]), gains, row)
        return gains
