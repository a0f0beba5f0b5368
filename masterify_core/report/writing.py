"""Makes the reports of a mastering or an analysis and writes them, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from masterify_core import files
from masterify_core.audio import Audio
from masterify_core.delivery import Delivery
from masterify_core.errors import OutputError
from masterify_core.files.placing import placed
from masterify_core.metering.report import Measurement
from masterify_core.presets import Library
from masterify_core.recipe import Recipe
from masterify_core.report.document import Master, document
from masterify_core.report.page import Listening, page
from masterify_core.report.portrait import portrait
from masterify_core.report.previews import loudest_part_s, part, previews, seconds_for


def write_mastering_reports(
    paths: Sequence[Path], *, source: str, measurement: Measurement, recipe: Recipe, deliveries: Sequence[Delivery],
    notes: Sequence[str], library: Library, overwrite: bool,
) -> None:  # fmt: skip
    """Read the song and its masters again and write the reports that ``paths`` name: ``.html`` and ``.json``.

    One master a platform is looked at; the same in other formats is only named.

    Raises
    ------
    OutputError, NoPermissionError
        A report exists already, or cannot be written.
    """
    by_platform: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        by_platform.setdefault(delivery.platform, []).append(delivery)
    with_sound = any(path.suffix == ".html" for path in paths)
    audio = files.read(source).audio
    song = portrait(audio, measurement)
    count, length_s = seconds_for(1 + len(by_platform), audio.seconds)
    start_s = loudest_part_s(song.hops, length_s)
    parts = [part(audio, start_s, length_s)] if with_sound and count > 1 else []
    del audio
    masters = []
    for first, *others in by_platform.values():
        if first.path is None:
            raise OutputError(source, "has masters that were not written; a report is about files")
        audio = files.read(first.path).audio
        masters.append(Master(delivery=first, others=tuple(others), portrait=portrait(audio)))
        if parts and len(parts) < count:
            parts.append(part(audio, start_s, length_s))
        del audio
    doc = document(
        source=source, song=song, genre=recipe.genre, library=library, notes=notes, recipe=recipe, masters=masters
    )  # fmt: skip
    made = previews(parts)
    listening = Listening(start_s=start_s, length_s=length_s, previews=made) if made else None
    _write_all(paths, doc, listening, overwrite=overwrite)


def write_analysis_reports(
    paths: Sequence[Path], *, source: str, sound: Audio, measurement: Measurement, genre: str, notes: Sequence[str],
    library: Library, overwrite: bool,
) -> None:  # fmt: skip
    """Write the reports of a song that was measured and not mastered.

    Raises
    ------
    OutputError, NoPermissionError
        A report exists already, or cannot be written.
    """
    song = portrait(sound, measurement)
    doc = document(source=source, song=song, genre=genre, library=library, notes=notes)
    _write_all(paths, doc, None, overwrite=overwrite)


def _write_all(
    paths: Sequence[Path], doc: dict[str, Any], listening: Listening | None, *, overwrite: bool
) -> None:
    for path in paths:
        if path.suffix == ".html":
            text = page(doc, listening)
        else:
            text = json.dumps(doc, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
        with placed(path, overwrite=overwrite) as (file, _):
            file.write(text.encode("utf-8", "backslashreplace"))
