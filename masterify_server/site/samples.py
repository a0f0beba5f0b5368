"""Samples of what the API takes and answers, composed of the examples in its description."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from masterify_server.api.documentation import followed

JOB_ID = "550e8400-e29b-41d4-a716-446655440000"
WEBHOOK_ID = "whk_3d2f8a1c9b7e4f60a5d41b02"
MESSAGE_ID = "evt_7c1e5a90b2d84f366b0f2d9ac4137e58"
WORDS = re.compile(r'\[\s+("[^"\]]*"(?:,\s+"[^"\]]*")*)\s+\]')
TIME = "2026-01-15T09:30:00.000Z"
IDS = {"job_id": JOB_ID, "webhook_id": WEBHOOK_ID, "delivery_id": MESSAGE_ID}
"""What stands for a path's placeholders in samples."""


def sample(schema: Mapping[str, Any]) -> Any:
    """A value that a schema allows: its example, or one composed of those of its parts.

    >>> sample({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"enum": ["x", "y"]}}})
    {'a': 0, 'b': 'x'}
    """
    held = followed(dict(schema))
    if "allOf" in held:
        return {name: value for part in held["allOf"] for name, value in sample(part).items()}
    for name in ("examples", "enum"):
        if name in held:
            return held[name][0]
    for name in ("const", "default"):
        if name in held:
            return held[name]
    kind = held["type"] if isinstance(held["type"], str) else held["type"][0]
    if kind == "object":
        return {name: sample(part) for name, part in held.get("properties", {}).items()}
    if kind == "array":
        return [sample(held["items"])]
    return {"string": TIME if held.get("format") == "date-time" else "…", "integer": 0, "boolean": True}[kind]


def shown(value: Any) -> str:
    """JSON for people: a field a line, but short lists of words on one.

    >>> print(shown({"a": ["b", "c"]}))
    {
      "a": ["b", "c"]
    }
    """
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return WORDS.sub(lambda found: f"[{' '.join(found[1].split())}]", text)


def properties_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an object, its parts' included."""
    held = followed(dict(schema))
    found: dict[str, Any] = dict(held.get("properties", {}))
    for part in held.get("allOf", ()):
        found |= properties_of(part)
    return found
