"""``masterify remote`` against a real service: as ``master``, and what is left on the server can be fetched."""

import json
import os
import signal
import subprocess
import sys
import time
from hashlib import sha256

import pytest

from masterify_server.client import Client
from tests.cli import masterify, write_song
from tests.deployments import ROOT, until
from tests.live_service import service

assert service


@pytest.fixture
def api(service, monkeypatch):
    """A client, while the environment leads the command line to the same server and key."""
    url, key = service
    monkeypatch.setenv("MASTERIFY_API_URL", url)
    monkeypatch.setenv("MASTERIFY_API_KEY", key)
    with Client(url, key) as client:
        yield client


def credits_of(api):
    return api.account()["credits"]


def test_a_server_gives_the_same_bytes_as_the_command(service, tmp_path, monkeypatch):
    song = write_song(tmp_path / "한국어 노래.wav", seconds=2.0)
    url, key = service
    monkeypatch.setenv("MASTERIFY_API_KEY", key)
    far = masterify(
        "remote",
        "master",
        song,
        "--api",
        url,
        "-p",
        "spotify,melon",
        "--genre",
        "kpop",
        "-o",
        tmp_path / "far",
        "--json",
    )
    assert far.code == 0, far.err
    near = masterify(
        "master", song, "-p", "spotify,melon", "--genre", "kpop", "-o", tmp_path / "near", "--json"
    )
    assert near.code == 0, near.err

    def checksums(ran):
        return {each["platform"]: each["sha256"] for each in ran.json[0]["deliveries"]}

    assert checksums(far) == checksums(near)
    for delivery in far.json[0]["deliveries"]:
        with open(delivery["path"], "rb") as file:
            assert sha256(file.read()).hexdigest() == delivery["sha256"]
    assert {path.name for path in (tmp_path / "far").iterdir()} == {
        path.name for path in (tmp_path / "near").iterdir()
    }


def test_the_terminal_shows_the_proof(service, tmp_path, monkeypatch):
    song = write_song(tmp_path / "song.wav", seconds=2.0)
    url, key = service
    monkeypatch.setenv("MASTERIFY_API_KEY", key)
    ran = masterify("remote", "master", song, "--api", url, "-p", "spotify")
    assert ran.code == 0, ran.err
    assert "met" in ran.out
    assert (tmp_path / "masters" / "song (Master - Spotify).wav").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--api"),
        (["--api", "http://127.0.0.1:9"], "MASTERIFY_API_KEY"),
    ],
    ids=["no server", "no key"],
)
def test_what_is_missing_is_named(tmp_path, monkeypatch, options, said):
    for name in ("MASTERIFY_API_KEY", "MASTERIFY_API_URL"):
        monkeypatch.delenv(name, raising=False)
    ran = masterify("remote", "master", write_song(tmp_path / "a.wav"), *options)
    assert ran.code == 2
    assert said in ran.err


def test_nothing_is_charged_for_masters_that_are_there_already(api, tmp_path):
    song = write_song(tmp_path / "song.wav", seconds=2.0)
    (tmp_path / "out").mkdir()
    there = tmp_path / "out" / "song (Master - Spotify).wav"
    there.write_bytes(b"mine")
    before = credits_of(api)
    ran = masterify("remote", "master", song, "-p", "spotify,melon", "-o", tmp_path / "out")
    assert (ran.code, credits_of(api)) == (3, before)
    assert "exists already" in ran.err
    ran = masterify(
        "remote", "master", song, "-p", "spotify", "-o", tmp_path / "out", "--skip-existing", "--json"
    )
    assert (ran.code, credits_of(api)) == (0, before)
    assert (ran.json[0]["deliveries"], ran.json[0]["skipped"]) == ([], [str(there)])
    ran = masterify(
        "remote", "master", song, "-p", "spotify,melon", "-o", tmp_path / "out", "--skip-existing", "--json"
    )
    assert (ran.code, credits_of(api)) == (0, before - 1)
    assert [each["platform"] for each in ran.json[0]["deliveries"]] == ["melon"]
    assert there.read_bytes() == b"mine"


def test_several_songs_go_on_though_some_are_refused(api, tmp_path):
    songs = [write_song(tmp_path / f"{name}.wav", seconds=2.0, seed=n) for n, name in enumerate("ab")]
    (tmp_path / "no.wav").write_bytes(b"no song")
    names = [*songs, tmp_path / "no.wav", tmp_path / "gone.wav"]
    words = (
        "-p",
        "spotify",
        "-o",
        tmp_path / "out",
        "--name",
        "{stem} for {platform_name}",
        "--report",
        "html,json",
    )
    ran = masterify("remote", "master", *names, *words, "--json")
    assert ran.code == 3
    assert [each.get("error", {}).get("remote_code") for each in ran.json] == [
        None,
        None,
        "UNSUPPORTED_FORMAT",
        None,
    ]
    assert "No such file" in ran.json[3]["error"]["message"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        f"{name}{end}" for name in "ab" for end in (" (Report).html", " (Report).json", " for spotify.wav")
    )
    assert json.loads((tmp_path / "out" / "a (Report).json").read_text())
    ran = masterify("remote", "master", *names[2:], "-p", "spotify", "-o", tmp_path / "out")
    assert "0 of 2 songs mastered." in ran.out


def test_a_wrong_key_is_told_once_and_before_any_song(api, tmp_path, monkeypatch):
    monkeypatch.setenv("MASTERIFY_API_KEY", "aim_live_" + "0" * 32)
    songs = [write_song(tmp_path / f"{name}.wav") for name in "ab"]
    ran = masterify("remote", "master", *songs, "-p", "spotify")
    assert ran.code == 3
    assert ran.err.count("INVALID_API_KEY") == 1


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("MASTERIFY_API_URL", "masterify.example", "--api must be an address such as https://masterify.example"),
        ("MASTERIFY_API_URL", "http://[x", "--api must be an address"),
        ("MASTERIFY_API_KEY", "two words", "MASTERIFY_API_KEY must be an API key"),
    ],
)  # fmt: skip
def test_an_address_or_a_key_that_cannot_be_one_is_named(api, tmp_path, monkeypatch, variable, value, said):
    monkeypatch.setenv(variable, value)
    for words in (("account",), ("master", "a.wav", "-p", "spotify"), ("fetch", "j1"), ("cancel", "j1")):
        ran = masterify("remote", *words)
        assert ran.code == 2
        assert said in ran.err


def test_a_job_that_takes_longer_than_the_patience_can_be_fetched_later(api, tmp_path):
    song = write_song(tmp_path / "노래.wav", seconds=4.0)
    ran = masterify("remote", "master", song, "-p", "spotify,melon", "--timeout", "0", "--json")
    error = ran.json[0]["error"]
    assert (ran.code, error["remote_code"]) == (3, "TIMEOUT")
    assert f"masterify remote fetch {error['job_id']} --api {api.url}" in error["message"]
    fetched = masterify(
        "remote", "fetch", error["job_id"], "-o", tmp_path / "out", "--report", "html", "--json"
    )
    assert fetched.code == 0, fetched.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "노래 (Master - Melon).wav", "노래 (Master - Spotify).wav", "노래 (Report).html",
    ]  # fmt: skip
    again = masterify("remote", "fetch", error["job_id"], "-o", tmp_path / "out")
    assert again.code == 3
    assert "exists already" in again.err
    gone = masterify("remote", "cancel", error["job_id"])
    assert (gone.code, gone.out) == (0, f"{error['job_id']}  done\n")
    assert "RESULT_EXPIRED" in masterify("remote", "fetch", error["job_id"], "-o", tmp_path / "b").err


STOPPABLE = (  # shells let what they put into the background ignore Ctrl-C, and the tests may be there
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from masterify_cli.app import run; run()"
)


def test_what_an_interruption_leaves_on_the_server_is_named(api, tmp_path):
    songs = [write_song(tmp_path / f"{name}.wav", seconds=60.0, seed=n) for n, name in enumerate("ab")]
    many = "spotify,apple_music,youtube,melon,soundcloud"  # work for seconds, however fast the machine
    words = ["remote", "master", *map(str, songs), "-p", many, "--tier", "premium"]
    command = subprocess.Popen(
        [sys.executable, "-c", STOPPABLE, *words], stderr=subprocess.PIPE, cwd=ROOT, text=True
    )
    until(lambda: api.account()["use"]["active_jobs"] == 2, every=0.3)
    time.sleep(0.3)  # until both answers of the server have been read
    command.send_signal(signal.SIGINT)
    said = command.communicate(timeout=30)[1]
    assert command.returncode == 130
    assert said.count(" goes on there; fetch it: masterify remote fetch ") == 2
    assert not (tmp_path / "masters").exists()
    for line in said.splitlines():
        if "remote fetch" in line:
            api.wait(line.partition("remote fetch ")[2].split()[0])


def test_the_account_can_be_looked_at(api):
    ran = masterify("remote", "account")
    assert ran.code == 0
    assert "concurrent_jobs  0 of 10" in ran.out
    assert masterify("remote", "account", "--json").json["plan"] == "studio"


def test_the_environment_is_not_asked_for_by_the_tests():
    assert "MASTERIFY_API_KEY" not in os.environ
