"""What listeners hear of an album: played as a whole, and song by song among others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from masterify_core.delivery import Delivery
from masterify_core.presets import Platform

AUDIBLE_LU = 1.0  # what is told apart easily between two songs


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How loud one song is played on a platform, LUFS: with its album under one gain, and by itself."""

    path: str | None
    delivered_lufs: float
    in_album_lufs: float
    in_shuffle_lufs: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a platform's listeners get of an album.

    Attributes
    ----------
    platform, title
        Name of the preset, and its name for people.
    songs
        In the album's order.
    album_gain_db
        One gain for all songs where an album is played as a whole: that of its loudest song, dB.
    says
        In words, one sentence for the album, one for shuffle.
    """

    platform: str
    title: str
    songs: tuple[Heard, ...]
    album_gain_db: float
    says: tuple[str, str]

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "platform": self.platform,
            "title": self.title,
            "album_gain_db": self.album_gain_db,
            "album": self.says[0],
            "shuffle": self.says[1],
            "songs": [
                {
                    "path": song.path,
                    "delivered_lufs": song.delivered_lufs,
                    "in_album_lufs": song.in_album_lufs,
                    "in_shuffle_lufs": song.in_shuffle_lufs,
                }
                for song in self.songs
            ],
        }


def judge(platform: Platform, deliveries: Sequence[Delivery]) -> Verdict:
    """Work out what a platform does with the songs of an album, by its documented or reported playback rules."""
    loudest = max(deliveries, key=lambda each: each.levels.integrated_lufs)
    peak = max(each.levels.true_peak_dbtp for each in deliveries)
    album_gain_db = round(platform.playback.gain_db(loudest.levels.integrated_lufs, peak), 2)
    songs = tuple(
        Heard(
            path=each.path,
            delivered_lufs=round(each.levels.integrated_lufs, 2),
            in_album_lufs=round(each.levels.integrated_lufs + album_gain_db, 2),
            in_shuffle_lufs=round(
                each.levels.integrated_lufs
                + platform.playback.gain_db(each.levels.integrated_lufs, each.levels.true_peak_dbtp),
                2,
            ),
        )
        for each in deliveries
    )
    return Verdict(
        platform=deliveries[0].platform, title=platform.title, songs=songs, album_gain_db=album_gain_db,
        says=(_album(songs, album_gain_db), _shuffle(platform, songs)),
    )  # fmt: skip


def _album(songs: Sequence[Heard], gain_db: float) -> str:
    spread = max(song.delivered_lufs for song in songs) - min(song.delivered_lufs for song in songs)
    turned = (
        f"turned {'up' if gain_db > 0 else 'down'} by {abs(gain_db):.1f} dB"
        if abs(gain_db) >= 0.05
        else "as it is"
    )
    return f"as a whole {turned}; the songs keep their distances, {spread:.1f} LU from loudest to quietest"


def _shuffle(platform: Platform, songs: Sequence[Heard]) -> str:
    if platform.playback.target_lufs is None:
        return "no normalisation is known: each song plays as loud as in the album"
    low = min(song.in_shuffle_lufs for song in songs)
    high = max(song.in_shuffle_lufs for song in songs)
    if high - low < AUDIBLE_LU:
        return f"all songs play equally loud, about {high:.1f} LUFS: quiet ones are turned up to the others"
    quiet = sum(song.in_shuffle_lufs < high - AUDIBLE_LU for song in songs)
    return f"{quiet} of {len(songs)} songs play quieter than the others, by up to {high - low:.1f} LU"
