"""A whole service in processes of its own, as ``masterify serve`` starts it, with an account; and a sink for its webhooks."""

import contextlib
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request

from tests.deployments import until

COMMAND = [sys.executable, "-m", "masterify_cli"]
STARTING_S = 90


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def service(folder, **settings):
    """Address of a running service, and the key of an account there: plan studio, 20 credits."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, **{f"MASTERIFY_{name.upper()}": value for name, value in settings.items()}}
    serving = subprocess.Popen(
        [*COMMAND, "serve", "--port", str(port), "--data-dir", str(folder), "--workers", "1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment,
    )  # fmt: skip

    def is_ready():
        assert serving.poll() is None, serving.stderr.read()
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return answer.status == 200

    try:
        until(is_ready, STARTING_S)
        create = ["admin", "create-account", "--name", "test", "--plan", "studio", "--credits", "20"]
        made = subprocess.run(
            [*COMMAND, *create, "--data-dir", str(folder), "--json"], capture_output=True, check=True
        )
        yield url, json.loads(made.stdout)["key"]
    finally:
        serving.send_signal(signal.SIGTERM)
        try:
            serving.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            serving.kill()
            serving.communicate()


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
