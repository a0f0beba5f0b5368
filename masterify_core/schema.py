"""Checked settings: tables (TOML, JSON) to frozen dataclasses and back, with messages that name the key.

A settings class says everything once, in its annotations; construction, reading, tests and docs use that:

>>> @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
... class Shelf(Checked):
...     gain_db: Annotated[float, Range(-12.0, 12.0, "dB")]
...     side: Literal["low", "high"] = "low"
>>> build(Shelf, {"gain_db": 3})
Shelf(gain_db=3.0, side='low')
>>> to_table(_)
{'gain_db': 3.0, 'side': 'low'}
>>> Shelf(gain_db=30.0)
Traceback (most recent call last):
masterify_core.errors.SettingError: gain_db must be -12 to 12 dB, got 30
>>> build(Shelf, {"gain": 3})
Traceback (most recent call last):
masterify_core.errors.SettingError: gain is unknown (did you mean gain_db?); known are gain_db, side
"""

from __future__ import annotations

import dataclasses
import math
import numbers
import reprlib
import types
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from masterify_core.errors import SettingError

T = TypeVar("T")

_LONGEST_SHOWN = 60
"""Characters of a wrong value that a message repeats; a request may hold megabytes."""

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = _LONGEST_SHOWN

_NEAR = 0.6
"""How alike two names are (0-1, difflib's ratio) before one is offered for the other."""


@dataclasses.dataclass(frozen=True, slots=True)
class Range:
    """The values a number may take, ends included: ``Annotated[float, Range(-12.0, 0.0, "dBTP")]``."""

    low: float
    high: float
    unit: str = ""

    def __str__(self) -> str:
        """Answer e.g. ``-12 to 0 dBTP``."""
        return f"{self.low:g} to {self.high:g} {self.unit}".rstrip()

    def check(self, key: str, value: Any) -> None:
        """Raise `SettingError` unless the number (or nothing) is inside."""
        if value is not None and not self.low <= value <= self.high:
            raise SettingError(key, f"must be {self}, got {value:.10g}")


@dataclasses.dataclass(frozen=True, slots=True)
class Count:
    """How many values a tuple holds: ``Annotated[tuple[float, ...], Count(28)]``."""

    low: int
    high: int | None = None

    def __str__(self) -> str:
        """Answer e.g. ``28 values`` or ``1 to 4 values``."""
        return f"{self.low} values" if self.high is None else f"{self.low} to {self.high} values"

    def check(self, key: str, value: Any) -> None:
        """Raise `SettingError` unless there are as many."""
        if not self.low <= len(value) <= (self.low if self.high is None else self.high):
            raise SettingError(key, f"must have {self}, got {len(value)}")


class Checked:
    """Base of settings: frozen, keyword-only, slotted dataclasses that cannot hold a wrong value.

    Construction checks type, finiteness and `Range` of each field. Whole numbers become floats where
    the field is one, numpy scalars become plain numbers, lists become tuples and tables become the
    dataclass of the field, so that a value always holds exactly what its annotations say.
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        """Check every field, then the rules between fields."""
        for name, hint in hints_of(type(self)).items():
            object.__setattr__(self, name, _fitted(hint, getattr(self, name), name))
        self.check()

    def check(self) -> None:
        """Check what concerns several fields at once; raise `SettingError` naming one of them."""


def build(cls: type[T], table: Any) -> T:
    """Read a table into a settings class.

    Parameters
    ----------
    cls
        A dataclass whose annotations are made of ``bool``, ``int``, ``float``, ``str``, ``Any``,
        ``Literal``, ``X | None``, ``tuple[X, ...]``, ``tuple[X, Y]``, ``dict[str, X]``, other such
        dataclasses, and ``Annotated`` with `Range` or `Count`.
    table
        What a TOML or JSON reader answered.

    Raises
    ------
    SettingError
        e.g. ``codecs[1].kbps must be 8 to 1000 kbit/s, got 5``; ``error.found_in(file)`` names the file.
    """
    return _built(cls, table, "")


def to_table(value: Any) -> Any:
    """Plain table of a settings value, for JSON and TOML; ``build(type(value), to_table(value)) == value``.

    Tuples become lists. A field that is None by default and by value is left out (TOML has no null).
    """
    if dataclasses.is_dataclass(value):
        wanted = (field for field in dataclasses.fields(value) if field.init)
        pairs = ((field, getattr(value, field.name)) for field in wanted)
        return {f.name: to_table(held) for f, held in pairs if not (held is None and f.default is None)}
    if isinstance(value, Mapping):
        return {key: to_table(held) for key, held in value.items()}
    if isinstance(value, tuple | list):
        return [to_table(held) for held in value]
    return value


def hints_of(cls: Any) -> dict[str, Any]:
    """Annotation of each field that a settings class is constructed with, in order."""
    return _hints(cls)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Known name that was probably meant, whatever the case; None if nothing is alike.

    >>> nearest("Spotfy", ["spotify", "melon"])
    'spotify'
    """
    from difflib import get_close_matches  # only mistakes pay for it

    by_folded = {each.casefold(): each for each in known}
    found = get_close_matches(name[:_LONGEST_SHOWN].casefold(), by_folded, n=1, cutoff=_NEAR)
    return by_folded[found[0]] if found else None


def unknown(name: str, known: Iterable[str]) -> str:
    """Words for a name that does not exist: the nearest one and all of them.

    >>> unknown("ceiling", ["title", "ceiling_dbtp"])
    'is unknown (did you mean ceiling_dbtp?); known are title, ceiling_dbtp'
    """
    known = list(known)
    meant = nearest(name, known)
    hint = f" (did you mean {meant}?)" if meant else ""
    return f"is unknown{hint}; known are {', '.join(known) or 'none'}"


def shown(value: Any) -> str:
    """Short, printable form of any value for a message."""
    text = _SHORT.repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."


@cache
def _hints(cls: Any) -> dict[str, Any]:
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls) if field.init}


def _built(cls: type[T], table: Any, path: str) -> T:
    if not isinstance(table, Mapping):
        raise SettingError(path or cls.__name__, f"must be a table of settings, got {shown(table)}")
    hints = hints_of(cls)
    prefix = f"{path}." if path else ""
    for key in table:
        if key not in hints:
            raise SettingError(prefix + _key(key), unknown(str(key), hints))
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        required = field.default is field.default_factory is dataclasses.MISSING
        if field.init and required and field.name not in table:
            raise SettingError(prefix + field.name, "is missing")
    values = {key: _fitted(hints[key], value, prefix + key) for key, value in table.items()}
    try:
        return cls(**values)
    except SettingError as error:  # a rule between fields knows its key, not the path that led here
        raise type(error)(prefix + error.key, error.problem, error.source) from None


def _key(name: Any) -> str:
    plain = isinstance(name, str) and name.isprintable() and 0 < len(name) <= _LONGEST_SHOWN
    return name if plain else shown(name)


def _fitted(hint: Any, value: Any, key: str) -> Any:
    """Value as its annotation wants it, or a `SettingError`."""
    origin = get_origin(hint)
    if origin is Annotated:
        fitted = _fitted(hint.__origin__, value, key)
        for mark in hint.__metadata__:
            mark.check(key, fitted)
        return fitted
    if origin is Literal:
        return _choice(get_args(hint), value, key)
    if origin in (Union, types.UnionType):
        return None if value is None else _fitted(_only_choice(hint), value, key)
    if origin is tuple:
        return _row(get_args(hint), value, key)
    if origin is dict:
        if not isinstance(value, Mapping):
            raise SettingError(key, f"must be a table, got {shown(value)}")
        each = get_args(hint)[1]
        return {str(name): _fitted(each, held, f"{key}.{_key(name)}") for name, held in value.items()}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return value if isinstance(value, hint) else _built(hint, value, key)
    return _scalar(hint, value, key)


def _only_choice(hint: Any) -> Any:
    (wanted,) = (each for each in get_args(hint) if each is not types.NoneType)  # X | None is all we know
    return wanted


def _choice(choices: tuple[Any, ...], value: Any, key: str) -> Any:
    for choice in choices:
        if type(value) is type(choice) and value == choice:
            return choice
    meant = nearest(value, map(str, choices)) if isinstance(value, str) else None
    hint = f" (did you mean {meant}?)" if meant else ""
    raise SettingError(key, f"must be one of {', '.join(map(str, choices))}, got {shown(value)}{hint}")


def _row(kinds: tuple[Any, ...], value: Any, key: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise SettingError(key, f"must be a list, got {shown(value)}")
    if len(kinds) == 2 and kinds[1] is ...:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise SettingError(key, f"must have {len(kinds)} values, got {len(value)}")
    return tuple(
        _fitted(kind, v, f"{key}[{n}]") for n, (kind, v) in enumerate(zip(kinds, value, strict=True))
    )


def _scalar(kind: Any, value: Any, key: str) -> Any:
    if kind is Any:
        return value
    if kind is float and isinstance(value, numbers.Real) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise SettingError(key, f"must be a finite number, got {number:g}")
        return number
    if kind is int and isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return int(value)
    if kind in (str, bool) and isinstance(value, kind):
        return value
    if kind not in _WORDS:
        raise TypeError(f"{key}: settings cannot be of type {kind!r}")
    raise SettingError(key, f"must be {_WORDS[kind]}, got {shown(value)}")


_WORDS = {float: "a number", int: "a whole number", str: "text", bool: "true or false"}
