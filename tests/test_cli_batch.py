"""Several songs: order, failures, several at once, and stopping."""

import threading
import time

import pytest

from masterify_cli import batch, progress
from masterify_cli.inputs import Song
from masterify_core.errors import NotAudioError, SettingError


def songs(*names):
    return [Song(f"/in/{name}", name) for name in names]


def run(work, names, jobs=1, on_end=lambda _: None):
    return batch.run(songs(*names), work, progress.Silence(), on_end, jobs)


@pytest.mark.parametrize("jobs", [1, 2, 8])
def test_outcomes_come_back_in_the_order_of_the_songs(jobs):
    def work(song, _):
        time.sleep(0.02 if song.given == "a" else 0.0)
        return song.given.upper()

    assert [outcome.result for outcome in run(work, "abcde", jobs)] == list("ABCDE")


@pytest.mark.parametrize("jobs", [1, 3])
def test_one_bad_song_does_not_stop_the_others(jobs):
    def work(song, _):
        if song.given == "bad":
            raise NotAudioError(song.path, "is not audio")
        if song.given == "bug":
            raise KeyError("oh")
        if song.given == "huge":
            raise MemoryError
        if song.given == "long":
            raise OSError(36, "File name too long", "x" * 300)
        return "done"

    outcomes = run(work, ["a", "bad", "bug", "huge", "long", "z"], jobs)
    assert [outcome.error and outcome.error.code for outcome in outcomes] == [
        None, "not_audio", "internal", "too_long", "file", None,
    ]  # fmt: skip


def test_messages_name_the_song_as_the_user_did():
    def work(song, _):
        if song.given == "-":
            raise NotAudioError(song.path, "is not audio")
        raise SettingError("steps[0]", "is wrong", "my recipe.json")

    assert [outcome.message for outcome in run(work, ["-", "b.wav"])] == [
        "standard input: is not audio", "b.wav: my recipe.json: steps[0] is wrong",
    ]  # fmt: skip


def test_songs_end_one_by_one_in_the_calling_thread():
    told = []
    run(lambda song, _: song.given, "abc", 2, lambda o: told.append((o.result, threading.current_thread())))
    assert sorted(result for result, _ in told) == ["a", "b", "c"]
    assert {thread for _, thread in told} == {threading.main_thread()}


def test_no_more_songs_at_once_than_asked():
    running, most, lock = 0, 0, threading.Lock()

    def work(_song, _):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    run(work, [f"{n}" for n in range(12)], 3)
    assert most == 3


def test_an_interruption_stops_the_workers_and_lets_them_clean_up():
    cleaned, started = [], threading.Barrier(3)

    def work(song, _):
        try:
            started.wait(5)
            while True:
                time.sleep(0.005)
        finally:
            cleaned.append(song.given)

    def interrupt(*_):
        started.wait(5)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "_next", interrupt)
        begun = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            run(work, ["a", "b", "never"], 2)
    assert time.monotonic() - begun < 2
    assert sorted(cleaned) == ["a", "b"]


def test_as_many_jobs_as_memory_holds(tmp_path, monkeypatch):
    for name in ("a.wav", "b.wav", "c.mp3"):
        (tmp_path / name).write_bytes(b"x" * 1_000_000)
    found = [Song(str(path), path.name) for path in sorted(tmp_path.iterdir())]
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    monkeypatch.setattr(batch, "memory_free", lambda: 2**40)
    assert batch.default_jobs(found) == 3
    monkeypatch.setattr(batch, "memory_free", lambda: 600_000_000)
    assert batch.default_jobs(found) == 2
    monkeypatch.setattr(batch, "memory_free", lambda: 0)
    assert batch.default_jobs(found) == 1
    assert batch.default_jobs(songs("not there.wav")) == 1


def test_this_machine_has_some_memory():
    assert batch.memory_free() > 10_000_000
