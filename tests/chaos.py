"""Kills a whole deployment's processes at random while clients send songs, then looks into the books.

Run: ``python -m tests.chaos --kills 200`` (about seven minutes on two free cores). Everything is real: ``masterify serve``
with web, workers, keeper and embedded store, the engine, HTTP clients that repeat what was not answered. Killed with
SIGKILL are the web process, workers, their children over a job, the keeper and the store. In the end no accepted
job may be lost, none may have ended twice, every balance must equal its ledger and every master its checksum.
"""

import argparse
import hashlib
import http.client
import io
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import soundfile

from masterify_server import admin
from masterify_server.refusals import UnavailableError
from masterify_server.settings import Settings
from masterify_server.storage import open_storage, output_name
from masterify_server.store import accounts, jobs, lifecycle
from tests.deployments import ROOT, children_of, until

CREDITS = 100_000
CLIENTS = 3
DRAINING_S = 120
STARTING_S = 120
KINDS = ("web", "worker", "child", "child", "keeper", "store")
NOT_DONE = {429, 503, 500}


def short_song(seconds=2.0, rate=8000):
    """A song that is mastered in a moment."""
    t = np.arange(round(seconds * rate)) / rate
    tone = 0.3 * np.sin(2 * np.pi * 220 * t) * (0.6 + 0.4 * np.sin(9 * t))
    file = io.BytesIO()
    soundfile.write(file, np.stack([tone, tone], axis=1), rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


SONG = short_song()


class Client(threading.Thread):
    """Sends songs until told to stop; a request without an answer is repeated under its Idempotency-Key."""

    def __init__(self, port, key, stopping, seed):
        super().__init__(daemon=True)
        self.port, self.key, self.stopping, self.random = port, key, stopping, random.Random(seed)
        self.accepted, self.repeated, self.canceled = [], 0, 0

    def run(self):
        while not self.stopping.is_set():
            job_id = self.master(str(uuid.uuid4()))
            if job_id:
                self.accepted.append(job_id)
                if self.random.random() < 0.1:
                    self.canceled += self.ask("DELETE", f"/api/v1/jobs/{job_id}")[0] == 200
            time.sleep(self.random.uniform(0.0, 0.3))

    def master(self, idempotency_key):
        """The id of the job that one request made, however often it had to be sent."""
        boundary = uuid.uuid4().hex
        tier = self.random.choice(("standard", "standard", "premium"))
        fields = {"platforms": self.random.choice(("spotify", "spotify,melon")), "tier": tier}
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'
            for k, v in fields.items()
        ]
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n')
        body = "".join(parts).encode() + SONG + f"\r\n--{boundary}--\r\n".encode()
        kind = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Idempotency-Key": idempotency_key,
        }
        while True:
            status, answer = self.ask("POST", "/api/v1/master", body, kind)
            if status == 201:
                return answer["job_id"]
            if status is not None and status not in NOT_DONE:
                raise AssertionError(f"{status} {answer}")
            if self.stopping.is_set() and status in (429, 503):
                return None  # surely nothing was accepted; all else must be known before we go
            self.repeated += 1
            time.sleep(0.2)

    def ask(self, method, path, body=None, headers=None):
        """Status and answer; (None, None) if there was none."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            line.request(method, path, body, {"Authorization": f"Bearer {self.key}", **(headers or {})})
            answer = line.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return None, None
        finally:
            line.close()


class Service:
    """``masterify serve`` in a process of its own."""

    def __init__(self, folder, workers):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        words = ["serve", "--port", str(self.port), "--data-dir", str(folder), "--workers", str(workers)]
        # An unlimited rate: here the account's plan is not what is tested.
        plans = folder / "plans.toml"
        plans.write_text("[plans.chaos]\nconcurrent_jobs = 12\n[credits]\nstandard = 1\npremium = 2\n")
        environment = {
            **os.environ, "MASTERIFY_PLANS_FILE": str(plans), "MASTERIFY_API_MIN_PLAN": "chaos", "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        environment.pop("REDIS_URL", None)
        self.log = (folder / "serve.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "masterify_cli", *words],
            env=environment,
            cwd=ROOT,
            stderr=self.log,
            stdout=self.log,
        )
        self.settings = Settings(data_dir=folder, plans_file=plans, api_min_plan="chaos")

    def victims(self, kind):
        """Process ids of one kind."""
        found = {}
        for pid in children_of(self.process.pid):
            with suppress(OSError):
                found[pid] = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        if kind == "store":
            return [pid for pid, command in found.items() if "-server" in command]
        wanted = "worker" if kind == "child" else kind
        pids = [pid for pid, command in found.items() if f"processes\0{wanted}" in command]
        return pids if kind != "child" else [child for pid in pids for child in children_of(pid)]

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(60)
        self.log.close()
        return code


def run(kills, *, seed=1, workers=2, pause_s=(0.3, 1.6), say=print):
    """Let it rage; answers what was found, for whoever judges."""
    chance = random.Random(seed)
    folder = Path(tempfile.mkdtemp(prefix="masterify-chaos-"))
    service, killed, stopping = Service(folder, workers), Counter(), threading.Event()
    clients = []
    try:
        plans = admin.plans_of(service.settings)
        until(lambda: _ready(service), STARTING_S)
        with admin.opened(service.settings) as store:
            made = [admin.create_account(store, plans, f"account {n}", "chaos", CREDITS) for n in range(2)]
        clients = [Client(service.port, made[n % 2]["key"], stopping, seed + n) for n in range(CLIENTS)]
        [client.start() for client in clients]
        until(lambda: all(client.accepted for client in clients))
        while killed.total() < kills:
            time.sleep(chance.uniform(*pause_s))
            kind = chance.choice(KINDS)
            victims = service.victims(kind)
            if victims:
                with suppress(ProcessLookupError):
                    os.kill(chance.choice(victims), signal.SIGKILL)
                    killed[kind] += 1
        stopping.set()
        [client.join(120) for client in clients]
        assert not any(client.is_alive() for client in clients), "a client never got an answer"
        say(f"killed {dict(killed)}; draining")
        began = time.monotonic()
        with admin.opened(service.settings) as store:
            until(lambda: _drained(store), DRAINING_S, every=0.3)
            found = _books(store, service.settings, [each["account"] for each in made], clients)
        found |= {
            "killed": dict(killed),
            "drained_s": round(time.monotonic() - began, 1),
            "exit_code": service.stop(),
        }
        return found
    except BaseException:
        say((folder / "serve.log").read_text(errors="replace")[-4000:])
        raise
    finally:
        stopping.set()
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait()
        service.log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _ready(service):
    line = http.client.HTTPConnection("127.0.0.1", service.port, timeout=2)
    try:
        line.request("GET", "/readyz")
        return line.getresponse().status == 200
    except OSError:
        return False
    finally:
        line.close()


def _drained(store):
    try:
        counts = store.do(lifecycle.counts())
    except UnavailableError:
        return False
    return counts.queued == counts.processing == counts.undispatched == 0


def _books(store, settings, account_ids, clients):
    """What became of everything that was accepted."""
    storage, ends, attempts, faults = open_storage(settings), Counter(), Counter(), []
    accepted = {job_id for client in clients for job_id in client.accepted}
    recorded = {}
    for account_id in account_ids:
        recorded |= {job.job_id: job for job in _all_jobs(store, account_id)}
        books = store.do(accounts.reconcile(account_id))
        paid = sum(job.credits_used for job in recorded.values() if job.account_id == account_id)
        faults += [f"{account_id}: {fault}" for fault in books.faults]
        if not books.balanced or books.credits != CREDITS - paid:
            faults.append(f"{account_id}: balance {books.credits}, ledger {books.ledger_sum}, paid {paid}")
    for job in recorded.values():
        ends[job.status] += 1
        attempts[job.attempt] += 1
        for table in (*job.results, *([job.archive] if job.archive else [])):
            name = output_name(job.job_id, job.attempt, table["file"])
            content = b"".join(storage.read(name, 0, storage.size(name)))
            if hashlib.sha256(content).hexdigest() != table["sha256"]:
                faults.append(f"{name} is damaged")
    totals = store.do(lifecycle.counts()).totals
    return {
        "accepted": len(accepted), "recorded": len(recorded), "lost": len(accepted - set(recorded)), "ends": dict(ends),
        "ended_twice": sum(totals.get(end, 0) for end in jobs.ENDED) - len(recorded), "attempts": dict(sorted(attempts.items())),
        "reaped": totals.get("reaped", 0), "repeated_requests": sum(client.repeated for client in clients), "faults": faults,
    }  # fmt: skip


def _all_jobs(store, account_id):
    after = None
    while True:
        page = store.do(jobs.list_jobs(account_id, 100, after))
        yield from page.jobs
        if not page.has_more:
            return
        after = page.jobs[-1].job_id


def is_clean(found):
    """Whether nothing was lost, doubled or charged wrongly."""
    unended = set(found["ends"]) - set(jobs.ENDED)
    return not (found["lost"] or found["ended_twice"] or found["faults"] or unended or found["exit_code"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    result = run(arguments.kills, seed=arguments.seed, workers=arguments.workers)
    print(json.dumps(result, indent=1))
    sys.exit(0 if is_clean(result) else 1)
