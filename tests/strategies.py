"""Hypothesis strategies made from the annotations of settings: every legal value, edges included."""

from __future__ import annotations

import dataclasses
import types
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from hypothesis import strategies as st

from masterify_core.errors import SettingError
from masterify_core.schema import Count, Range, hints_of

T = TypeVar("T")

LONGEST_ROW = 4
"""Values drawn for a tuple that may have any length."""

words = st.text(st.characters(codec="utf-8"), max_size=12)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
"""Anything a JSON or TOML reader could answer, NaN and infinity included."""


def settings_of(cls: type[T], **chosen: st.SearchStrategy[Any]) -> st.SearchStrategy[T]:
    """Every legal value of a settings class; ``chosen`` replaces the strategy of single fields.

    Values that break a rule between fields are drawn again, so choose those fields where the rule is
    hard to meet by chance.
    """
    fields = {name: chosen.get(name, values_of(hint)) for name, hint in hints_of(cls).items()}

    def built(values: dict[str, Any]) -> T | None:
        try:
            return cls(**values)
        except SettingError:
            return None

    return st.fixed_dictionaries(fields).map(built).filter(lambda value: value is not None)


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Every legal value of an annotation."""
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _marked(hint.__origin__, hint.__metadata__)
    if origin is Literal:
        return st.sampled_from(inside)
    if origin in (Union, types.UnionType):
        return st.one_of(*(st.none() if each is types.NoneType else values_of(each) for each in inside))
    if origin is tuple:
        if inside[1:] == (...,):
            return _rows(inside[0], 0, LONGEST_ROW)
        return st.tuples(*map(values_of, inside))
    if origin is dict:
        return st.dictionaries(words, values_of(inside[1]), max_size=LONGEST_ROW)
    if dataclasses.is_dataclass(hint):
        return settings_of(hint)
    return _UNMARKED[hint]


def _marked(kind: Any, marks: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    (mark,) = marks
    if isinstance(mark, Count):
        return _rows(get_args(kind)[0], mark.low, mark.low if mark.high is None else mark.high)
    assert isinstance(mark, Range)
    if kind is int:
        return st.integers(round(mark.low), round(mark.high))
    edges = st.sampled_from((float(mark.low), float(mark.high)))
    return edges | st.floats(mark.low, mark.high, allow_nan=False)


def _rows(kind: Any, low: int, high: int) -> st.SearchStrategy[Any]:
    return st.lists(values_of(kind), min_size=low, max_size=high).map(tuple)


_UNMARKED: dict[Any, st.SearchStrategy[Any]] = {
    float: st.floats(allow_nan=False, allow_infinity=False),
    int: st.integers(),
    bool: st.booleans(),
    str: words,
    Any: plain.filter(lambda value: value == value),
}
