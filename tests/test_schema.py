"""Checked settings: what they refuse, what they say, and the way to a table and back."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import FrozenInstanceError, dataclass, field
from typing import Annotated, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterify_core.errors import SettingError
from masterify_core.schema import Checked, Count, Range, build, hints_of, nearest, to_table
from tests.strategies import plain, settings_of, words

Gain = Annotated[float, Range(-12.0, 12.0, "dB")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bell(Checked):
    freq_hz: Annotated[float, Range(10.0, 40_000.0, "Hz")]
    gain_db: Gain = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk(Checked):
    title: str
    side: Literal["left", "right"] = "left"
    steps: Annotated[int, Range(1, 8)] = 4
    is_on: bool = True
    drive_db: Gain | None = None
    bells: tuple[Bell, ...] = ()
    curve_db: Annotated[tuple[Gain, ...], Count(3)] = (0.0, 0.0, 0.0)
    pair: tuple[float, int] = (0.0, 0)
    by_genre: dict[str, Gain] = field(default_factory=dict, hash=False)
    best: Bell | None = None

    def check(self) -> None:
        if self.side == "right" and self.steps == 1:
            raise SettingError("steps", "must be 2 or more on the right")


@dataclass(frozen=True, slots=True, kw_only=True)
class Room(Checked):
    desks: tuple[Desk, ...]


@dataclass(frozen=True)
class Plain:
    """A dataclass that does not check itself."""

    level_db: Gain
    names: tuple[str, ...] = ()


@given(settings_of(Desk))
def test_a_table_and_back_is_the_same_value(desk):
    assert build(Desk, to_table(desk)) == desk
    assert build(Desk, json.loads(json.dumps(to_table(desk)))) == desk


def outcome(cls, table):
    """What reading answers: the value, or the error that a caller is told."""
    try:
        return build(cls, table)
    except SettingError as error:
        return error


@given(
    plain
    | st.fixed_dictionaries({"title": words, "by_genre": plain})
    | st.fixed_dictionaries({"desks": plain})
)
def test_any_table_is_read_or_refused_in_a_short_printable_message(table):
    for cls in (Desk, Room, Plain):
        answer = outcome(cls, table)
        if isinstance(answer, SettingError):
            assert str(answer).isprintable()
            assert len(str(answer)) < 400
        else:
            assert build(cls, to_table(answer)) == answer


@given(st.sampled_from(list(hints_of(Desk))), plain)
def test_any_value_of_a_known_key_is_taken_or_refused_under_its_name(key, value):
    answer = outcome(Desk, {"title": "x", key: value})
    assert isinstance(answer, Desk) or answer.key.startswith(key)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "title is missing"),
        ([], "Desk must be a table of settings, got []"),
        ({"title": 3}, "title must be text, got 3"),
        ({"title": "x", "is_on": 1}, "is_on must be true or false, got 1"),
        ({"title": "x", "steps": True}, "steps must be a whole number, got True"),
        ({"title": "x", "steps": 3.0}, "steps must be a whole number, got 3.0"),
        ({"title": "x", "steps": 9}, "steps must be 1 to 8, got 9"),
        ({"title": "x", "drive_db": "loud"}, "drive_db must be a number, got 'loud'"),
        ({"title": "x", "drive_db": False}, "drive_db must be a number, got False"),
        ({"title": "x", "drive_db": 12.5}, "drive_db must be -12 to 12 dB, got 12.5"),
        ({"title": "x", "drive_db": math.nan}, "drive_db must be a finite number, got nan"),
        ({"title": "x", "drive_db": -math.inf}, "drive_db must be a finite number, got -inf"),
        ({"title": "x", "drive_db": 10**400}, "drive_db must be a finite number, got inf"),
        ({"title": "x", "side": "rigt"}, "side must be one of left, right, got 'rigt' (did you mean right?)"),
        ({"title": "x", "bells": "no"}, "bells must be a list, got 'no'"),
        ({"title": "x", "bells": [{"freq_hz": 50}, {}]}, "bells[1].freq_hz is missing"),
        ({"title": "x", "bells": [{"freq_hz": 5}]}, "bells[0].freq_hz must be 10 to 40000 Hz, got 5"),
        ({"title": "x", "bells": [7]}, "bells[0] must be a table of settings, got 7"),
        ({"title": "x", "best": {}}, "best.freq_hz is missing"),
        ({"title": "x", "curve_db": [1, 2]}, "curve_db must have 3 values, got 2"),
        ({"title": "x", "curve_db": [1, 2, 13]}, "curve_db[2] must be -12 to 12 dB, got 13"),
        ({"title": "x", "pair": [1]}, "pair must have 2 values, got 1"),
        ({"title": "x", "by_genre": {"pop": 99}}, "by_genre.pop must be -12 to 12 dB, got 99"),
        ({"title": "x", "by_genre": 4}, "by_genre must be a table, got 4"),
        ({"title": "x", "side": "right", "steps": 1}, "steps must be 2 or more on the right"),
    ],
)  # fmt: skip
def test_a_mistake_names_the_key_the_rule_and_the_value(table, message):
    with pytest.raises(SettingError) as caught:
        build(Desk, table)
    assert str(caught.value) == message
    assert str(caught.value.found_in("desk.toml")) == f"desk.toml: {message}"


def test_a_mistake_deep_inside_names_the_whole_path():
    bell = {"freq_hz": 50, "gain_dB": 1}
    answer = outcome(Room, {"desks": [{"title": "x", "bells": [bell]}]})
    assert str(answer).startswith("desks[0].bells[0].gain_dB is unknown (did you mean gain_db?)")
    answer = outcome(Room, {"desks": [{"title": "x", "side": "right", "steps": 1}]})
    assert str(answer) == "desks[0].steps must be 2 or more on the right"


def test_an_unknown_key_lists_the_known_ones():
    with pytest.raises(SettingError) as caught:
        build(Bell, {"freq_hz": 50, "zzz": 1})
    assert str(caught.value) == "zzz is unknown; known are freq_hz, gain_db"


@pytest.mark.parametrize("value", ["x" * 10_000_000, [[[[["x" * 1000]]]]] * 100_000, {"a": "x" * 10_000}])
def test_a_huge_wrong_value_makes_a_short_message(value):
    with pytest.raises(SettingError) as caught:
        build(Bell, {"freq_hz": value})
    assert len(str(caught.value)) < 150


def test_a_strange_key_is_shown_safely():
    with pytest.raises(SettingError) as caught:
        build(Bell, {"freq_hz": 50, "\x1b[31m" + "x" * 1000: 1})
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [-12.1, math.nan, "1", True, None])
def test_construction_checks_like_reading(value):
    with pytest.raises(SettingError, match="gain_db"):
        Bell(freq_hz=50.0, gain_db=value)


def test_a_value_holds_exactly_the_types_it_promises():
    desk = Desk(
        title="x", bells=[Bell(freq_hz=np.float32(50)), {"freq_hz": 60}], steps=np.int64(2), drive_db=3
    )
    assert type(desk.bells) is tuple
    assert type(desk.bells[0].freq_hz) is float
    assert desk.bells[1] == Bell(freq_hz=60.0)
    assert type(desk.steps) is int
    assert type(desk.drive_db) is float


def test_a_value_does_not_share_the_table_it_was_read_from():
    table = {"title": "x", "by_genre": {"pop": 1.0}, "curve_db": [1.0, 2.0, 3.0]}
    desk = build(Desk, table)
    table["by_genre"]["pop"] = 99.0
    table["curve_db"][0] = 99.0
    assert (desk.by_genre, desk.curve_db[0]) == ({"pop": 1.0}, 1.0)


def test_settings_are_frozen_and_hashable():
    desk = Desk(title="x")
    with pytest.raises(FrozenInstanceError):
        desk.title = "y"
    assert len({desk, Desk(title="x")}) == 1


def test_nothing_is_left_out_of_a_table_but_the_none_of_an_optional():
    assert to_table(Desk(title="x")) == {
        "title": "x",
        "side": "left",
        "steps": 4,
        "is_on": True,
        "bells": [],
        "curve_db": [0.0, 0.0, 0.0],
        "pair": [0.0, 0],
        "by_genre": {},
    }


def test_a_dataclass_that_does_not_check_itself_is_checked_by_build():
    assert build(Plain, {"level_db": 1, "names": ["a"]}) == Plain(1.0, ("a",))
    with pytest.raises(SettingError, match=r"level_db must be -12 to 12 dB, got 13"):
        build(Plain, {"level_db": 13})


def test_an_annotation_that_settings_cannot_have_is_our_mistake():
    @dataclass(frozen=True)
    class Wrong:
        value: bytes

    Wrong.__annotations__["value"] = bytes
    with pytest.raises(TypeError, match="value: settings cannot be of type"):
        build(Wrong, {"value": b""})


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("Spotify", ["spotify", "melon"], "spotify"),
        ("SPOTIFY", ["spotify", "melon"], "spotify"),
        ("멜롱", ["멜론", "spotify"], None),
        ("", ["spotify"], None),
        ("x", [], None),
    ],
)
def test_the_nearest_name_is_found_whatever_the_case(name, known, found):
    assert nearest(name, known) == found


def test_settings_and_presets_are_read_without_numpy():
    code = "import sys, masterify_core.presets; print({'numpy', 'numba', 'tomllib'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"
