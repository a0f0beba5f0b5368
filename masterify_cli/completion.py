"""Names of presets for the shell's completion."""

from __future__ import annotations

from collections.abc import Callable


def of(kind: str) -> Callable[[str], list[str]]:
    """Completion of one name of a kind of presets: ``platforms``, ``genres``, ``ai_services``, ``tiers``."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in _names(kind) if name.startswith(incomplete)]

    return complete


def list_of(kind: str) -> Callable[[str], list[str]]:
    """Completion of the last name of a comma-separated list; names that stand before it are not offered."""

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        used = before.split(",")
        return [before + comma + name for name in _names(kind) if name.startswith(last) and name not in used]

    return complete


def every_preset(incomplete: str) -> list[str]:
    """Completion of any preset's name, once each."""
    names = sorted(
        {name for kind in ("platforms", "genres", "ai_services", "tiers") for name in _names(kind)}
    )
    return [name for name in names if name.startswith(incomplete)]


def choices(*values: str) -> Callable[[str], list[str]]:
    """Completion of the last of a comma-separated list of fixed values."""

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        return [before + comma + value for value in values if value.startswith(last)]

    return complete


def _names(kind: str) -> tuple[str, ...]:
    from masterify_core.presets import Library

    try:
        names: tuple[str, ...] = getattr(Library.load(), kind)()
    except Exception:  # a broken preset folder must not print an error into somebody's prompt
        return ()
    return names
