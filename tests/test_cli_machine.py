"""``presets``, ``warmup``, ``doctor`` and the shell's completion."""

import subprocess
import sys

import pytest

from masterify_cli import checkup, completion
from masterify_core.presets import Library
from tests.cli import masterify

KINDS = ("platforms", "genres", "ai_services", "tiers")


@pytest.mark.parametrize("kind", KINDS)
def test_presets_list_names_every_preset(kind):
    names = getattr(Library.load(), kind)()
    ran = masterify("presets", "list", kind)
    assert ran.code == 0
    assert all(name in ran.out for name in names)
    assert [one["name"] for one in masterify("presets", "list", kind, "--json").json[kind]] == list(names)


def test_presets_list_shows_all_kinds():
    assert set(masterify("presets", "list", "--json").json) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_presets_show_knows_every_preset(kind):
    for name in getattr(Library.load(), kind)():
        ran = masterify("presets", "show", f"{kind}/{name}")
        assert ran.code == 0, ran.err
        (shown,) = masterify("presets", "show", f"{kind}/{name}", "--json").json
        assert shown["title"].split()[0] in ran.out


def test_presets_show_tells_source_and_confidence():
    ran = masterify("presets", "show", "melon")
    assert "undocumented" in ran.out
    assert "Where the numbers come from" in ran.out


def test_a_name_of_several_kinds_shows_all_of_them():
    assert {one["kind"] for one in masterify("presets", "show", "other", "--json").json} == {
        "genre",
        "ai_service",
    }


def test_own_presets_are_listed(tmp_path):
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms" / "radio.toml").write_text('title = "Radio"\nloudness_lufs = -23\n')
    assert "radio" in masterify("presets", "list", "--preset-dir", tmp_path).out
    assert "-23" in masterify("presets", "show", "radio", "--preset-dir", tmp_path).out
    (tmp_path / "platforms" / "radio.toml").write_text('title = "Radio"\nloudness = -23\n')
    ran = masterify("presets", "list", "--preset-dir", tmp_path)
    assert ran.code == 2
    assert "radio.toml: loudness is unknown" in ran.err


def test_doctor_says_what_is_there():
    ran = masterify("doctor")
    assert ran.code == 0, ran.out
    for word in ("numpy", "FLAC", "LUFS", "cores", "platforms"):
        assert word in ran.out
    told = masterify("doctor", "--json").json
    assert told["ok"] is True
    assert all(set(check) == {"name", "ok", "detail", "needed"} for check in told["checks"])


def test_doctor_ends_with_1_where_nothing_can_be_mastered(monkeypatch):
    def broken(*_):
        raise OSError("gone")

    monkeypatch.setattr("masterify_core.presets.Library.load", broken)
    ran = masterify("doctor")
    assert ran.code == 1
    assert "OSError: gone" in ran.out


def test_doctor_is_content_without_what_is_only_nice_to_have(monkeypatch):
    monkeypatch.setattr(checkup.importlib.util, "find_spec", lambda name: None)
    ran = masterify("doctor")
    assert ran.code == 0
    assert "masterify[aac]" in ran.out


def test_doctor_sees_a_meter_that_is_off(monkeypatch):
    monkeypatch.setattr("masterify_core.metering.loudness.integrated_lufs", lambda hops: -13.5)
    assert masterify("doctor").code == 1


def test_warmup_ends_at_once_where_nothing_is_to_do(monkeypatch):
    monkeypatch.setattr("masterify_cli.first_run.prepare", lambda quiet, **_: 0)
    assert "nothing to do" in masterify("warmup").out
    assert masterify("warmup", "--json").json["compiled"] == 0
    assert masterify("warmup", "-q").out == ""


def test_the_last_name_of_a_list_is_completed():
    complete = completion.list_of("platforms")
    assert complete("spo") == ["spotify"]
    assert complete("spotify,me") == ["spotify,melon"]
    assert "spotify,spotify" not in complete("spotify,")
    assert completion.of("genres")("k") == ["kpop"]
    assert completion.every_preset("spo") == ["spotify"]
    assert completion.choices("wav", "flac")("wav,f") == ["wav,flac"]


def test_completion_keeps_quiet_about_broken_presets(monkeypatch):
    monkeypatch.setattr("masterify_core.presets.Library.load", lambda: 1 / 0)
    assert completion.of("genres")("") == []


def test_the_shell_is_answered():
    words = {"COMP_WORDS": "masterify master song.wav --platforms spotify,ap", "COMP_CWORD": "4"}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.argv[0] = 'masterify'; from masterify_cli.app import run; run()",
        ],
        env={"_MASTERIFY_COMPLETE": "complete_bash", **words},
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["spotify,apple_music"]
