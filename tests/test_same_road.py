"""Command line and service walk one road: the same song and wishes give the same bytes, whichever store carries the job."""

import json
import shutil
import socket
import subprocess
import zipfile

import pytest
import redis

from masterify_server.storage import output_name
from tests.cli import masterify, write_song
from tests.deployments import Deployment, until

NAME = "봄날의 노래"
WISHES = {"genre": "kpop", "ai_service": "suno", "tier": "standard"}


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory):
    """A real Redis on loopback, as somebody may run beside the service."""
    if shutil.which("redis-server") is None:
        pytest.skip("needs redis-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    words += ["--dir", str(tmp_path_factory.mktemp("redis"))]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as server:
        url = f"redis://127.0.0.1:{port}/0"
        with redis.Redis.from_url(url) as client:

            def answers():
                try:
                    return client.ping()
                except redis.ConnectionError:
                    return False

            until(answers)
        yield url
        server.terminate()


@pytest.fixture(scope="module")
def by_command(tmp_path_factory):
    """Masters of a song as the command line makes them: by platform."""
    folder = tmp_path_factory.mktemp("command")
    song = write_song(folder / f"{NAME}.wav", seconds=4.0)
    words = [f"--{name.replace('_', '-')}={value}" for name, value in WISHES.items()]
    ran = masterify(
        "master", song, "--platforms", "spotify,melon", "--output-dir", folder / "masters", "--json", *words
    )
    assert ran.code == 0, ran.err
    return song.read_bytes(), {path.stem: path.read_bytes() for path in (folder / "masters").glob("*.wav")}


@pytest.mark.parametrize("store", ["embedded", "redis"])
def test_the_service_gives_the_bytes_of_the_command_line(store, by_command, tmp_path, request):
    song, masters = by_command
    url = request.getfixturevalue("redis_url") if store == "redis" else None
    with Deployment(tmp_path, redis_url=url) as deployment:
        worker, keeper = deployment.start("masterify_server.processes", "worker"), deployment.keeper()
        job = deployment.ended(deployment.submit(NAME, song, platforms=("spotify", "melon"), **WISHES), 120)
        assert (job.status, job.error) == ("done", None)

        def stored(file):
            return deployment.storage.fetch(output_name(job.job_id, 1, file), tmp_path)

        for table in job.results:
            expected = masters[f"{NAME} (Master - {table['title']})"]
            assert stored(table["file"]).read_bytes() == expected, table["platform"]
            assert table["target_met"]
        with zipfile.ZipFile(stored(job.archive["file"])) as archive:
            assert {name.removesuffix(".wav"): archive.read(name) for name in archive.namelist()} == masters
        assert json.loads(stored("report.json").read_text(encoding="utf-8"))["masters"]
        assert NAME in stored("report.html").read_text(encoding="utf-8")
        for process in (worker, keeper):
            process.terminate()
            assert process.wait(30) == 0
    assert list((tmp_path / "scratch").rglob("*")) == []
