"""Progress: bars in a terminal, lines elsewhere, nothing when nothing is wanted."""

import re
import sys

import pytest

from masterify_cli import first_run, progress
from masterify_core.kernels import _jit
from tests.cli import Stream, masterify, write_song


@pytest.fixture
def said(monkeypatch):
    """Make standard error a terminal or not; answer what was written there."""
    monkeypatch.setenv("TERM", "xterm")

    def become(terminal):
        monkeypatch.setattr(sys, "stderr", Stream(terminal=terminal))
        return lambda: sys.stderr.text()

    return become


def test_quiet_says_nothing(said):
    text = said(True)
    with progress.shown("mastering", 2, quiet=True) as shown:
        shown.started("a.wav")("reading", 0.5)
        shown.ended("a.wav")
        with shown.aside():
            pass
    assert text() == ""


def test_outside_a_terminal_each_song_is_one_plain_line(said):
    text = said(False)
    with progress.shown("mastering", 2, quiet=False) as shown:
        for name in ("a.wav", "노래\n.wav"):
            shown.started(name)("reading", 0.5)
            shown.ended(name)
    assert text() == "[1/2] mastering a.wav\n[2/2] mastering 노래\\n.wav\n"


def test_a_long_song_says_now_and_then_where_it_is(said, monkeypatch):
    text, now = said(False), [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with progress.shown("mastering", 1, quiet=False) as shown:
        report = shown.started("a.wav")
        for now[0], share in ((1.0, 0.1), (11.0, 0.4), (12.0, 0.5), (22.0, 0.9)):
            report("rendering", share)
    assert text().splitlines() == [
        "mastering a.wav", "mastering a.wav: rendering, 40%", "mastering a.wav: rendering, 90%",
    ]  # fmt: skip


def test_a_dumb_terminal_gets_lines(said, monkeypatch):
    text = said(True)
    monkeypatch.setenv("TERM", "dumb")
    with progress.shown("mastering", 1, quiet=False) as shown:
        shown.started("a.wav")
    assert text() == "mastering a.wav\n"


def test_bars_make_room_for_results_and_leave_nothing_behind(said):
    text = said(True)
    with progress.shown("mastering", 2, quiet=False) as shown:
        shown.started("[bold]a.wav")("reading", 0.5)
        with shown.aside():
            sys.stderr.write("a result\nof two lines\n")
        shown.ended("[bold]a.wav")
        shown.ended("never started")
    assert "[bold]a.wav" in text()
    after = text().partition("of two lines\n")[2]
    drawn = re.findall(r"\x1b\[1A", after)
    assert len(drawn) <= after.count("\n")  # no line above the bars is wiped


@pytest.mark.parametrize("terminal", [True, False])
def test_the_first_run_says_why_it_takes_a_moment(said, monkeypatch, terminal):
    text = said(terminal)
    monkeypatch.setattr(_jit, "is_warm", lambda *, everything: False)
    monkeypatch.setattr(_jit, "warm_up", lambda report, *, everything: [report(n, 3) for n in (1, 2, 3)])
    assert first_run.prepare(quiet=False) == 3
    assert text().startswith("First run on this machine: preparing the engine (about 3 s, once).")


def test_nobody_waits_for_kernels_to_hear_that_a_name_was_mistyped(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(first_run, "prepare", lambda *_, **__: asked.append("prepared"))
    assert masterify("master", tmp_path / "nothing.wav").code == 3
    assert not asked
    masterify("master", tmp_path / "nothing.wav", write_song(tmp_path / "song.wav"), "--dry-run")
    assert asked == ["prepared"]


def test_later_runs_say_nothing(said, monkeypatch):
    text = said(True)
    monkeypatch.setattr(_jit, "is_warm", lambda *, everything: True)
    monkeypatch.setattr(_jit, "warm_up", lambda report, *, everything: None)
    assert first_run.prepare(quiet=False) == 0
    assert text() == ""
