"""Turns a platform's numbers, or the caller's, into an order."""

from __future__ import annotations

from typing import Literal

from masterify_core.budget import USUAL_BUDGET, Budget
from masterify_core.presets import Genre, Platform
from masterify_core.recipe import Order
from masterify_core.schema import to_table
from masterify_core.stages.limiter import Limiter

CLIP_FROM_DB = {"standard": 0.8, "high": 0.5}
"""Where the clipper of each quality begins, over the ceiling, dB: least Zimtohrli distance on eight songs at -8 LUFS."""


def order(
    name: str, platform: Platform, genre: str, sound: Genre, loudness_lufs: float | None, ceiling_dbtp: float | None,
    bit_depth: Literal["16", "24", "32f"] | None, sample_rate: int | None, codec_check: Literal["off", "hot", "full"],
    quality: Literal["standard", "high"], mixture: float,
) -> Order:  # fmt: skip
    """Turn a platform's numbers, or the caller's, into an order; the less of a mix the song is, the less loudness may cost."""
    target = platform.target_lufs(genre) if loudness_lufs is None else loudness_lufs
    ceiling = platform.ceiling_for(target) if ceiling_dbtp is None else ceiling_dbtp
    told = [
        "loudness as asked" if loudness_lufs is not None else f"{platform.title}: {target:g} LUFS",
        "ceiling as asked" if ceiling_dbtp is not None else f"{ceiling:g} dBTP",
    ]
    return Order(
        platform=name, title=platform.title, loudness_lufs=target,
        limiter=Limiter(
            ceiling_dbtp=ceiling, clip_from_db=CLIP_FROM_DB[quality], clip_depth_db=sound.clip_db, quality=quality
        ),
        bit_depth=bit_depth or platform.bit_depth or "24", sample_rate=sample_rate or platform.sample_rate_hz,
        codecs=platform.codecs, codec_check=codec_check,
        budget=Budget(**{key: round(most * mixture, 4) for key, most in to_table(USUAL_BUDGET).items()}),
        reason=", ".join(told),
    )  # fmt: skip
