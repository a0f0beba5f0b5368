"""A miniature of a song: slices from everywhere, on which a master's gain is found in less time.

A master's gain meets a loudness on the whole song. Slices taken at even distances hold its loud and quiet parts in
the same proportions; what their loudness is off by is known from the measurement, as tone, dynamics and limiting
move both alike. So the gain is found by the very functions that master the song, to the loudness less that difference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from masterify_core.audio import Audio
from masterify_core.metering.loudness import Hops, energies
from masterify_core.rendering import programme_lufs

SLICE_S, SLICES_S = 2.0, 60.0  # length of a slice, and of all of them
FADE_S = 0.01  # over each join, so that it makes no peak
WORTH_IT = 0.8  # slices that make up more than this share of the song are not worth their error


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Miniature:
    """A song made shorter, and how much louder that is than the song, LU; ``whole`` says that it is the song itself."""

    audio: Audio
    louder_lu: float
    whole: bool


def miniature(song: Audio, hops: Hops) -> Miniature:
    """Take slices of a song, from its first to its last second."""
    if song.seconds * WORTH_IT <= SLICES_S:
        return Miniature(audio=song, louder_lu=0.0, whole=True)
    length, fade = round(SLICE_S * song.rate), round(FADE_S * song.rate)
    begins = np.linspace(0, song.frames - length, round(SLICES_S / SLICE_S)).astype(int).tolist()
    samples = np.concatenate([song.samples[:, begin : begin + length] for begin in begins], axis=1)
    ramp = (0.5 + 0.5 * np.cos(np.pi * np.arange(fade) / fade)).astype(np.float32)
    for number, begin in enumerate(begins[:-1], start=1):  # the slice before goes on under the fade
        head = samples[:, number * length : number * length + fade]
        head += (song.samples[:, begin + length : begin + length + fade] - head) * ramp
    joined = Audio(samples, song.rate)
    louder_lu = programme_lufs(energies(joined.samples, joined.rate)) - programme_lufs(hops)
    return Miniature(audio=joined, louder_lu=louder_lu, whole=False)
