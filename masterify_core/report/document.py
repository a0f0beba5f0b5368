"""The report as values: one JSON document that both the JSON file and the page are written from."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from masterify_core.balance import balance_db
from masterify_core.delivery import Delivery
from masterify_core.errors import UnknownNameError
from masterify_core.presets import NINE_BANDS_HZ, THIRD_OCTAVES_HZ, Genre, Library, Platform
from masterify_core.recipe import Recipe
from masterify_core.report.listeners import heard_everywhere
from masterify_core.report.portrait import Portrait, rounded

FORMAT = 1
REDUCTION_STEP_S = 0.1  # of `Delivery.reduction_db`
Values = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Master:
    """One master of a song: its file, the same sound in other formats, and its portrait."""

    delivery: Delivery
    others: tuple[Delivery, ...]
    portrait: Portrait


def document(
    *, source: str, song: Portrait, genre: str, library: Library, notes: Sequence[str],
    recipe: Recipe | None = None, masters: Sequence[Master] = (),
) -> Values:  # fmt: skip
    """Everything a report says, as JSON values; `report.schema.json` describes them.

    Files are named without their folders, so that a report can be passed on. Without ``recipe`` and
    ``masters`` it is the report of an analysis.
    """
    sound = _genre(genre, library)
    return {
        "format": FORMAT,
        "kind": "analysis" if recipe is None else "mastering",
        "song": {"file": Path(source).name, **_sound(song, sound, library, None)},
        "genre": None if sound is None else _genre_values(genre, sound),
        "recipe": None if recipe is None else recipe.to_dict(),
        "masters": [_master(master, sound, library) for master in masters],
        "notes": list(notes),
    }


def _sound(portrait: Portrait, genre: Genre | None, library: Library, first: str | None) -> Values:
    """A sound's portrait, its tone beside the genre's, and how it is played everywhere."""
    measurement = portrait.measurement
    over = None if genre is None else balance_db(measurement, genre)
    has_loudness = math.isfinite(measurement.integrated_lufs) and math.isfinite(measurement.true_peak_dbtp)
    heard = heard_everywhere(measurement, library, first) if has_loudness else []
    return {
        **portrait.to_dict(),
        "genre_balance_db": [] if over is None else rounded(np.asarray(over)),
        "listeners": [dataclasses.asdict(each) for each in heard],
    }


def _master(master: Master, genre: Genre | None, library: Library) -> Values:
    delivery = master.delivery
    platform = _platform(delivery.platform, library)
    files = [{"file": _name(each), "sha256": each.sha256} for each in (delivery, *master.others)]
    own = {key: value for key, value in delivery.to_dict().items() if key not in ("path", "sha256", "notes")}
    return {
        "platform": delivery.platform,
        "title": delivery.title,
        "files": files,
        "delivery": own,
        "reduction": {"step_s": REDUCTION_STEP_S, "db": list(delivery.reduction_db)},
        "facts": [] if platform is None else [dataclasses.asdict(source) for source in platform.sources],
        "platform_note": "" if platform is None else platform.note,
        "verdict": _verdict(delivery, platform),
        **_sound(master.portrait, genre, library, delivery.platform),
        "notes": list(dict.fromkeys(note for each in (delivery, *master.others) for note in each.notes)),
    }


def _verdict(delivery: Delivery, platform: Platform | None) -> list[Values]:
    """Whether each number of the platform is met, and how sure that number is."""
    levels = delivery.levels
    rows = [
        ("loudness_lufs", delivery.target_met, levels.integrated_lufs, delivery.target_lufs, "LUFS"),
        (
            "ceiling_dbtp", levels.true_peak_dbtp <= delivery.ceiling_dbtp + 0.005 or delivery.container == "mp3",
            levels.true_peak_dbtp, delivery.ceiling_dbtp, "dBTP",
        ),
    ]  # fmt: skip
    found = []
    for key, met, value, wanted, unit in rows:
        source = (
            platform.source_of(key) if platform is not None and _is_its_own(key, wanted, platform) else None
        )
        found.append(
            {
                "rule": key, "met": met, "value": round(value, 2) if math.isfinite(value) else None,
                "wanted": wanted, "unit": unit,
                "confidence": source.confidence if source else "asked",
                "what": source.what if source else "", "url": source.url if source else "",
            }
        )  # fmt: skip
    return found


def _is_its_own(key: str, wanted: float, platform: Platform) -> bool:
    """Whether a number is the platform's rather than the caller's."""
    if key == "loudness_lufs":
        return wanted in (platform.loudness_lufs, *platform.loudness_by_genre.values())
    return wanted in (platform.ceiling_dbtp, platform.ceiling_loud_dbtp)


def _genre_values(name: str, genre: Genre) -> Values:
    return {
        "name": name,
        "title": genre.title,
        "third_octaves_hz": list(THIRD_OCTAVES_HZ),
        "curve_db": list(genre.curve_db),
        "spread_db": list(genre.spread_db),
        "bands_hz": list(NINE_BANDS_HZ),
        "side_mid_db": list(genre.side_mid_db),
        "side_mid_spread_db": list(genre.side_mid_spread_db),
    }


def _name(delivery: Delivery) -> str:
    return Path(delivery.path).name if delivery.path is not None else ""


def _genre(name: str, library: Library) -> Genre | None:
    """The genre, or None where a recipe was made with a preset that is not here."""
    try:
        return library.genre(name)
    except UnknownNameError:
        return None


def _platform(name: str, library: Library) -> Platform | None:
    try:
        return library.platform(name)
    except UnknownNameError:
        return None
