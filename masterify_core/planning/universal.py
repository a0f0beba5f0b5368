"""Decides on the one file for several platforms: the loudness and ceiling that serve all that are named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from masterify_core.presets import Library, Platform
from masterify_core.recipe import Order
from masterify_core.serving import AUDIBLE_LU, Single

NAME = "universal"
MOST_CODECS = 20


def serving(
    made: Order,
    library: Library,
    genre: str,
    named: Sequence[str],
    *,
    loudness_asked: bool,
    ceiling_asked: bool,
) -> Order:
    """Let an order serve the platforms named; without any it keeps its preset's numbers and is held beside all of them.

    The loudness is the least of theirs that none of them plays noticeably quieter than a master of its own: louder
    would only be limited more. The ceiling is the strictest of theirs at that loudness.
    """
    if not named:
        return replace(made, serves=tuple(name for name in library.platforms() if name != NAME))
    platforms = [library.platform(name) for name in named]
    loudness_lufs = made.loudness_lufs if loudness_asked else _loudness_lufs(platforms, genre)
    ceiling_dbtp = made.limiter.ceiling_dbtp
    if not ceiling_asked:
        ceiling_dbtp = min(platform.ceiling_for(loudness_lufs) for platform in platforms)
    titles = ", ".join(platform.title for platform in platforms)
    least = f"the least that is played on none of them {AUDIBLE_LU:g} LU quieter than a master of its own"
    return replace(
        made, loudness_lufs=loudness_lufs, limiter=replace(made.limiter, ceiling_dbtp=ceiling_dbtp), serves=tuple(named),
        codecs=tuple(dict.fromkeys(codec for platform in platforms for codec in platform.codecs))[:MOST_CODECS],
        reason=f"for {titles}: {loudness_lufs:g} LUFS {'as asked' if loudness_asked else f'({least})'}, "
        f"{ceiling_dbtp:g} dBTP {'as asked' if ceiling_asked else '(the strictest of theirs)'}",
    )  # fmt: skip


def singles(order: Order, library: Library, genre: str) -> tuple[Single, ...]:
    """The masters that the platforms which an order serves would get of their own; presets that are not here are left out."""
    found = []
    for name in order.serves:
        if name not in library.platforms():
            continue
        platform = library.platform(name)
        lufs = platform.target_lufs(genre)
        source = platform.source_of("playback")
        known = source is not None and source.confidence != "undocumented"
        found.append(
            Single(
                platform=name,
                title=platform.title,
                loudness_lufs=lufs,
                limiter=replace(order.limiter, ceiling_dbtp=platform.ceiling_for(lufs)),
                playback=platform.playback if known else None,
            )
        )
    return tuple(found)


def _loudness_lufs(platforms: Sequence[Platform], genre: str) -> float:
    """Least of the platforms' loudnesses that serves all of them, LUFS."""
    own = [platform.target_lufs(genre) for platform in platforms]

    def quieter_lu(lufs: float) -> float:
        """How much quieter than its own master the worst of them plays a file."""
        return max(
            _heard_lufs(platform, target) - _heard_lufs(platform, lufs)
            for platform, target in zip(platforms, own, strict=True)
        )

    return next(lufs for lufs in sorted(own) if quieter_lu(lufs) < AUDIBLE_LU)


def _heard_lufs(platform: Platform, lufs: float) -> float:
    return lufs + platform.playback.gain_db(lufs, platform.ceiling_for(lufs))
