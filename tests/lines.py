"""A web process with short patience, and plain connections to it, for tests that look at single bytes."""

import socket
import subprocess
import sys
import time

READY_S = 60


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def start(store, folder, port):
    code = f"""
from pathlib import Path
from masterify_core.presets import Library
from masterify_server import logs, web
from masterify_server.api import queries
from masterify_server.app import build_app
from masterify_server.probe import Probe
from masterify_server.services import Services
from masterify_server.settings import Settings
from masterify_server.storage import open_storage, uploads_folder
from masterify_server.store import AsyncStore
from masterify_server.upload import Limits
from masterify_server.plans import load_plans
web.HEADERS_S, web.LINGERING_S, web.STALLED_S, web.STOPPING_S, queries.BODY_S = 1.0, 2.0, 3.0, 1, 1.0
logs.configure()
settings = Settings(data_dir=Path({str(folder)!r}))
services = Services(
    settings=settings, plans=load_plans(), library=Library.load(), store=AsyncStore({store.url!r}, {store.prefix!r}),
    storage=open_storage(settings), probe=Probe(), uploads=uploads_folder(settings),
    limits=Limits(file_bytes=2**20, stall_s=1.0, total_s=4.0),
)
web.run(build_app(services), services.stopping, host="127.0.0.1", port={port})
"""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", code], stderr=log)
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        try:
            with connect(port) as line:
                line.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
                if line.recv(20).startswith(b"HTTP/1.1 200"):
                    return process
        except OSError:
            pass
        time.sleep(0.05)
    process.kill()
    process.wait()
    raise AssertionError((folder / "log").read_text())


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def answer(line):
    """Status and body of what comes until the other side is done."""
    got = bytearray()
    while b"\r\n\r\n" not in got:
        piece = line.recv(65536)
        if not piece:
            return None, bytes(got)
        got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(
        (
            int(row.split(b":")[1])
            for row in head.split(b"\r\n")
            if row.lower().startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        piece = line.recv(65536)
        assert piece, f"the answer ended after {len(body)} of {length} bytes"
        body += piece
    return int(head.split()[1]), bytes(body)


def head_of(key, *rows, path="/api/v1/master", method="POST"):
    rows = (f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {key}", *rows, "", "")
    return "\r\n".join(rows).encode()


FORM = "Content-Type: multipart/form-data; boundary=zz"
FIELD = b'--zz\r\nContent-Disposition: form-data; name="platforms"\r\n\r\nspotify\r\n'
FILE = b'--zz\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
