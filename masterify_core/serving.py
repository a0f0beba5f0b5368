"""Serving: whether one file is heard differently, on platforms that it serves, from a master made for each of them.

Both masters are foreseen from the peaks of 128 frames, as the limiter's gain is; what their players do is taken from the
platforms' rules. Two bounds say what is audible. Loudness: 1 LU, what EBU R 128 lets live programmes be off by, about the
least difference of level that listeners notice between songs. Limiting: 1 dB, about the least change of level that is noticed
in broadband sound, in more than a tenth of the moments, once both are equally loud.
On eight real songs at -14, -10 and -8 LUFS what was foreseen of the limiter's loss lay within 0.4 dB of the masters below 3 dB
and 1 dB above, the share of moments within 0.09 (once 0.3 too low).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from masterify_core.preset_platform import Playback
from masterify_core.rendering import Prepared, foreseen, programme_lufs
from masterify_core.stages.limiter import Limiter

Floats = NDArray[np.float64]
AUDIBLE_LU, AUDIBLE_DB, AUDIBLE_SHARE = 1.0, 1.0, 0.1
HOPS_A_MOMENT = 10  # of 10 ms: a beat that loses its edge for 10 ms counts as one moment
HEARD_DB = -20.0  # under the song's mean; quieter hops are not judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """A master made for one platform: its numbers, and how its players play it; None where nothing is known of that."""

    platform: str
    title: str
    loudness_lufs: float
    limiter: Limiter
    playback: Playback | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One file beside a master made for one platform, there.

    Attributes
    ----------
    platform, title
        Name of the preset, and its name for people.
    own_lufs, own_ceiling_dbtp
        What a master of its own would be made to.
    gain_db
        What its players do to this file, dB; None where nothing is documented: both are taken as they are.
    louder_lu
        How much louder this file is played than that master, LU; negative where it is quieter.
    reduction_db
        How much more loudness this file gave to the limiter, dB.
    differing_share
        Share of the moments (100 ms) that differ by 1 dB or more once both are equally loud.
    headroom_db
        How much further its peaks stay from full scale as played, dB.
    over_ceiling_db
        How far this file's ceiling is over that platform's own, dB.
    audible
        Whether a listener would notice; see the module.
    """

    platform: str
    title: str
    own_lufs: float
    own_ceiling_dbtp: float
    gain_db: float | None
    louder_lu: float
    reduction_db: float
    differing_share: float
    headroom_db: float
    over_ceiling_db: float
    audible: bool

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Made:
    """A master as foreseen: loudness, energies of its hops, and the loudness that its limiter took."""

    lufs: float
    energy: Floats
    taken_db: float


def serve(
    prepared: Prepared,
    limiter: Limiter,
    loudness_lufs: float,
    singles: Sequence[Single],
    most_extra_db: float,
) -> tuple[Served, ...]:
    """Hold a file of a loudness and ceiling beside the master that each platform would get of its own."""
    came_lufs = programme_lufs(prepared.hops)

    @cache
    def made(limiter: Limiter, wanted_lufs: float) -> _Made:
        gain_db, energy = foreseen(prepared, limiter, wanted_lufs, most_extra_db)
        lufs = programme_lufs(replace(prepared.hops, energy=energy))
        return _Made(min(lufs, wanted_lufs), energy, came_lufs + gain_db - lufs)

    one = made(limiter, loudness_lufs)
    return tuple(
        _served(one, limiter.ceiling_dbtp, made(each.limiter, each.loudness_lufs), each) for each in singles
    )


def _served(one: _Made, ceiling_dbtp: float, own: _Made, single: Single) -> Served:
    own_ceiling_dbtp = single.limiter.ceiling_dbtp
    gain_db = own_gain_db = 0.0
    if single.playback is not None:
        gain_db = single.playback.gain_db(one.lufs, ceiling_dbtp)
        own_gain_db = single.playback.gain_db(own.lufs, own_ceiling_dbtp)
    louder_lu = one.lufs + gain_db - own.lufs - own_gain_db
    share = _differing_share(one, own)
    return Served(
        platform=single.platform, title=single.title, own_lufs=single.loudness_lufs, own_ceiling_dbtp=own_ceiling_dbtp,
        gain_db=None if single.playback is None else round(gain_db, 2), louder_lu=round(louder_lu, 2) + 0.0,
        reduction_db=round(one.taken_db - own.taken_db, 2) + 0.0, differing_share=round(share, 4),
        headroom_db=round(own_ceiling_dbtp + own_gain_db - ceiling_dbtp - gain_db, 2) + 0.0,
        over_ceiling_db=round(max(0.0, ceiling_dbtp - own_ceiling_dbtp), 2),
        audible=abs(louder_lu) >= AUDIBLE_LU or share > AUDIBLE_SHARE,
    )  # fmt: skip


def _differing_share(one: _Made, own: _Made) -> float:
    """Share of the moments whose level differs by 1 dB or more in one of their hops, once both are equally loud."""
    heard = own.energy > own.energy.mean() * 10.0 ** (HEARD_DB / 10.0)
    if not heard.any():
        return 0.0
    apart_db = np.zeros(len(heard))
    apart_db[heard] = 10.0 * np.log10(one.energy[heard] / own.energy[heard])
    apart_db[heard] -= 10.0 * np.log10(one.energy[heard].sum() / own.energy[heard].sum())
    whole = len(heard) // HOPS_A_MOMENT * HOPS_A_MOMENT
    if whole == 0:
        return float(np.abs(apart_db).max() >= AUDIBLE_DB)
    moments = np.abs(apart_db[:whole]).reshape(-1, HOPS_A_MOMENT).max(axis=1)
    judged = heard[:whole].reshape(-1, HOPS_A_MOMENT).any(axis=1)
    return float((moments[judged] >= AUDIBLE_DB).mean()) if judged.any() else 0.0
