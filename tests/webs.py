"""The real web application for tests: embedded store, probe and folders of its own; and songs to send to it."""

import functools
import io
from contextlib import contextmanager

import numpy as np
import soundfile
from starlette.testclient import TestClient

from masterify_core.presets import Library
from masterify_server.app import build_app
from masterify_server.probe import Probe
from masterify_server.services import Services
from masterify_server.settings import Settings
from masterify_server.storage import open_storage, output_name, uploads_folder
from masterify_server.store import lifecycle
from masterify_server.upload import Limits
from tests import stores

KEEP = lifecycle.Keep(input_ms=3_600_000, output_ms=3_600_000)


class Web:
    """A running application, an account with a key, and what a worker would do."""

    def __init__(self, client, store, services):
        self.client, self.store, self.services = client, store, services
        self.account = stores.account(store, plan="studio", credits=1000)
        self.key = stores.key(store, self.account).secret

    def call(self, method, path, key="", **rest):
        """A request with the main key, another, or (None) none; unlimited by the rate."""
        self.forget_rates()
        headers = dict(rest.pop("headers", {}))
        if key is not None:
            headers["Authorization"] = f"Bearer {key or self.key}"
        return self.client.request(method, path, headers=headers, **rest)

    def get(self, path, key="", **rest):
        return self.call("GET", f"/api/v1{path}", key, **rest)

    def master(self, song=None, name="노래.wav", key="", headers=None, extra=(), **fields):
        """POST a song; a field that is None is left out."""
        files = [("file", (name, wav() if song is None else song, "audio/wav"))]
        files += [(k, (None, v)) for k, v in ({"platforms": "spotify"} | fields).items() if v is not None]
        return self.call("POST", "/api/v1/master", key, files=[*files, *extra], headers=headers or {})

    def forget_rates(self):
        for key in self.store.redis.scan_iter(f"{self.store.prefix}rate:*"):
            self.store.redis.delete(key)

    def finish(self, job_id, masters, archive=None):
        """Do what a worker does: claim, deliver bytes by platform, end."""
        job = self.store.do(lifecycle.claim(job_id, "test"))
        results = [
            self._deliver(job, f"{platform}.wav", data, platform) for platform, data in masters.items()
        ]
        zipped = self._deliver(job, "all.zip", archive) if archive is not None else None
        call = lifecycle.end_done(
            job_id, job.attempt, KEEP, measured={"integrated_lufs": -20.0}, results=results, archive=zipped
        )
        assert self.store.do(call)
        return job

    def deliver_report(self, job, kind, text):
        path = self.services.uploads / f"report.{kind}"
        path.write_text(text, encoding="utf-8")
        self.services.storage.put(path, output_name(job.job_id, job.attempt, f"report.{kind}"))

    def _deliver(self, job, file, data, platform=None):
        import hashlib

        path = self.services.uploads / file
        path.write_bytes(data)
        self.services.storage.put(path, output_name(job.job_id, job.attempt, file))
        told = {"file": file, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        return {**told, "platform": platform, "format": "wav", "integrated_lufs": -14.0} if platform else told

    def files(self):
        """Names of everything that is stored or on its way."""
        root = self.services.settings.data_dir
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@contextmanager
def web(folder, limits=None, store=None, **settings):
    """The application, started."""
    store = store or stores.fresh()
    chosen = Settings(data_dir=folder, **settings)
    services = Services(
        settings=chosen, plans=stores.PLANS, library=Library.load(), store=stores.fresh_async(store),
        storage=open_storage(chosen), probe=Probe(), uploads=uploads_folder(chosen), limits=limits or Limits(),
    )  # fmt: skip
    with TestClient(build_app(services), base_url="http://testserver") as client:
        yield Web(client, store, services)


@functools.cache
def wav(seconds=1.0, rate=8000, channels=2, subtype="PCM_16", form="WAV", level=0.3):
    """A short song."""
    t = np.arange(round(seconds * rate)) / rate
    tone = level * np.sin(2 * np.pi * 220 * t)
    file = io.BytesIO()
    soundfile.write(file, np.stack([tone] * channels, axis=1), rate, format=form, subtype=subtype)
    return file.getvalue()
