"""No name and no number can break what is printed."""

import json
import math
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterify_cli import printing, show
from masterify_core.errors import NotAudioError
from tests.cli import Stream

ANY_TEXT = st.text(st.characters(codec=None))


@given(ANY_TEXT)
def test_printable_text_is_one_line_that_can_be_encoded(text):
    shown = printing.printable(text)
    assert "\n" not in shown
    assert "\x1b" not in shown
    shown.encode("utf-8")
    assert len(shown.splitlines()) <= 1


@pytest.mark.parametrize(
    "name", ["song.wav", "노래 (최종).wav", "e\u0301.wav", "👩\u200d🎤.wav", "a  b'\"\\.wav"]
)
def test_ordinary_names_stay_as_they_are(name):
    assert printing.printable(name) == name


def test_bytes_that_are_no_utf8_are_shown_as_such():
    assert printing.printable(os.fsdecode(b"\xff\xe9.wav")) == "\\xff\\xe9.wav"


@given(st.dictionaries(ANY_TEXT, ANY_TEXT | st.floats() | st.none() | st.lists(st.floats())))
def test_a_document_is_utf8_json_whatever_it_holds(value):
    stream = Stream()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", stream)
        printing.document(value)
    back = json.loads(stream.text())
    assert list(back) == list(value)
    for key, held in value.items():
        if isinstance(held, str):
            assert back[key] == held
        if isinstance(held, float):
            assert back[key] == (held if math.isfinite(held) else None)


def test_an_error_names_its_file_unbroken(capsys):
    name = "a very long name " * 20 + ".wav"
    printing.error(NotAudioError(name, "is not an audio file"))
    assert capsys.readouterr().err == f"masterify: {name}: is not an audio file\n"


def test_colours_only_in_a_terminal_that_wants_them(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    said = []
    for terminal, no_colour in ((True, ""), (True, "1"), (False, "")):
        monkeypatch.setenv("NO_COLOR", no_colour)
        stream = Stream(terminal=terminal)
        monkeypatch.setattr("sys.stderr", stream)
        printing.error("x")
        said.append("\x1b[" in stream.text())
    assert said == [True, False, False]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (-14.004, "-14.00"),
        (0.0, "0.00"),
        (-0.001, "0.00"),
        (None, "-"),
        (-math.inf, "-"),
        (math.nan, "-"),
        ("x", "-"),
    ],
)
def test_numbers_for_people(value, expected):
    assert show.number(value, 2) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.0001, "0.0001 s"), (9.5, "9.5 s"), (59.6, "1:00"), (3600, "1:00:00")]
)
def test_lengths_for_people(seconds, expected):
    assert show.clock(seconds) == expected
