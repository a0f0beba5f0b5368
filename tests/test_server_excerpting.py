"""What a job leaves for the player: excerpts and their table beside the masters, and never at the masters' cost."""

import io
import json
import logging

import pytest
import soundfile
from obstore.store import MemoryStore

from masterify_core.presets import Library
from masterify_server import tasks
from masterify_server.excerpt_files import TABLE, file_of
from masterify_server.excerpting import store_excerpts
from masterify_server.mastering_job import Outcome, carry_out
from masterify_server.settings import Settings
from masterify_server.storage import Bucket, Folder, input_name, output_name
from masterify_server.store import jobs, lifecycle
from tests import stores
from tests.webs import wav

SONG = wav(seconds=2.0, rate=44_100, level=0.5)


@pytest.fixture(params=["folder", "bucket"])
def storage(request, tmp_path):
    return Folder(tmp_path / "files") if request.param == "folder" else Bucket(MemoryStore())


@pytest.fixture
def job(storage, tmp_path):
    """A job that a worker has taken, with its song stored."""
    store = stores.fresh()
    job_id = stores.admit(store, stores.account(store), platforms=("spotify", "apple_music")).job_id
    path = tmp_path / "upload"
    path.write_bytes(SONG)
    storage.put(path, input_name(job_id, "song", "wav"))
    return store.do(lifecycle.claim(job_id, "test"))


def new(tmp_path, name):
    (tmp_path / name).mkdir()
    return tmp_path / name


def stored(storage, job, name):
    name = output_name(job.job_id, job.attempt, name)
    return b"".join(storage.read(name, 0, storage.size(name)))


def test_a_done_job_leaves_excerpts_and_their_table(storage, job, tmp_path):
    done = carry_out(job, storage, Library.load(), new(tmp_path, "first"), lambda *_: None)
    store_excerpts(job, done.results, storage, new(tmp_path, "then"))
    table = json.loads(stored(storage, job, TABLE))
    assert [sound["name"] for sound in table["sounds"]] == ["original", "spotify", "apple_music"]
    assert (table["song_s"], table["start_s"], table["length_s"]) == (2.0, 0.0, 2.0)
    for sound in table["sounds"]:
        flac = stored(storage, job, file_of(sound["name"]))
        assert len(flac) == sound["bytes"]
        assert soundfile.info(io.BytesIO(flac)).duration == pytest.approx(2.0, abs=0.001)
    for result in done.results:  # the masters are still what they were
        assert len(stored(storage, job, result["file"])) == result["size"]


def test_without_the_song_there_are_none(storage, job, tmp_path):
    storage.delete(f"in/{job.job_id}")
    with pytest.raises(FileNotFoundError):
        store_excerpts(job, [], storage, new(tmp_path, "scratch"))


def test_excerpts_that_cannot_be_made_cost_no_master(tmp_path, monkeypatch, caplog):
    store = stores.fresh()
    job_id = stores.admit(store, stores.account(store)).job_id
    outcome = Outcome(measured={}, results=[{"platform": "spotify", "file": "spotify.wav"}], archive=None)  # fmt: skip
    monkeypatch.setattr(tasks, "carry_out", lambda *_: outcome)
    monkeypatch.setattr(tasks.sandbox, "enter", lambda _limits: None)
    settings = Settings(data_dir=tmp_path)
    tasks.prepare(tasks.Bench(settings=settings, store_url=store.url, library=Library.load()))
    monkeypatch.setattr(tasks, "Store", lambda _url: store)
    with caplog.at_level(logging.WARNING, "masterify.worker"):
        assert tasks.master_job(job_id) == "ended"
    assert "has no excerpts: FileNotFoundError" in caplog.text
    assert store.do(jobs.read_job(job_id)).status == "done"
