"""The importable files of the hub. ``python -m masterify_server.hub.files`` writes them beside this module."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from masterify_server.hub import make_flows, n8n_flows

FOLDER = Path(__file__).parent / "flows"


@cache
def texts() -> Mapping[str, str]:
    """Every file by its name: ``drive-to-slack.n8n.webhook.json`` and so on."""
    tables = {
        f"{flow}.n8n.{way}.json": build(way)
        for flow, build in n8n_flows.FLOWS.items()
        for way in n8n_flows.WAYS
    }
    for flow, made in make_flows.FLOWS.items():
        tables |= {f"{flow}.make.{part}.blueprint.json": table for part, table in made().items()}
    return {
        name: json.dumps(table, indent=2, ensure_ascii=False) + "\n" for name, table in sorted(tables.items())
    }


def write() -> None:
    """Bring the files in the repository up to date."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for name, text in texts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
