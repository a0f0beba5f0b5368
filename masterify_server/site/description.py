"""The API's description (``openapi.json``) as the documentation shows it: operations, what they take, what they answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from masterify_server.api.documentation import document, followed
from masterify_server.errors import STATUSES
from masterify_server.site.samples import properties_of, sample, shown
from masterify_server.site.translations import say

METHODS = ("get", "post", "patch", "delete")
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, a field of a body or of an answer."""

    name: str
    where: str
    required: bool
    kind: str
    text: str
    default: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes back when all went well; ``sample`` is JSON, or empty."""

    status: str
    text: str
    kinds: tuple[str, ...]
    sample: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    needs_key: bool
    fields: tuple[Field, ...]
    answers: tuple[Answer, ...]
    refusals: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """Operations that belong together."""

    name: str
    title: str
    text: str
    operations: tuple[Operation, ...]


@cache
def chapters(language: str) -> tuple[Chapter, ...]:
    """Tags and their operations, in the order of the document."""
    held = document()
    found = [
        (operation["tags"][0], _operation(path, method, entry, operation, language))
        for path, entry in held["paths"].items()
        for method, operation in entry.items()
        if method in METHODS
    ]
    return tuple(
        Chapter(
            tag["name"], say(tag["name"], language), say(tag["description"].partition("\n\n")[0], language),
            tuple(operation for name, operation in found if name == tag["name"]),
        )
        for tag in held["tags"]
    )  # fmt: skip


def _operation(
    path: str, method: str, entry: Mapping[str, Any], operation: Mapping[str, Any], language: str
) -> Operation:
    parameters = [followed(each) for each in (*entry.get("parameters", ()), *operation.get("parameters", ()))]
    fields = [
        _field(p["name"], p["in"], p.get("required", False), p["schema"], p.get("description", ""), language)
        for p in parameters
    ]
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        where = "form" if media_type.startswith("multipart") else "body"
        fields += _fields(content["schema"], where, language)
    answers = {code: followed(answer) for code, answer in operation["responses"].items()}
    return Operation(
        operation["operationId"], method.upper(), path, say(operation["summary"], language),
        say(operation.get("description", ""), language), operation.get("security") != [], tuple(fields),
        tuple(_answer(code, answer, language) for code, answer in answers.items() if code < "400"),
        tuple((code, _codes(answer)) for code, answer in answers.items() if code >= "400"),
    )  # fmt: skip


def _answer(code: str, answer: Mapping[str, Any], language: str) -> Answer:
    content = answer.get("content", {})
    schema = content.get(JSON, {}).get("schema")
    is_told = schema is not None and bool(properties_of(schema))
    return Answer(
        code, say(answer["description"], language), tuple(content),
        shown(sample(schema)) if is_told else "",
        tuple(_fields(schema, "answer", language)) if is_told else (),
    )  # fmt: skip


def _fields(schema: Mapping[str, Any], where: str, language: str) -> list[Field]:
    """The fields of an object, and behind lists and maps of objects those of what they hold."""
    found = list(_own_fields(schema, where, language))
    for name, held in properties_of(schema).items():
        table = followed(dict(held))
        for sign, inner in (("[]", table.get("items")), (".*", table.get("additionalProperties"))):
            if isinstance(inner, Mapping):
                at = next(place for place, each in enumerate(found) if each.name == name) + 1
                found[at:at] = [
                    replace(each, name=f"{name}{sign}.{each.name}")
                    for each in _own_fields(inner, where, language)
                ]
    return found


def _own_fields(schema: Mapping[str, Any], where: str, language: str) -> Iterator[Field]:
    required = {name for held in _parts(schema) for name in held.get("required", ())}
    for name, held in properties_of(schema).items():
        yield _field(name, where, name in required, held, _text(held), language)


def _field(
    name: str, where: str, required: bool, schema: Mapping[str, Any], text: str, language: str
) -> Field:
    default = followed(dict(schema)).get("default", "")
    return Field(name, where, required, _kind(schema), say(text, language), str(default))


def _parts(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    held = followed(dict(schema))
    return [held, *(followed(each) for each in held.get("allOf", ()))]


def _text(schema: Mapping[str, Any]) -> str:
    return str(followed(dict(schema)).get("description", ""))


def _codes(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Error codes that a refusal names."""
    return tuple(code for code in STATUSES if f"`{code}`" in answer["description"])


def _kind(schema: Mapping[str, Any]) -> str:
    held = followed(dict(schema))
    if "contentMediaType" in held:
        return "file"
    if "const" in held:
        return str(held["const"])
    if "enum" in held:
        kind = " · ".join(held["enum"])
    elif "oneOf" in held:
        kind = " · ".join(_kind(each) for each in held["oneOf"])
    elif held.get("type") == "array":
        kind = f"[{_kind(held['items'])}]"
    else:
        kind = held["type"] if isinstance(held["type"], str) else " · ".join(held["type"])
    return kind
