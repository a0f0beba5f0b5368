"""The page of a preview: a grid of genres and intensities to switch between while they play, and what each does."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from masterify_core.preview.document import REGIONS, Values
from masterify_core.report.filling import filled
from masterify_core.report.previews import Preview


def page(doc: Values, made: Sequence[Preview]) -> str:
    """Write the page; ``made`` are the original and then each sound, as variants number them."""
    sounds = [{"variants": [], "gain_db": made[0].own_gain_db}]
    for each in doc["variants"]:
        if each["sound"] == len(sounds):
            sounds.append({"variants": [], "gain_db": made[each["sound"]].own_gain_db})
        sounds[each["sound"]]["variants"].append(each)
    return filled(
        (files(__package__) / "page.html").read_text(encoding="utf-8"),
        doc=doc, excerpt=doc["excerpt"], kbps=doc["excerpt"]["kbps"], preview_s=doc["excerpt"]["seconds"], sounds=sounds,
        rows=_rows(doc, sounds), regions=tuple(REGIONS), mp3=[base64.b64encode(each.mp3).decode("ascii") for each in made],
    )  # fmt: skip


def _rows(doc: Values, sounds: Sequence[dict[str, Any]]) -> list[Values]:
    """The grid: a row a genre, a cell an intensity; a sound's button stands in the first cell that has it."""
    return [
        {
            "title": each["title"],
            "cells": [
                {**cell, "first": sounds[cell["sound"]]["variants"][0]}
                for cell in doc["variants"]
                if cell["genre"] == each["genre"]
            ],
        }
        for each in {variant["genre"]: variant for variant in doc["variants"]}.values()
    ]
