"""``/openapi.json``: the API's description, for programs. ``/docs`` is made of it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

FILE = Path(__file__).parents[1] / "openapi.json"
CACHED = {"Cache-Control": "public, max-age=300"}


async def openapi(_request: Request) -> Response:
    """The description itself."""
    return Response(FILE.read_bytes(), media_type="application/json", headers=CACHED)


@cache
def document() -> dict[str, Any]:
    """OpenAPI 3.1, as it is served."""
    held: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return held


def followed(held: dict[str, Any]) -> dict[str, Any]:
    """What a ``$ref`` stands for."""
    if "$ref" not in held:
        return held
    found: Any = document()
    for name in held["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)
