"""What the pages say about songs: names of choices, why something was refused, what came of a job and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from masterify_core.presets import Library
from masterify_core.report.numbers import number
from masterify_core.report.texts import one, reason_in, stage_in
from masterify_server.dashboard.wording import text, texts
from masterify_server.errors import STATUSES, ApiError
from masterify_server.refusals import RefusedError
from masterify_server.store.jobs import Job
from masterify_server.wording import message

MEGABYTE = 2**20
STAGES = (
    "queued", "fetching", "reading", "measuring", "processing", "preparing", "rendering", "reporting", "storing", "done",
)  # fmt: skip
"""What a worker says that it does; all of them have words."""


def choice_name(library: Library, kind: str, name: str, language: str, of: str = "title") -> str:
    """Say the title (or ``summary``) of a genre, an AI source or a tier in a language, or as its preset has it.

    >>> choice_name(Library.load(), "genre", "kpop", "ko"), choice_name(Library.load(), "genre", "ballad", "ko")
    ('K-pop', '발라드')
    """
    key = f"choice.{kind}.{name}" if of == "title" else f"{kind}.{name}"
    if key in texts(language):
        return text(key, language)
    return str(getattr(getattr(library, kind)(name), of))


def refusal_words(error: RefusedError, language: str) -> tuple[str, int]:
    """Say what was refused and what to do, for somebody in front of a page; and its HTTP status."""
    if error.code not in STATUSES:
        error = ApiError("INTERNAL_ERROR")
    key = error.key if isinstance(error, ApiError) else error.code
    own = f"refused.{key}"
    facts = {"param": error.param, **error.facts}
    words = text(own, language, facts) if own in texts(language) else message(key, language, facts)
    if error.param == "reference_file":  # the form has two files
        words = text("refused.reference_file", language, {"words": words})
    return words, STATUSES[error.code]


def platform_titles(job: Job, library: Library) -> str:
    """The platforms of a job as people read them; one that is no preset any more is called by its name."""
    known = library.platforms()
    return ", ".join(library.platform(name).title if name in known else name for name in job.order.platforms)


def stage_words(language: str) -> dict[str, str]:
    """What is being done, for each stage that a worker tells."""
    return {stage: text(f"stage.{stage}", language) for stage in STAGES}


def master_rows(job: Job, language: str) -> list[dict[str, Any]]:
    """A row for each master: what was measured beside what was aimed at, and what is to be said of it."""
    return [
        {
            "platform": each["platform"], "title": each.get("title", each["platform"]), "format": each["format"].upper(),
            "megabytes": number(each["size"] / MEGABYTE), "met": each.get("target_met"),
            "lufs": number(each.get("integrated_lufs")), "target_lufs": number(each.get("target_lufs")),
            "dbtp": number(each.get("true_peak_dbtp")), "ceiling_dbtp": number(each.get("ceiling_dbtp")),
            "lra": number(each.get("loudness_range_lu")), "plr": number(each.get("plr_lu")),
            "notes": [reason_in(language, note) for note in each.get("notes", ())],
        }
        for each in job.results
    ]  # fmt: skip


def what_was_done(report: bytes, language: str) -> dict[str, list[dict[str, str]]]:
    """Tell from a stored report what was done to the song and why, for each platform too, and what was left alone."""
    told = json.loads(report)
    recipe = told["recipe"]
    steps = [_step(step, language) for step in recipe["steps"]]
    steps += [
        {
            "name": one(language, "delivery", title=master["title"]),
            "words": one(language, "delivery.about", **_gains(master["delivery"])),
        }
        for master in told["masters"]
    ]
    return {"steps": steps, "left": [_step(step, language) for step in recipe["skipped"]]}


def _step(step: Mapping[str, Any], language: str) -> dict[str, str]:
    return {"name": stage_in(language, step["stage"]), "words": reason_in(language, step["reason"])}


def _gains(delivery: Mapping[str, Any]) -> dict[str, str]:
    return {
        "gain": number(delivery["gain_db"], 1, sign=True), "mean": number(delivery["mean_reduction_db"], 2),
        "sustained": number(delivery["sustained_reduction_db"]), "peak": number(delivery["peak_reduction_db"]),
    }  # fmt: skip
