"""``/docs``: the documentation as one page, made of the API's description, the plans, the messages and the settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from masterify_server import plans, wording
from masterify_server.api.documentation import document
from masterify_server.errors import STATUSES, body_of
from masterify_server.services import base_url, services_of
from masterify_server.site import snippets
from masterify_server.site.description import Chapter, chapters
from masterify_server.site.facts import facts
from masterify_server.site.pages import language_of, page
from masterify_server.site.samples import shown

CODE = Path(__file__).parent / "code"
EXAMPLE = "https://masterify.example"
LIMITS = ("api_keys", "requests_per_minute", "webhooks", "concurrent_jobs")
START = {"curl": "quick_start.sh", "python": "quick_start.py", "javascript": "quick_start.mjs"}
VERIFY = {"Python": "verify.py", "JavaScript": "verify.mjs", "PHP": "verify.php"}
GUIDE = (
    "start", "authentication", "plans", "credits", "files", "rates", "idempotency", "webhooks", "errors", "provenance",
)  # fmt: skip
EVERYWHERE = "Accept-Language"
"""A header that every operation takes; told once, not in every table."""
PLACEHOLDER = re.compile(r"{(\w+)}")


async def docs(request: Request) -> Response:
    """The documentation, with this server's address in its examples."""
    language, origin, services = language_of(request), base_url(request), services_of(request)
    told = {**facts(services, language), "origin": origin, "version": document()["info"]["version"]}
    parts = chapters(language)
    return await run_in_threadpool(  # it takes some hundredths of a second, in which others are to be answered
        page, request, "docs.html",
        fill=lambda text: fill(text, told), here=lambda text: text.replace(EXAMPLE, origin),
        guide=GUIDE, chapters=parts, everywhere=EVERYWHERE,
        examples=_examples(parts, origin), languages={name: title for name, (title, _) in snippets.LANGUAGES.items()},
        start={name: code(file, origin) for name, file in START.items()},
        verify={title: code(file, origin) for title, file in VERIFY.items()},
        message=code("webhook.json", origin), error=_error(language), errors=errors(language, told),
        plans=services.plans.plans, limits=LIMITS, unlimited=plans.UNLIMITED,
        is_open=services.settings.api_min_plan == next(iter(services.plans.plans)),
    )  # fmt: skip


def code(name: str, origin: str) -> str:
    """A piece of code as it stands on the page."""
    return (CODE / f"{name}.txt").read_text(encoding="utf-8").strip().replace(EXAMPLE, origin)


def fill(text: str, told: Mapping[str, str]) -> str:
    """Put facts in for placeholders; what is no fact stays open.

    >>> fill("at most {limit} of {what}", {"limit": "3"})
    'at most 3 of …'
    """
    return PLACEHOLDER.sub(lambda found: told.get(found[1], "…"), text)


def errors(language: str, told: Mapping[str, str]) -> tuple[tuple[str, int, tuple[str, ...]], ...]:
    """Code, status and messages of every error, the general message first."""
    words = wording.table(language)
    known = {"limit_mb": told["file_mb"], "limit_min": told["minutes"]}
    return tuple(
        (
            code,
            status,
            tuple(fill(text, known) for key, text in words.items() if key.partition(".")[0] == code),
        )
        for code, status in STATUSES.items()
    )


def _examples(parts: tuple[Chapter, ...], origin: str) -> dict[str, Any]:
    return {
        operation.id: snippets.snippets(operation, origin)
        for chapter in parts
        for operation in chapter.operations
    }


@cache
def _error(language: str) -> str:
    words = wording.message("INVALID_PARAMETER.missing", language, {"param": "file"})
    body = body_of("INVALID_PARAMETER", words, "req_d32aa9ed19b5f9fde0fb8c04", "file")
    return shown(body)
