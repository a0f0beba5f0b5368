"""``/openapi.json`` and ``/docs``: the API's description, for programs and for people."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from masterify_server.api.pages import page
from masterify_server.errors import STATUSES
from masterify_server.wording import table

FILE = Path(__file__).parents[1] / "openapi.json"
PLACEHOLDER = re.compile(r"{\w+}")
METHODS = ("get", "post", "patch", "delete")
CACHED = {"Cache-Control": "public, max-age=300"}


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a field of a body, as the page lists it."""

    name: str
    where: str
    required: bool
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address, as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    fields: tuple[Field, ...]
    answers: tuple[tuple[str, str], ...]


async def openapi(_request: Request) -> Response:
    """The description itself."""
    return Response(FILE.read_bytes(), media_type="application/json", headers=CACHED)


async def docs(_request: Request) -> HTMLResponse:
    """The description as a page."""
    return page("docs.html", {"info": document()["info"], "chapters": chapters(), "errors": errors()})


@cache
def document() -> dict[str, Any]:
    """OpenAPI 3.1, as it is served."""
    held: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return held


@cache
def chapters() -> tuple[tuple[dict[str, Any], tuple[Operation, ...]], ...]:
    """Tags and their operations, in the order of the document."""
    held = document()
    found = [
        (operation["tags"][0], _operation(path, method, entry, operation))
        for path, entry in held["paths"].items()
        for method, operation in entry.items()
        if method in METHODS
    ]
    return tuple((tag, tuple(op for name, op in found if name == tag["name"])) for tag in held["tags"])


def errors() -> tuple[tuple[str, int, str], ...]:
    """Code, status and general message of every error; what varies is left open."""
    words = table("en")
    return tuple((code, status, PLACEHOLDER.sub("…", words[code])) for code, status in STATUSES.items())


def _operation(path: str, method: str, entry: dict[str, Any], operation: dict[str, Any]) -> Operation:
    parameters = [
        _followed(each) for each in (*entry.get("parameters", ()), *operation.get("parameters", ()))
    ]
    fields = [
        Field(p["name"], p["in"], p.get("required", False), _kind(p["schema"]), p.get("description", ""))
        for p in parameters
    ]
    for content in operation.get("requestBody", {}).get("content", {}).items():
        fields += _body_fields(*content)
    answers = tuple(
        (code, _followed(answer)["description"]) for code, answer in operation["responses"].items()
    )
    return Operation(
        operation["operationId"], method.upper(), path, operation["summary"], operation.get("description", ""),
        tuple(fields), answers,
    )  # fmt: skip


def _body_fields(media_type: str, content: dict[str, Any]) -> list[Field]:
    schema = _followed(content["schema"])
    where = "form" if media_type.startswith("multipart") else "body"
    return [
        Field(
            name,
            where,
            name in schema.get("required", ()),
            _kind(_followed(held)),
            _followed(held).get("description", ""),
        )
        for name, held in schema["properties"].items()
    ]


def _kind(schema: dict[str, Any]) -> str:
    schema = _followed(schema)
    if "contentMediaType" in schema:
        return "file"
    kind = str(schema.get("type", ""))
    if "enum" in schema:
        kind = " · ".join(schema["enum"])
    return f"{kind} (default {schema['default']})" if "default" in schema else kind


def _followed(held: dict[str, Any]) -> dict[str, Any]:
    """What a ``$ref`` stands for."""
    if "$ref" not in held:
        return held
    found: Any = document()
    for name in held["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)
