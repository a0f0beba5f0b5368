"""What the player is given: excerpts and their table beside the masters, made when somebody asks and not before."""

import io
import json
import time
from dataclasses import replace

import pytest
import soundfile
from obstore.store import MemoryStore

from masterify_core.presets import Library
from masterify_server import tasks
from masterify_server.bucket import Bucket
from masterify_server.excerpt_files import TABLE, file_of
from masterify_server.excerpting import store_excerpts
from masterify_server.mastering_job import carry_out
from masterify_server.queue import Transport
from masterify_server.settings import Settings
from masterify_server.storage import Folder, input_name, output_name
from masterify_server.store import jobs, lifecycle
from tests import stores
from tests.webs import wav

SONG = wav(seconds=2.0, rate=44_100, level=0.5)


@pytest.fixture(params=["folder", "bucket"])
def storage(request, tmp_path):
    return Folder(tmp_path / "files") if request.param == "folder" else Bucket(MemoryStore())


KEEP = lifecycle.Keep(input_ms=3_600_000, output_ms=3_600_000)


@pytest.fixture
def store():
    return stores.fresh()


@pytest.fixture
def job(store, storage, tmp_path):
    """A job that a worker has done."""
    job_id = stores.admit(store, stores.account(store), platforms=("spotify", "apple_music")).job_id
    put(storage, tmp_path, SONG, input_name(job_id, "song", "wav"))
    job = store.do(lifecycle.claim(job_id, "test"))
    made = carry_out(job, storage, Library.load(), new(tmp_path, "first"), lambda *_: None)
    call = lifecycle.end_done(
        job_id, 1, KEEP, measured=made.measured, results=made.results, archive=made.archive
    )
    assert store.do(call)
    return store.do(jobs.read_job(job_id))


@pytest.fixture
def worker(store, storage, tmp_path, monkeypatch):
    """What a worker's child stands on; the limits of its process are not for this one."""
    monkeypatch.setattr(tasks.sandbox, "enter", lambda _limits: None)
    monkeypatch.setattr(tasks, "open_storage", lambda _settings: storage)
    monkeypatch.setattr(tasks, "Store", lambda _url: store)
    settings = Settings(data_dir=tmp_path)
    tasks.prepare(tasks.Bench(settings=settings, store_url=store.url, library=Library.load()))


def put(storage, tmp_path, content, name):
    path = tmp_path / "upload"
    path.write_bytes(content)
    storage.put(path, name)


def new(tmp_path, name):
    (tmp_path / name).mkdir()
    return tmp_path / name


def stored(storage, job, name):
    name = output_name(job.job_id, job.attempt, name)
    return b"".join(storage.read(name, 0, storage.size(name)))


def test_excerpts_and_their_table_are_stored_beside_the_masters(storage, job, tmp_path):
    assert store_excerpts(job, storage, new(tmp_path, "then")) == 3
    table = json.loads(stored(storage, job, TABLE))
    assert [sound["name"] for sound in table["sounds"]] == ["original", "spotify", "apple_music"]
    assert (table["song_s"], table["start_s"], table["length_s"]) == (2.0, 0.0, 2.0)
    for sound in table["sounds"]:
        flac = stored(storage, job, file_of(sound["name"]))
        assert len(flac) == sound["bytes"]
        assert soundfile.info(io.BytesIO(flac)).duration == pytest.approx(2.0, abs=0.001)
    for result in job.results:  # the masters are still what they were
        assert len(stored(storage, job, result["file"])) == result["size"]


def test_a_done_job_has_none_until_somebody_asks(storage, job, worker):
    with pytest.raises(FileNotFoundError):
        stored(storage, job, TABLE)
    assert tasks.cut_excerpts(job.job_id) == "3 excerpts"
    assert stored(storage, job, TABLE)


def test_when_the_song_is_not_kept_any_more_the_masters_are_heard(storage, job, tmp_path):
    storage.delete(f"in/{job.job_id}")
    assert store_excerpts(job, storage, new(tmp_path, "then")) == 2
    table = json.loads(stored(storage, job, TABLE))
    assert [sound["name"] for sound in table["sounds"]] == ["spotify", "apple_music"]


@pytest.mark.parametrize("broken", [wav(seconds=2.0, rate=44_100, level=0.0), b"RIFF but no song"])
def test_what_cannot_be_heard_is_written_down_once(storage, job, tmp_path, broken):
    name = next(each["file"] for each in job.results if each["platform"] == "spotify")
    put(storage, tmp_path, broken, output_name(job.job_id, job.attempt, name))
    assert store_excerpts(job, storage, new(tmp_path, "then")) == 0
    assert json.loads(stored(storage, job, TABLE))["sounds"] == []


def test_a_job_that_is_deleted_while_they_are_made_leaves_nothing(store, storage, job, worker, monkeypatch):
    def deleted_meanwhile(job, storage, scratch):
        made = store_excerpts(job, storage, scratch)
        assert store.do(jobs.delete_job(job.job_id, job.account_id)).granted
        return made

    monkeypatch.setattr(tasks, "store_excerpts", deleted_meanwhile)
    assert tasks.cut_excerpts(job.job_id) == "3 excerpts"
    assert f"out/{job.job_id}" not in [each.rstrip("/") for each in storage.jobs()]
    assert tasks.cut_excerpts(job.job_id) == "nothing to hear"


def test_the_keeper_is_told_once_and_only_of_what_can_be_heard(store, job):
    line = store.redis.pubsub(ignore_subscribe_messages=True)
    line.subscribe(f"{store.prefix}excerpts")
    line.get_message(timeout=1.0)
    stranger = stores.account(store)
    waiting = stores.admit(store, job.account_id).job_id
    assert not store.do(jobs.want_excerpts(job.job_id, stranger))
    assert not store.do(jobs.want_excerpts(waiting, job.account_id))
    assert store.do(jobs.want_excerpts(job.job_id, job.account_id, 200))
    assert store.do(jobs.want_excerpts(job.job_id, job.account_id, 200))
    assert line.get_message(timeout=1.0)["data"] == job.job_id
    assert line.get_message(timeout=0.05) is None
    time.sleep(0.2)  # it was lost: whoever waits asks again
    assert store.do(jobs.want_excerpts(job.job_id, job.account_id, 200))
    assert line.get_message(timeout=1.0)["data"] == job.job_id
    store.do(jobs.delete_job(job.job_id, job.account_id))
    assert not store.do(jobs.want_excerpts(job.job_id, job.account_id))


def test_one_entry_is_written_however_often_it_is_asked_and_before_all_others(store, job):
    transport = Transport(store)
    waiting = stores.admit(store, job.account_id).job_id
    assert transport.dispatch(waiting)
    for _ in range(3):
        transport.ask_for_excerpts(job.job_id)
    ours = [name for name in transport.queue.get_job_ids() if name[:36] in (job.job_id, waiting)]
    assert ours == [f"{job.job_id}_1_excerpts", f"{waiting}_1_0"]
    assert not replace(job, files_until_ms=1).has_masters
