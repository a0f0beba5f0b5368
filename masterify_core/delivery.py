"""Delivery: finished sound times a platform's numbers is a file that measures right, and the proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from masterify_core import files
from masterify_core.budget import USUAL_BUDGET, Budget
from masterify_core.codecs import CodecCheck
from masterify_core.errors import OutputError
from masterify_core.metering.loudness import energies
from masterify_core.metering.report import Levels, measure_levels
from masterify_core.rendering import GUARD_DB, Rendered, programme_lufs
from masterify_core.serving import Served
from masterify_core.stages import dither
from masterify_core.stages.limiter import Limiter
from masterify_core.units import db_to_gain

Container = Literal["wav", "flac", "mp3"]
Rows = NDArray[np.float32]
PROMISED_LU = 0.05
TOLERANCE_LU = 0.02  # what delivery allows itself
MOST_RISE_DB = 1.0
SPARE_DB = 0.01  # of true peak, for the rounding of the words of a file
WRITINGS, MAY_RISE = 4, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What one file must measure and how it is written."""

    platform: str
    title: str
    loudness_lufs: float
    limiter: Limiter
    bit_depth: dither.BitDepth
    container: Container
    budget: Budget = USUAL_BUDGET
    served: tuple[Served, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivered file: what was asked, what was done, what the written bytes measure.

    ``reduction_db`` is the deepest reduction of the limiter in each 100 ms, dB; empty if it had nothing to do.
    ``served`` tells, for a file that serves several platforms, what a master for each alone would change there.
    """

    platform: str
    title: str
    path: str | None
    target_lufs: float
    ceiling_dbtp: float
    target_met: bool
    levels: Levels
    gain_db: float
    sustained_reduction_db: float
    peak_reduction_db: float
    mean_reduction_db: float
    rate: int
    bit_depth: str
    container: str
    sha256: str | None
    reduction_db: tuple[float, ...] = ()
    codecs: tuple[CodecCheck, ...] = ()
    served: tuple[Served, ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        own = {
            name: getattr(self, name)
            for name in (
                "platform", "title", "path", "target_lufs", "ceiling_dbtp", "target_met", "gain_db",
                "sustained_reduction_db", "peak_reduction_db", "mean_reduction_db", "rate", "bit_depth", "container",
                "sha256",
            )
        }  # fmt: skip
        codecs = [codec.to_dict() for codec in self.codecs]
        served = [each.to_dict() for each in self.served]
        return {**own, **self.levels.to_dict(), "codecs": codecs, "served": served, "notes": list(self.notes)}


def deliver(
    rendered: Rendered, target: Target, path: Path, *, source: str, overwrite: bool, exact: bool,
    memory: Rows | None = None, again: Callable[[], Rendered] | None = None,
) -> Delivery:  # fmt: skip
    """Write, read back, measure; the file appears only when its bytes measure right.

    Encoders and rounding may move a master a little: then the error is taken out and it is written again.
    ``exact`` says that the samples are the source's own words: nothing is added to them. ``memory`` is where
    the rendering is, if the file may be read back over it; ``again`` then renders anew, should that be needed.

    Raises
    ------
    OutputError, NoPermissionError
        It cannot be written; nothing is left behind.
    """
    trim, wanted = rendered.trim, min(target.loudness_lufs, rendered.lufs)
    for attempt in range(WRITINGS):
        ceiling_dbtp = 0.0 if target.container == "mp3" else target.limiter.ceiling_dbtp
        check = _Check(wanted, ceiling_dbtp, memory, may_rise=attempt < MAY_RISE)
        depth: dither.BitDepth = "32f" if target.container == "mp3" else target.bit_depth
        try:
            with files.create(
                path, rate=rendered.audio.rate, channels=rendered.audio.channels, container=target.container,
                bit_depth=target.bit_depth, tags_from=source, overwrite=overwrite, check=check,
            ) as out:  # fmt: skip
                for block in dither.blocks(rendered.audio, depth, trim, dither=not (exact and trim == 1.0)):
                    out.append(block)
        except _OffError as off:
            trim *= db_to_gain(-off.by_db - GUARD_DB)
            rendered = rendered if again is None else again()
            continue
        return _delivery(
            rendered,
            target,
            check.levels,
            check.lufs,
            out.notes,
            path=str(path),
            sha256=files.sha256_of(path),
        )
    raise OutputError(path, f"stays over its loudness or ceiling after {WRITINGS} tries")


def foresee(rendered: Rendered, target: Target) -> Delivery:
    """Answer the same without a file: what the sound measures before it is written."""
    audio = rendered.audio.with_samples(rendered.audio.samples * np.float32(rendered.trim))
    hops = energies(audio.samples, audio.rate)
    levels = measure_levels(audio, hops)
    return _delivery(rendered, target, levels, programme_lufs(hops), [], path=None, sha256=None)


class _OffError(Exception):
    """A written file is too loud or over its ceiling by so many dB, or too quiet: negative."""

    def __init__(self, by_db: float) -> None:
        super().__init__(by_db)
        self.by_db = by_db


class _Check:
    """Reads a written file back and measures it."""

    def __init__(
        self, wanted_lufs: float, ceiling_dbtp: float, memory: Rows | None, *, may_rise: bool
    ) -> None:
        self._wanted_lufs, self._ceiling_dbtp, self._memory = wanted_lufs, ceiling_dbtp, memory
        self._may_rise = may_rise
        self.levels: Levels
        self.lufs: float

    def __call__(self, path: Path) -> None:
        """Measure; raise if it is too loud, its peaks too high, or it is too quiet and has room (an encoder's low-pass)."""
        audio = files.read(path, memory=self._memory).audio
        hops = energies(audio.samples, audio.rate)
        self.levels, self.lufs = measure_levels(audio, hops), programme_lufs(hops)
        by_db = max(
            self.lufs - self._wanted_lufs - TOLERANCE_LU,
            self.levels.true_peak_dbtp - self._ceiling_dbtp - SPARE_DB,
        )
        if by_db > 0.0:
            raise _OffError(by_db)
        quiet_db = self._wanted_lufs - self.lufs
        has_room = self.levels.true_peak_dbtp + quiet_db <= self._ceiling_dbtp
        if self._may_rise and TOLERANCE_LU < quiet_db < MOST_RISE_DB and has_room:
            raise _OffError(-quiet_db)


def _delivery(
    rendered: Rendered,
    target: Target,
    levels: Levels,
    lufs: float,
    notes: list[str],
    *,
    path: str | None,
    sha256: str | None,
) -> Delivery:
    limited = rendered.limited
    met = abs(lufs - target.loudness_lufs) <= PROMISED_LU
    if not met:
        said = f"{lufs:.2f} LUFS instead of {target.loudness_lufs:g}"
        notes = [*notes, f"{said}: {rendered.stopped}" if rendered.stopped else said]
    notes = [*notes, *target.budget.exceeded(limited.clipped_share, max(limited.reduction_db, default=0.0))]
    return Delivery(
        platform=target.platform, title=target.title, path=path, target_lufs=target.loudness_lufs,
        ceiling_dbtp=target.limiter.ceiling_dbtp, target_met=met, levels=levels, gain_db=round(rendered.gain_db, 3),
        sustained_reduction_db=round(limited.sustained_db, 3), peak_reduction_db=round(limited.peak_db + limited.final_db, 3),
        mean_reduction_db=round(limited.mean_db, 3), rate=rendered.audio.rate, bit_depth=target.bit_depth,
        container=target.container, sha256=sha256, reduction_db=limited.reduction_db,
        codecs=rendered.codecs, served=target.served, notes=tuple(notes),
    )  # fmt: skip
