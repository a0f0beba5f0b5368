"""What is in an importable file, for people: the way through it, the connections it needs, what must be filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from masterify_server.hub.files import texts

PLACEHOLDER = re.compile(r"YOUR-[A-Z-]+")
# Modules of make.com that run without an account elsewhere.
OWN_MODULES = ("builtin", "gateway", "http", "util")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A flow's inside.

    Attributes
    ----------
    steps
        Names of the nodes that a song passes when all goes well, in their order.
    connections
        Credentials (n8n) or apps (make.com) that must be connected, by name.
    placeholders
        What stands in the file to be replaced.
    versions
        Types of nodes with their versions, e.g. ``httpRequest 4.2``.
    """

    steps: tuple[str, ...]
    connections: tuple[str, ...]
    placeholders: tuple[str, ...]
    versions: tuple[str, ...]


@cache
def contents(name: str) -> Contents:
    """Look into a file of the hub.

    >>> contents("form-to-email.n8n.polling.json").connections
    ('Masterify API key', 'SMTP')
    """
    text = texts()[name]
    table = json.loads(text)
    steps, connections, versions = _n8n(table) if ".n8n." in name else _make(table)
    return Contents(
        steps=tuple(steps), connections=tuple(sorted(connections)), versions=tuple(sorted(versions)),
        placeholders=tuple(sorted(set(PLACEHOLDER.findall(text)))),
    )  # fmt: skip


def _n8n(table: Mapping[str, Any]) -> tuple[Sequence[str], set[str], set[str]]:
    nodes = [node for node in table["nodes"] if not node["type"].endswith(".stickyNote")]
    credentials = {held["name"] for node in nodes for held in node.get("credentials", {}).values()}
    versions = {f"{node['type'].rpartition('.')[2]} {node['typeVersion']:g}" for node in nodes}
    return list(_first_outputs(nodes[0]["name"], table["connections"])), credentials, versions


def _first_outputs(name: str, links: Mapping[str, Any]) -> Iterator[str]:
    """Follow the first way out of each node, until there is none or it leads back; the others are for what goes wrong."""
    passed = set()
    while name not in passed:
        yield name
        passed.add(name)
        ways = [each for each in links.get(name, {"main": []})["main"] if each]
        name = ways[0][0]["node"] if ways else name


def _make(table: Mapping[str, Any]) -> tuple[Sequence[str], set[str], set[str]]:
    modules = list(_modules(table["flow"]))
    apps = {module["module"].partition(":")[0] for module in modules}
    main = [module["metadata"]["designer"]["name"] for module in _main_route(table["flow"])]
    versions = {f"{module['module']} {module['version']}" for module in modules}
    return main, {app for app in apps if app not in OWN_MODULES}, versions


def _modules(flow: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for module in flow:
        yield module
        for route in module.get("routes", ()):
            yield from _modules(route["flow"])


def _main_route(flow: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The modules in a row, and at a router its first route."""
    for module in flow:
        if "routes" not in module:
            yield module
        elif module["routes"]:
            yield from _main_route(module["routes"][0]["flow"])
