"""What is learnt of a song before anything is decided: it is read once, and nothing of it is measured twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from masterify_core import files
from masterify_core.errors import UnusableAudioError
from masterify_core.metering.findings import Findings, find_damage
from masterify_core.metering.loudness import Hops, hop_energies
from masterify_core.metering.report import Measurement, measure
from masterify_core.metering.spectrum import Spectra, measure_spectra
from masterify_core.preset_sound import REPAIRS
from masterify_core.presets import Library
from masterify_core.profile import Profiled, profiled
from masterify_core.rendering import QUIETEST_LUFS, programme_lufs
from masterify_core.request import MasterRequest

Progress = Callable[[str, float], None]

MEASURING = 0.1
"""Share of the way at which a song has been read."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Studied:
    """A song, what was measured of it, and what that was made of."""

    song: files.Source
    measurement: Measurement
    hops: Hops
    spectra: Spectra

    def profiled(self) -> Profiled:
        """What it is compared by with a reference."""
        return profiled(self.song.audio, self.hops, self.spectra)

    def damage(self, request: MasterRequest, library: Library) -> Findings | None:
        """What may be damaged, if the tier repairs any of it."""
        if not set(REPAIRS) & set(library.tier(request.tier).stages) or request.intensity <= 0.0:
            return None
        return find_damage(self.song.audio, self.measurement.band_limit_hz)


def studied(source: str, report: Progress) -> Studied:
    """Read a song and measure it.

    Raises
    ------
    UnusableAudioError
        e.g. ``song.wav: has no loudness to master: it is silent, or all of it is below -70 LUFS``.
    MasterifyError
        As `files.read`.
    """
    report("reading", 0.0)
    song = files.read(source, on_progress=lambda share: report("reading", share * MEASURING))
    report("measuring", MEASURING)
    hops, spectra = hop_energies(song.audio), measure_spectra(song.audio)
    measurement = measure(song.audio, hops, spectra)
    if not programme_lufs(hops) > QUIETEST_LUFS:
        raise UnusableAudioError(
            source, "has no loudness to master: it is silent, or all of it is below -70 LUFS"
        )
    return Studied(song=song, measurement=measurement, hops=hops, spectra=spectra)
