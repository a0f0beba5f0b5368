"""Calls of the store are values: which script, its arguments, and what its answer means.

A script is one transition, atomic in the store. What runs a call is in `store.running`: one for blocking code
(worker, keeper, command line), one for asyncio (web). So every transition is written, typed and tested once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Generic, TypeVar

from masterify_server.refusals import RefusedError

T = TypeVar("T")

PREFIX = "{masterify}:"
"""Begins every key. The braces are a hash tag: in a cluster all keys share a slot, so scripts may join them."""

SCHEMA_VERSION = 1
"""Of the keys and fields that this version writes; stored under ``schema``."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One round trip to the store."""

    script: str
    args: tuple[str | int, ...]
    parse: Callable[[Any], T]


@cache
def source(script: str) -> str:
    """Text of a script with what all scripts share before it."""
    folder = files("masterify_server.store").joinpath("lua")
    return "\n".join(
        folder.joinpath(f"{name}.lua").read_text(encoding="utf-8") for name in ("_shared", script)
    )


def pairs(answered: str | Iterable[Any]) -> dict[str, str]:
    """A hash, which scripts answer as names and values in turn: in JSON, or as a list where it is part of a stream.

    >>> pairs('["a", "1", "b", "2"]'), pairs(["a", "1"]), pairs("{}")
    ({'a': '1', 'b': '2'}, {'a': '1'}, {})
    """
    names = iter(json.loads(answered) if isinstance(answered, str) else answered)
    return dict(zip(names, names, strict=True))


def flat(fields: Mapping[str, str | int | None]) -> tuple[str | int, ...]:
    """Names and values in turn; what is None is left out.

    >>> flat({"a": 1, "b": None})
    ('a', 1)
    """
    return tuple(word for pair in fields.items() if pair[1] is not None for word in (pair[0], pair[1]))


def number_or_none(text: str | None) -> int | None:
    """A whole number that may be missing."""
    return int(text) if text else None


def refused(answer: Sequence[Any], *facts: str) -> RefusedError:
    """What a script refused: its code, then the facts in the order named."""
    return RefusedError(answer[0], **dict(zip(facts, answer[1:], strict=True)))


def as_bool(answer: Any) -> bool:
    """1 or 0."""
    return bool(answer)
