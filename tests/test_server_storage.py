"""Where uploads and masters are: a folder and a bucket behave alike."""

import socket
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
        bucket_url="s3://b",
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
                data_dir=tmp_path, bucket_url="s3://b", bucket_key_id="k", bucket_secret="s",
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
