"""The probe: a file that kills its decoder is refused, and the next one is looked into all the same."""

import asyncio
import os
import signal
import socket
import subprocess
import sys

import pytest

from masterify_server import probe_process
from masterify_server.errors import ApiError
from masterify_server.probe import Probe
from tests import webs


def with_probe(use, **settings):
    """Run ``use(probe)`` with a probe that is started and ended."""

    async def run():
        probe = Probe(**settings)
        await probe.start()
        try:
            return await use(probe)
        finally:
            await probe.close()

    return asyncio.run(run())


@pytest.fixture
def song(tmp_path):
    path = tmp_path / "song"
    path.write_bytes(webs.wav(2.0))
    return path


def test_facts_are_counted(song):
    found = with_probe(lambda probe: probe.look(song))
    assert (found.container, found.channels, found.rate, found.seconds) == ("WAV", 2, 8000, 2.0)


def test_many_files_are_looked_into_at_once(song):
    async def use(probe):
        return await asyncio.gather(*(probe.look(song) for _ in range(20)))

    assert len(with_probe(use, slots=4)) == 20


def test_a_probe_that_died_is_started_again(song):
    async def use(probe):
        probe._process.kill()
        probe._process.wait()
        return await probe.look(song)

    assert with_probe(use).seconds == 2.0


def test_a_probe_that_is_ended_leaves_no_process(song):
    async def use(probe):
        await probe.look(song)
        return probe._process

    process = with_probe(use)
    assert process.returncode is not None


ENDINGS = {
    "abort": "os.abort()",
    "fault": "os.kill(os.getpid(), signal.SIGSEGV)",
    "memory": "bytearray(8 << 30)",
    "writing": "os.write(os.open('x', os.O_CREAT | os.O_WRONLY), b'y')",
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_a_file_that_breaks_its_child_is_damaged(song, tmp_path, monkeypatch, ending):
    """The child is made to do what a hostile file might; its limits stop it, and the answer is about the file."""
    folder = tmp_path / "patched"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import os, signal\nfrom masterify_core.files import sieve\nwhole = sieve._decode\n"
        f"def broken(request):\n    if {str(song)!r} == request.path:\n        {ending}\n    return whole(request)\n"
        "sieve._decode = broken\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{os.getcwd()}")
    monkeypatch.chdir(tmp_path)

    async def use(probe):
        with pytest.raises(ApiError) as told:
            await probe.look(song)
        other = song.with_name("other")
        other.write_bytes(song.read_bytes())
        return told.value, await probe.look(other)

    error, found = with_probe(use)
    assert error.code == "INVALID_AUDIO"
    assert found.seconds == 2.0


def test_a_child_that_hangs_is_ended(song, monkeypatch):
    """Time is limited twice: on the clock and on the processor."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        probe_process.WALL_S = 1
        probe_process._limit()
        signal.pause()
        os._exit(0)
    os.close(read)
    os.close(write)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGALRM


def test_the_process_ends_with_its_line():
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "masterify_server.probe_process", str(theirs.fileno())]
    with subprocess.Popen(command, pass_fds=[theirs.fileno()]) as process:
        theirs.close()
        assert ours.recv(1) == probe_process.READY
        ours.close()
        assert process.wait(10) == 0
