"""Pages of the site: their language, their texts, and answers that a browser need not fetch twice."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from masterify_server.api.pages import render
from masterify_server.dashboard.pages import theme_of
from masterify_server.dashboard.static_files import address
from masterify_server.dashboard.wording import choose_language
from masterify_server.ranges import wanted
from masterify_server.wording import LANGUAGES

TEXTS = Path(__file__).parent / "texts"
# Nothing runs on these pages; style and pictures are our own.
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def page(request: Request, template: str, **values: Any) -> Response:
    """Render a template of ``templates/site`` in the reader's language.

    Templates find ``t`` (the texts), ``language``, ``others`` (the other languages), ``theme``, ``style`` (its address), ``path``
    and ``query``, which links to further pages carry so that a language once chosen stays.
    """
    language = language_of(request)
    is_chosen = request.query_params.get("lang") == language
    text = render(
        f"site/{template}",
        {
            **values, "t": texts(language), "language": language, "path": request.url.path,
            "theme": theme_of(request), "style": address("site.css"),
            "others": [each for each in LANGUAGES if each != language], "query": f"?lang={language}" if is_chosen else "",
        },
    )  # fmt: skip
    headers = {
        "Content-Security-Policy": POLICY,
        "Content-Language": language,
        "Vary": "Cookie, Accept-Language",
    }
    return cached(request, text.encode(), "text/html", headers)


def cached(
    request: Request, body: bytes, media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with an ``ETag``, or that what the client has is current; parts of it if it asks for them."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    part = wanted(request.method, request.headers, len(body), etag)
    told = {"Cache-Control": "no-cache", "ETag": etag, **(headers or {}), **part.headers}
    if part.status == 304:
        return Response(status_code=304, headers=told)
    return Response(body[part.start : part.stop], part.status, told, media_type)


def language_of(request: Request) -> str:
    """Take the language of the address (``?lang=ko``), else the one chosen in the dashboard, else what the browser asks for."""
    chosen = request.query_params.get("lang", "")
    return chosen if chosen in LANGUAGES else choose_language(request)


@cache
def texts(language: str) -> Mapping[str, Any]:
    """What the pages say, by key."""
    return tomllib.loads((TEXTS / f"{language}.toml").read_text(encoding="utf-8"))
