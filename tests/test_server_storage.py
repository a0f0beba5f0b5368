"""Where uploads and masters are: a folder and a bucket behave alike."""

import os
import socket
import subprocess
import sys
import time
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from masterify_server import bucket
from masterify_server.bucket import Bucket, open_bucket
from masterify_server.refusals import UnavailableError
from masterify_server.settings import Settings
from masterify_server.storage import Folder, input_name, output_name

ROOT = Path(__file__).parents[1]
JOB = "550e8400-e29b-41d4-a716-446655440000"
SONG = input_name(JOB, "song", "wav")


@pytest.fixture(params=["folder", "bucket"])
def storage(request, tmp_path):
    return Folder(tmp_path / "files") if request.param == "folder" else Bucket(MemoryStore())


def put(storage, tmp_path, name, content):
    path = tmp_path / "upload"
    path.write_bytes(content)
    storage.put(path, name)
    assert not path.exists()


def test_a_file_is_kept_whole_and_read_in_parts(storage, tmp_path):
    content = bytes(range(256)) * 4000
    put(storage, tmp_path, SONG, content)
    assert storage.size(SONG) == len(content)
    assert b"".join(storage.read(SONG, 0, len(content))) == content
    assert b"".join(storage.read(SONG, 300_000, 600_001)) == content[300_000:600_001]
    assert b"".join(storage.read(SONG, 5, 5)) == b""
    assert storage.fetch(SONG, tmp_path).read_bytes() == content


def test_an_attempt_writes_beside_the_others_and_over_itself(storage, tmp_path):
    for attempt, content in ((1, b"one"), (2, b"two"), (1, b"again")):
        put(storage, tmp_path, output_name(JOB, attempt, "spotify.wav"), content)
    assert storage.fetch(output_name(JOB, 1, "spotify.wav"), tmp_path).read_bytes() == b"again"
    assert storage.size(output_name(JOB, 2, "spotify.wav")) == 3


def test_what_is_deleted_is_gone_and_nothing_else(storage, tmp_path):
    other = str(uuid.uuid4())
    for name in (SONG, output_name(JOB, 1, "a.wav"), input_name(other, "song", "mp3")):
        put(storage, tmp_path, name, b"x")
    assert sorted(storage.jobs()) == sorted([f"in/{JOB}", f"in/{other}", f"out/{JOB}"])
    storage.delete(f"in/{JOB}")
    storage.delete(f"in/{JOB}")
    assert sorted(storage.jobs()) == sorted([f"in/{other}", f"out/{JOB}"])
    for ask in (
        storage.size,
        lambda name: storage.fetch(name, tmp_path),
        lambda name: storage.read(name, 0, 1),
    ):
        with pytest.raises(FileNotFoundError):
            ask(SONG)


def test_what_is_being_read_is_read_to_its_end_though_it_is_deleted(storage, tmp_path):
    content = bytes(range(256)) * 4000
    put(storage, tmp_path, SONG, content)
    blocks = storage.read(SONG, 0, len(content))
    storage.delete(f"in/{JOB}")
    assert b"".join(blocks) == content


def test_a_file_is_fetched_to_a_place_that_is_the_same_from_everywhere(storage, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if isinstance(storage, Folder):
        storage = Folder(Path("files"))
    put(storage, tmp_path, SONG, b"x")
    path = storage.fetch(SONG, Path())
    monkeypatch.chdir("/")
    assert path.read_bytes() == b"x"


def test_a_storage_says_whether_it_could_store(storage):
    storage.check()


def test_a_storage_that_cannot_store_says_so(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UnavailableError):
        Folder(tmp_path / "file" / "files").check()
    nowhere = Settings(
        data_dir=tmp_path,
        bucket_url="s3://bucket",
        bucket_endpoint="http://127.0.0.1:9",
        bucket_key_id="k",
        bucket_secret="s",
    )
    with pytest.raises(UnavailableError):
        open_bucket(nowhere).check()


def test_a_bucket_is_read_in_requests_of_bounded_size(tmp_path, monkeypatch):
    monkeypatch.setattr(bucket, "BLOCK", 1000)
    storage, content = Bucket(MemoryStore()), bytes(range(256)) * 20
    put(storage, tmp_path, SONG, content)
    for start, end in ((0, 5120), (0, 1000), (1, 1001), (999, 3001), (5119, 5120)):
        blocks = list(storage.read(SONG, start, end))
        assert b"".join(blocks) == content[start:end]
        assert max(map(len, blocks)) <= 1000
    blocks = storage.read(SONG, 0, 5120)
    next(blocks)
    storage.delete(f"in/{JOB}")
    with pytest.raises(UnavailableError, match="was deleted while it was read"):
        next(blocks)


def test_a_bucket_that_hangs_is_waited_for_no_longer_than_its_time_limits(tmp_path, monkeypatch):
    monkeypatch.setattr(bucket, "ANSWERING", timedelta(seconds=0.5))
    monkeypatch.setattr(bucket, "TRYING_AGAIN", timedelta(seconds=0.5))
    monkeypatch.setattr(bucket, "CHECKING", timedelta(seconds=0.5))
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never says a word
        hanging = open_bucket(
            Settings(
                data_dir=tmp_path, bucket_url="s3://bucket", bucket_key_id="k", bucket_secret="s",
                bucket_endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}",
            )
        )  # fmt: skip
        for ask in (hanging.check, lambda: hanging.size(SONG), lambda: put(hanging, tmp_path, SONG, b"x")):
            begun = time.monotonic()
            with pytest.raises(UnavailableError):
                ask()
            assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "name", ["../x", "in/../../x", f"in/{JOB}/../x.wav", f"in/{JOB}/a b.wav", "/etc/passwd", "", "in/"]
)
def test_only_our_own_names_are_names(storage, name):
    for ask in (storage.size, storage.delete, lambda name: list(storage.read(name, 0, 1))):
        with pytest.raises(ValueError, match="no name of a stored file"):
            ask(name)


SMALL_MEMORY_GB = 0.6

IN_A_JOB = """
import os, sys
from pathlib import Path
from masterify_server import sandbox
from masterify_server.refusals import UnavailableError
from masterify_server.settings import read_settings
from masterify_server.storage import open_storage

storage = open_storage(read_settings())
sandbox.enter(sandbox.Limits(memory_gb=float(sys.argv[1]), cpu_s=60))
try:
    storage.size("in/550e8400-e29b-41d4-a716-446655440000/song.wav")
except UnavailableError:
    print(len(os.listdir("/proc/self/task")), os.environ.get("TOKIO_WORKER_THREADS"))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts threads in /proc")
def test_a_bucket_takes_few_threads_however_many_cores_there_are(tmp_path):
    environment = {name: text for name, text in os.environ.items() if not name.startswith("TOKIO")} | {
        "MASTERIFY_BUCKET_URL": "s3://bucket", "MASTERIFY_BUCKET_ENDPOINT": "http://127.0.0.1:9",
        "MASTERIFY_BUCKET_KEY_ID": "k", "MASTERIFY_BUCKET_SECRET": "s", "MASTERIFY_DATA_DIR": str(tmp_path),
    }  # fmt: skip
    words = [sys.executable, "-c", IN_A_JOB, str(SMALL_MEMORY_GB)]
    ran = subprocess.run(words, env=environment, capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    threads, wanted = ran.stdout.split()
    assert wanted == bucket.THREADS  # on two cores there would be no more anyway
    assert int(threads) <= 1 + int(bucket.THREADS) + 1  # names are looked up by another
