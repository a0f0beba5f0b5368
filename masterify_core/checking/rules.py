"""What a finished file is checked for: rules as data, each with its severity and its source."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from masterify_core.preset_platform import Confidence, Platform
from masterify_core.schema import Checked, build

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Checked):
    """One thing that a file is checked for.

    Attributes
    ----------
    severity
        ``error``: refused or broken. ``warning``: will sound worse than it needs to. ``info``: worth knowing.
    title
        What is right about a file that passes.
    limit, unit
        Largest value that passes, where there is one.
    confidence, what, url
        How sure the rule is, and what says so.
    """

    severity: Severity
    title: str
    limit: float | None = None
    unit: str = ""
    confidence: Confidence
    what: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule says of one file.

    Attributes
    ----------
    rule
        Its name; stable, for programs.
    passed
        Whether the file is as it should be; None where that could not be found out.
    found
        What was found, for people.
    value, limit, unit
        The number behind it and the most (or least) that passes, where there are such.
    """

    rule: str
    severity: Severity
    title: str
    passed: bool | None
    found: str
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    confidence: Confidence
    what: str
    url: str = ""


@cache
def rules() -> dict[str, Rule]:
    """Rules for every platform, by name."""
    table: dict[str, Any] = tomllib.loads((files(__package__) / "rules.toml").read_text(encoding="utf-8"))
    return {name: build(Rule, settings) for name, settings in table.items()}


def by_rule(name: str, passed: bool | None, found: str, value: float | None = None) -> Finding:
    """Answer what a rule for every platform says."""
    rule = rules()[name]
    return Finding(
        rule=name, severity=rule.severity, title=rule.title, passed=passed, found=found, value=value, limit=rule.limit,
        unit=rule.unit, confidence=rule.confidence, what=rule.what, url=rule.url,
    )  # fmt: skip


def by_platform(
    platform: Platform, key: str, name: str, severity: Severity, title: str, passed: bool, found: str, *,
    value: float | None = None, limit: float | None = None, unit: str = "",
) -> Finding:  # fmt: skip
    """Answer what a platform's own number says; ``key`` is that number's key in the preset."""
    source = platform.source_of(key)
    return Finding(
        rule=name, severity=severity, title=title, passed=passed, found=found, value=value, limit=limit, unit=unit,
        confidence=source.confidence if source else "choice", what=source.what if source else "The preset says so.",
        url=source.url if source else "",
    )  # fmt: skip
