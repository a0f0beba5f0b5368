"""The guides of the Template Hub: what each flow does, needs and gives, step by step, in English and Korean."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from masterify_server.hub.files import texts

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = ("en", "ko")
FLOWS = ("drive-to-slack", "airtable-queue", "form-to-email")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """One flow for people.

    Attributes
    ----------
    name
        Of the flow; its files begin with it.
    title, summary, outcome
        What it is, in a sentence, and what will be seen when it works.
    needs
        What must be there before: the checklist.
    n8n, make
        Steps for either maker.
    notes
        What else to know.
    tested
        What of it was tried, with which versions, and what was not.
    n8n_files, make_files
        Names of the importable files.
    """

    name: str
    title: str
    summary: str
    outcome: str
    needs: tuple[str, ...]
    n8n: tuple[str, ...]
    make: tuple[str, ...]
    notes: tuple[str, ...]
    tested: tuple[str, ...]
    n8n_files: tuple[str, ...]
    make_files: tuple[str, ...]


def guides(language: Language) -> tuple[Guide, ...]:
    """All guides in one language: what is common first, then what the flow adds."""
    tables = _tables()
    return tuple(
        _guide(name, tables["common"][language], tables[name][language], tables["tried"]) for name in FLOWS
    )


def file_notes(language: Language) -> Mapping[str, str]:
    """What a file is for, by what its name says after the flow: ``n8n.webhook``, ``make.1-upload`` and so on."""
    notes: Mapping[str, str] = _tables()["files"][language]
    return notes


def _guide(name: str, common: Mapping[str, Any], own: Mapping[str, Any], tried: Mapping[str, str]) -> Guide:
    of_flow = sorted(
        (file for file in texts() if file.startswith(f"{name}.")), key=lambda file: ".polling." in file
    )
    return Guide(
        name=name, title=own["title"], summary=own["summary"], outcome=own["outcome"],
        needs=(*common["needs"], *own["needs"]), n8n=(*common["n8n"], *own["n8n"]), make=(*common["make"], *own["make"]),
        notes=(*own["notes"], *common["notes"]),
        tested=tuple(text.format_map(tried) for text in (*own["tested"], *common["tested"])),
        n8n_files=tuple(file for file in of_flow if ".n8n." in file),
        make_files=tuple(file for file in of_flow if ".make." in file),
    )  # fmt: skip


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(
        resources.files(__package__ or "").joinpath("guides.toml").read_text(encoding="utf-8")
    )
