"""What listeners get: the gain that a platform's players apply to a file, by the rules that are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from masterify_core.metering.report import Levels
from masterify_core.presets import Confidence, Library, Platform, Source

Limited = Literal["no", "yes", "undocumented"]
LEAST_GAIN_DB = 0.05  # less is not worth a word


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How one file is played on one platform.

    Attributes
    ----------
    platform, title
        Name of the preset, and its name for people.
    mode
        Setting of the player that a listener chose; empty for the usual one.
    target_lufs
        Loudness that songs are played at, LUFS; None where nothing is normalised.
    gain_db
        Gain that the player applies; None where nothing is documented.
    heard_lufs
        Integrated loudness at the listener; None where nothing is documented.
    peak_dbtp
        True peak at the listener's converter, before any limiter; None where nothing is documented.
    limited
        Whether the player's limiter works on this file.
    confidence, what, url
        How sure this is, and what says so.
    """

    platform: str
    title: str
    mode: str
    target_lufs: float | None
    gain_db: float | None
    heard_lufs: float | None
    peak_dbtp: float | None
    limited: Limited
    confidence: Confidence | None
    what: str
    url: str


def heard_everywhere(levels: Levels, library: Library, first: str | None = None) -> list[Heard]:
    """How a file is played on every platform that normalises or is known not to; ``first`` stands at the top.

    ``universal`` is no platform that anybody listens on and is left out.
    """
    names = sorted(library.platforms(), key=lambda name: (name != first, name))
    return [
        heard
        for name in names
        if name != "universal"
        for heard in heard_on(name, library.platform(name), levels)
    ]


def heard_on(name: str, platform: Platform, levels: Levels) -> list[Heard]:
    """How a file is played on one platform: the usual way, then what listeners can choose."""
    source = platform.source_of("playback")
    if source is None or source.confidence == "undocumented":
        return [_undocumented(name, platform, source)]
    playback = platform.playback
    gain_db = playback.gain_db(levels.integrated_lufs, levels.true_peak_dbtp)
    found = [_heard(name, platform, source, levels, "", playback.target_lufs, gain_db, "no")]
    for mode in playback.modes:
        gain_db = mode.target_lufs - levels.integrated_lufs
        over = mode.limits_from_dbfs is not None and levels.sample_peak_dbfs + gain_db > mode.limits_from_dbfs
        limited: Limited = "yes" if over and gain_db > 0.0 else "no"
        if mode.limits_from_dbfs is None and gain_db > 0.0:
            # How far a quieter file would be raised is not said for this setting.
            gain_db, limited = playback.gain_db(levels.integrated_lufs, levels.true_peak_dbtp), "undocumented"
            gain_db = min(gain_db, mode.target_lufs - levels.integrated_lufs)
        found.append(_heard(name, platform, source, levels, mode.name, mode.target_lufs, gain_db, limited))
    return found


def _heard(
    name: str, platform: Platform, source: Source, levels: Levels, mode: str, target_lufs: float | None,
    gain_db: float, limited: Limited,
) -> Heard:  # fmt: skip
    gain_db = 0.0 if abs(gain_db) < LEAST_GAIN_DB else round(gain_db, 2)
    return Heard(
        platform=name, title=platform.title, mode=mode, target_lufs=target_lufs, gain_db=gain_db,
        heard_lufs=round(levels.integrated_lufs + gain_db, 2), peak_dbtp=round(levels.true_peak_dbtp + gain_db, 2),
        limited=limited, confidence=source.confidence, what=source.what, url=source.url,
    )  # fmt: skip


def _undocumented(name: str, platform: Platform, source: Source | None) -> Heard:
    return Heard(
        platform=name, title=platform.title, mode="", target_lufs=None, gain_db=None, heard_lufs=None, peak_dbtp=None,
        limited="undocumented", confidence=source.confidence if source else None, what=source.what if source else "",
        url=source.url if source else "",
    )  # fmt: skip
