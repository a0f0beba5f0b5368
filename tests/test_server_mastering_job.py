"""One job's work on files that lie elsewhere: in a bucket, under names that meet our own."""

import pytest
from obstore.store import MemoryStore

from masterify_core.errors import TooLongError
from masterify_core.presets import Library
from masterify_server.bucket import Bucket
from masterify_server.mastering_job import INTERNAL, carry_out, job_error
from masterify_server.storage import Folder, input_name, output_name
from masterify_server.store import jobs, lifecycle
from tests import stores
from tests.webs import wav

SONG = wav(seconds=2.0, rate=44_100, level=0.5)
REFERENCE = wav(seconds=3.0, rate=48_000, level=0.1)


@pytest.fixture(params=["folder", "bucket"])
def storage(request, tmp_path):
    return Folder(tmp_path / "files") if request.param == "folder" else Bucket(MemoryStore())


def claimed(storage, tmp_path, **order):
    """A job that a worker has taken, with its files stored."""
    store = stores.fresh()
    job_id = stores.admit(store, stores.account(store), reference_format="wav", **order).job_id
    for part, content in (("song", SONG), ("reference", REFERENCE)):
        path = tmp_path / "upload"
        path.write_bytes(content)
        storage.put(path, input_name(job_id, part, "wav"))
    assert store.do(jobs.read_job(job_id)).status == "queued"
    return store.do(lifecycle.claim(job_id, "test"))


def test_too_little_memory_is_a_fault_of_ours_and_no_word_about_the_song():
    error = TooLongError("song.wav", "needs at least 2.8 GB of memory, 1.3 GB are free")
    assert job_error(error) == INTERNAL


@pytest.mark.parametrize("name", ["song", "reference", "노래", "named"])
def test_a_song_may_be_called_as_our_own_files_are(storage, tmp_path, name):
    job = claimed(storage, tmp_path, song_name=name, platforms=("spotify", "melon"))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    outcome = carry_out(job, storage, Library.load(), scratch, lambda *_: None)
    assert outcome.measured["rate"] == 44_100
    assert [table["platform"] for table in outcome.results] == ["spotify", "melon"]
    for table in (*outcome.results, outcome.archive):
        assert storage.size(output_name(job.job_id, job.attempt, table["file"])) == table["size"]
