"""A service to measure: `masterify serve` in a folder of its own, an account without limits, and one client."""

from __future__ import annotations

import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import soundfile

T = TypeVar("T")
PLANS = "[plans.bench]\n[credits]\nstandard = 1\npremium = 2\n"
"""No limits: the rate is counted all the same."""
TICKS_S = os.sysconf("SC_CLK_TCK")
PATIENCE_S = 120.0


class Service:
    """One run of ``masterify serve``."""

    def __init__(self, folder: Path, workers: int = 1) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        plans = folder / "plans.toml"
        plans.write_text(PLANS, encoding="utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environment = {
            **os.environ, "MASTERIFY_DATA_DIR": str(folder), "MASTERIFY_PLANS_FILE": str(plans),
            "MASTERIFY_API_MIN_PLAN": "bench",
        }  # fmt: skip
        self.environment.pop("REDIS_URL", None)
        words = ["serve", "--port", str(self.port), "--workers", str(workers)]
        self.log = (folder / "serve.log").open("ab")
        started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "masterify_cli", *words],
            env=self.environment,
            stdout=self.log,
            stderr=self.log,
        )
        until(lambda: self.ask("GET", "/readyz")[0] == 200, every_s=0.01)
        self.ready_s = time.monotonic() - started
        self.key = ""

    def create_account(self) -> None:
        """Make an account, and use its key from now on."""
        words = [
            "admin",
            "create-account",
            "--name",
            "bench",
            "--plan",
            "bench",
            "--credits",
            "100000",
            "--json",
        ]
        made = subprocess.run(
            [sys.executable, "-m", "masterify_cli", *words],
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
        )
        self.key = json.loads(made.stdout)["key"]

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and JSON of an answer; status 0 if nobody answers."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        known = {"Authorization": f"Bearer {self.key}"} if getattr(self, "key", "") else {}
        try:
            line.request(method, path, body, {**known, **(headers or {})})
            answer = line.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        except OSError:
            return 0, None
        finally:
            line.close()

    def master(self, song: bytes, **fields: str) -> str:
        """POST a song; answers its job."""
        mark = uuid.uuid4().hex
        fields = {"platforms": "spotify", **fields}
        head = "".join(
            f'--{mark}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'
            for k, v in fields.items()
        )
        head += f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
        body = head.encode() + song + f"\r\n--{mark}--\r\n".encode()
        status, answer = self.ask(
            "POST", "/api/v1/master", body, {"Content-Type": f"multipart/form-data; boundary={mark}"}
        )
        if status != 201:
            raise RuntimeError(f"{status} {answer}")
        return str(answer["job_id"])

    def job(self, job_id: str) -> dict[str, Any]:
        """The job as the API shows it."""
        found: dict[str, Any] = self.ask("GET", f"/api/v1/jobs/{job_id}")[1]
        return found

    def finished(self, job_id: str) -> dict[str, Any]:
        """Wait for the job's end."""

        def ended() -> dict[str, Any] | None:
            found = self.job(job_id)
            return found if found["status"] in ("done", "failed") else None

        return until(ended, every_s=0.05)

    def pid_of(self, kind: str) -> int:
        """Process id of a child: ``web``, ``worker``, ``store``."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in map(int, children):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
            if ("-server" in command) if kind == "store" else (f"processes\0{kind}" in command):
                return pid
        raise RuntimeError(f"there is no {kind}")

    def stop(self) -> None:
        """End it."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()


def until(holds: Callable[[], T | None], every_s: float, patience_s: float = PATIENCE_S) -> T:
    """Wait until something holds; answers it."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        time.sleep(every_s)
    raise TimeoutError(f"it did not come about in {patience_s:g} s")


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_S


def memory_mb(pid: int, field: str) -> float:
    """``VmRSS`` or ``VmHWM`` (the most so far) of a process, MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(field))
    return int(line.split()[1]) / 1024


def song(seconds: float, rate: int = 44_100) -> bytes:
    """A stereo WAV of noise bursts over a chord."""
    random, t = np.random.default_rng(4), np.arange(round(seconds * rate)) / rate
    chord = sum(np.sin(2 * np.pi * hz * t) for hz in (110, 220, 277.2, 329.6, 880)) / 12
    beat = np.exp(-((2 * t) % 1) * 12) * random.normal(size=t.size) * 0.2
    file = io.BytesIO()
    both = np.stack([chord + beat, chord + np.roll(beat, 40)], axis=1)
    soundfile.write(file, both.astype(np.float32), rate, format="WAV", subtype="PCM_16")
    return file.getvalue()
