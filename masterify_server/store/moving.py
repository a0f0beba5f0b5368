"""Everything in the store as lines of JSON and back: to move between servers, whose own dumps do not understand each other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from masterify_core.errors import SettingError
from masterify_server.refusals import RefusedError
from masterify_server.store.accounts import list_accounts
from masterify_server.store.calls import SCHEMA_VERSION, Call, as_bool
from masterify_server.store.running import Store

LEFT_OUT = ("rq:", "rate:", "throttle:", "session:", "setup:", "excerpts:")
"""Queue entries are made again by the keeper; rates begin anew; people log in again, ask for set-up links and excerpts again."""

FORMAT = "masterify-store"


def export_lines(store: Store) -> Iterator[str]:
    """Answer every key as a line of JSON, the first line saying what this is.

    All of one moment: the store answers nobody else meanwhile (about a second for 100,000 keys).
    """
    rows = store.do(Call("export_all", LEFT_OUT, _rows))
    yield json.dumps({"format": FORMAT, "schema": SCHEMA_VERSION, "keys": len(rows)})
    for name, kind, value, expiry_ms in rows:
        row = {"key": name, "kind": kind, "value": json.loads(value), "expires_ms": int(expiry_ms)}
        yield json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def import_lines(store: Store, lines: Iterable[str]) -> int:
    """Write what was exported into an empty store; answers the number of keys.

    Raises
    ------
    RefusedError
        ``NOT_EMPTY``: there are accounts already.
    SettingError
        ``line 3 is not what export writes``, ``line 41 is missing: ...``; then nothing is written.
    """
    if store.do(list_accounts()):
        raise RefusedError("NOT_EMPTY")
    rows = enumerate(lines, 1)
    promised = _check_head(next(rows, (1, ""))[1])
    keys = [_key_of(number, line) for number, line in rows if line.strip()]
    if len(keys) != promised:
        raise SettingError(
            f"line {len(keys) + 2}",
            f"is missing: the first line promises {promised} keys, there are {len(keys)}",
        )
    return sum(store.do(Call("import_key", key, as_bool)) for key in keys)


def _key_of(number: int, line: str) -> tuple[str | int, ...]:
    row = _read(number, line)
    try:
        return row["key"], row["kind"], json.dumps(row["value"], ensure_ascii=False), row["expires_ms"]
    except KeyError as error:
        raise SettingError(f"line {number}", f"has no {error}") from None


def _check_head(line: str) -> int:
    """How many keys follow."""
    head = _read(1, line)
    if head.get("format") != FORMAT:
        raise SettingError("line 1", "is not what export writes")
    if head.get("schema", 0) > SCHEMA_VERSION:
        raise SettingError(
            "line 1", f"is of a newer version (schema {head['schema']}, known is {SCHEMA_VERSION})"
        )
    return int(head.get("keys", 0))


def _read(number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise SettingError(f"line {number}", "is not what export writes")
    return row


def _rows(answer: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    return sorted(answer, key=lambda row: str(row[0]))
