"""References: one or several songs to follow, how sure each is, and how far to go."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from masterify_core import files
from masterify_core.audio import Audio
from masterify_core.errors import UnusableAudioError
from masterify_core.metering.loudness import hop_energies, loudness_range_lu
from masterify_core.metering.peaks import find_peaks
from masterify_core.metering.spectrum import THIRD_OCTAVES_HZ
from masterify_core.metering.statistics import median
from masterify_core.profile import Profile, Profiled, profiled
from masterify_core.schema import Checked, Range

Floats = NDArray[np.float64]
Amount = Annotated[float, Range(0.0, 1.0)]

SHORTEST_S = 1.0
NOTED_BELOW_HZ = 16_000.0  # of band limits: higher ones take nothing away that could be matched
SHORT_S = 20.0  # from here on a reference says enough
HALF_SURE_S = 1.0  # of sound after which half of what is heard is believed
MOST_KNOWN = 32  # references remembered, a few kB each
NO_SAY = 1e-12  # weight of what a reference does not hold
PAUSE_DB = -20.0  # under the mean power
SPEECH_PAUSES, SPEECH_SIDE_MID_DB, SPEECH_HZ, SPEECH_SHARE = 0.2, -15.0, (90.0, 5000.0), 0.9
SPEECH_TRUST = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts(Checked):
    """How far to go from the song towards the reference, 0 to 1, for each side of its sound."""

    tone: Amount = 0.7
    dynamics: Amount = 0.7
    width: Amount = 0.7
    loudness: Amount = 0.0


USUAL_AMOUNTS = Amounts()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """What to follow.

    Attributes
    ----------
    name
        For people.
    profile
        Of the reference, or of all of them together.
    loudness_range_lu, plr_lu
        Loudness range, and how far the true peak stands over the loudness; for people.
    dynamics_trust, width_trust
        0 to 1, how sure they are; tone carries its doubt in ``profile.third_octave_error_db``.
    notes
        What the user should know.
    """

    name: str
    profile: Profile
    loudness_range_lu: float
    plr_lu: float
    dynamics_trust: float
    width_trust: float
    notes: tuple[str, ...] = ()


def read_references(
    paths: Sequence[str], on_progress: Callable[[float], None] | None = None
) -> Reference | None:
    """Read every reference and combine them; None if there is none.

    Raises
    ------
    UnusableAudioError
        ``ref.wav: cannot be followed as reference: it is silent, or all of it is below -70 LUFS``.
    MasterifyError
        As `files.read`.
    """
    found = []
    for number, path in enumerate(paths):
        found.append(_read(path))
        if on_progress is not None:
            on_progress((number + 1) / len(paths))
    return combined(found) if found else None


def _read(path: str) -> Reference:
    """Read and measure one reference; several songs after one another may follow the same."""
    try:
        state = Path(path).stat()
    except OSError:
        return reference_of(files.read(path).audio, path)  # which says what is wrong
    return _known(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=MOST_KNOWN)
def _known(path: str, size: int, changed_ns: int) -> Reference:  # noqa: ARG001 (a file that was changed is another)
    return reference_of(files.read(path).audio, path)


def reference_of(audio: Audio, path: str) -> Reference:
    """Measure what to follow in one song; ``path`` says where it came from.

    Raises
    ------
    UnusableAudioError
        It is silent, or shorter than a second.
    """
    if audio.seconds < SHORTEST_S:
        raise UnusableAudioError(
            path,
            f"cannot be followed as reference: it lasts {audio.seconds:.2f} s, give at least a few seconds",
        )
    hops = hop_energies(audio)
    found = profiled(audio, hops)
    profile, name = found.profile, Path(path).name
    if not math.isfinite(profile.integrated_lufs):
        raise UnusableAudioError(
            path, "cannot be followed as reference: it is silent, or all of it is below -70 LUFS"
        )
    trust = profile.seconds / (profile.seconds + HALF_SURE_S)
    notes = []
    if profile.seconds < SHORT_S:
        notes.append(f"{name}: only {profile.seconds:.1f} s of sound, so it is followed less closely")
    if found.band_limit_hz is not None and found.band_limit_hz < NOTED_BELOW_HZ:
        notes.append(
            f"{name}: nothing above {found.band_limit_hz / 1000:.1f} kHz; what lies there is not matched"
        )
    if not profile.has_side:
        notes.append(f"{name}: mono, so width is left alone")
    if _speaks(found):
        notes.append(f"{name}: sounds like a voice alone, so it is followed half as far")
        trust *= SPEECH_TRUST
    believed = replace(profile, third_octave_error_db=profile.third_octave_error_db / trust)
    return Reference(
        name=name, profile=believed, loudness_range_lu=loudness_range_lu(hops),
        plr_lu=find_peaks(audio.samples, audio.rate).true_dbtp - profile.integrated_lufs,
        dynamics_trust=trust, width_trust=trust if profile.has_side else 0.0, notes=tuple(notes),
    )  # fmt: skip


def combined(references: Sequence[Reference]) -> Reference:
    """One reference of several: each counts as much as it is sure, and what they disagree on counts less.

    Third octaves are averaged as in a random-effects meta-analysis. Averaging quantiles averages
    distributions (their Wasserstein barycentre).
    """
    if len(references) == 1:
        return references[0]
    profiles = [each.profile for each in references]
    trust = np.array([each.dynamics_trust for each in references])
    sides = np.array([each.width_trust for each in references])
    shares, side_shares = trust / trust.sum(), sides / max(float(sides.sum()), NO_SAY)
    hz = np.array(THIRD_OCTAVES_HZ)
    weights = [np.where(hz < each.highest_hz, each.third_octave_error_db**-2.0, NO_SAY) for each in profiles]
    third_octaves_db, error_db = _pooled(
        np.stack([each.third_octaves_db for each in profiles]), np.stack(weights)
    )
    profile = Profile(
        seconds=sum(each.seconds for each in profiles),
        integrated_lufs=float(shares @ [each.integrated_lufs for each in profiles]),
        third_octaves_db=third_octaves_db, third_octave_error_db=error_db,
        side_mid_db=side_shares @ np.stack([each.side_mid_db for each in profiles]),
        quantiles_db=np.tensordot(shares, np.stack([each.quantiles_db for each in profiles]), axes=1),
        highest_hz=max(each.highest_hz for each in profiles), has_side=any(each.has_side for each in profiles),
    )  # fmt: skip
    return Reference(
        name=f"{len(references)} references", profile=profile,
        loudness_range_lu=float(shares @ [each.loudness_range_lu for each in references]),
        plr_lu=float(shares @ [each.plr_lu for each in references]),
        dynamics_trust=float(shares @ trust), width_trust=float(side_shares @ sides),
        notes=tuple(note for each in references for note in each.notes),
    )  # fmt: skip


def _pooled(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Weighted mean over the first axis and its standard error; where values disagree all count alike, and less.

    References
    ----------
    R. DerSimonian and N. Laird, *Meta-analysis in clinical trials*, Controlled Clinical Trials 7(3), 1986.
    """
    total = weights.sum(axis=0)
    mean = (weights * values).sum(axis=0) / total
    disagreement = (weights * (values - mean) ** 2).sum(axis=0) - (len(values) - 1)
    spread = np.maximum(disagreement / np.maximum(total - (weights**2).sum(axis=0) / total, NO_SAY), 0.0)
    weights = 1.0 / (1.0 / weights + spread)
    return (weights * values).sum(axis=0) / weights.sum(axis=0), weights.sum(axis=0) ** -0.5


def _speaks(found: Profiled) -> bool:
    """Whether it is likely a voice alone: pauses between words, little else, no width (a guess that only tempers)."""
    power = found.movement.power.reshape(-1, found.movement.power.shape[2])
    frame = power.sum(axis=1)
    pauses = float((frame < frame.mean() * 10.0 ** (PAUSE_DB / 10.0)).mean())
    inside = (found.movement.hz >= SPEECH_HZ[0]) & (found.movement.hz <= SPEECH_HZ[1])
    share = float(power[:, inside].sum() / power.sum())
    side_mid_db = median(found.profile.side_mid_db)
    return pauses > SPEECH_PAUSES and share > SPEECH_SHARE and side_mid_db < SPEECH_SIDE_MID_DB
