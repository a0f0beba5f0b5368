"""A whole service in processes of its own, as ``masterify serve`` starts it, with an account; and a sink for its webhooks."""

import contextlib
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request

from tests.deployments import until
from tests.lines import free_port

COMMAND = [sys.executable, "-m", "masterify_cli"]
CREATE = ["admin", "create-account", "--name", "test", "--plan", "studio", "--credits", "60"]
STARTING_S = 90


@contextlib.contextmanager
def service(folder, **settings):
    """Address of a running service, and the key of an account there: plan studio, 60 credits."""
    port = free_port()
    url, log = f"http://127.0.0.1:{port}", folder / "serve.log"
    environment = {**os.environ, **{f"MASTERIFY_{name.upper()}": value for name, value in settings.items()}}
    folder.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as said:  # a pipe that nobody reads would be full one day, and everything would wait
        serving = subprocess.Popen(
            [*COMMAND, "serve", "--port", str(port), "--data-dir", str(folder), "--workers", "1"],
            stdout=said, stderr=said, env=environment,
        )  # fmt: skip

    def is_ready():
        assert serving.poll() is None, log.read_text()
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return answer.status == 200

    try:
        until(is_ready, STARTING_S)
        created = [*COMMAND, *CREATE, "--data-dir", str(folder), "--json"]
        yield url, json.loads(subprocess.run(created, capture_output=True, check=True).stdout)["key"]
    finally:
        serving.send_signal(signal.SIGTERM)
        try:
            serving.wait(30)
        except subprocess.TimeoutExpired:
            serving.kill()
            serving.wait()


@contextlib.contextmanager
def sink():
    """An address that takes every webhook, and the list of what came: (headers in lower case, body)."""
    came = []

    class Takes(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Takes) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}/", came
        finally:
            server.shutdown()
            thread.join()
