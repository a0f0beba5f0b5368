"""What ``masterify remote`` does for one song or job: submit, wait, fetch; and what is told of it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from masterify_cli import batch, exits, printing
from masterify_cli.inputs import Song
from masterify_core.errors import MasterifyError

if TYPE_CHECKING:
    from masterify_core.presets import Library
    from masterify_core.request import MasterRequest, Outputs
    from masterify_server.client import Client, Job

Result = dict[str, Any]
SHOWN_UPLOAD = 0.1
"""Share of the bar that the upload takes."""


class LeftError(MasterifyError):
    """A job was accepted, and its masters are not here; the message says how to fetch them."""

    code = "remote"

    def __init__(self, error: MasterifyError, job_id: str, url: str) -> None:
        super().__init__(f"{error}; fetch it later: {_command(job_id, url)}")
        self.job_id, self.remote_code = job_id, getattr(error, "remote_code", error.code)


@dataclass(slots=True)
class Work:
    """One server and what is asked of it; several threads may use it."""

    client: Client
    library: Library | None
    timeout_s: float | None
    _under_way: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def master(self, song: Song, request: MasterRequest, told: batch.Report) -> Result:
        """Submit a song, wait, fetch; the answer reads like one of ``master --json``.

        Whether the masters could be written is looked at first: nothing is charged for what is there already.
        """
        from masterify_core.request import outputs_of

        assert self.library is not None
        found = outputs_of(request, None, self.library)
        there = [out for out in found.masters if out.exists and request.existing == "skip"]
        wanted = [out.platform for out in found.masters if out not in there]
        skipped = [str(out.path) for out in there]
        if not wanted:
            return {"input": song.given, "deliveries": [], "skipped": skipped, "notes": []}
        job_id = self.client.submit(
            song.path, wanted, genre=request.genre, ai_service=request.ai_service, tier=request.tier,
            reference=next(iter(request.references), None),
            on_progress=lambda stage, share: told(stage, SHOWN_UPLOAD * share),
        )["job_id"]  # fmt: skip
        with self._lock:
            self._under_way[job_id] = song.shown
        job = self._waited(
            job_id, lambda stage, share: told(stage, SHOWN_UPLOAD + (1 - SHOWN_UPLOAD) * share)
        )
        try:
            result = self._fetched(job, request, found)
        except (MasterifyError, OSError) as error:
            raise self._left(error, job_id) from None
        self._ended(job_id)
        return {"input": song.given, **result, "skipped": skipped}

    def fetch(
        self, job_id: str, folder: Path, kinds: Sequence[str], overwrite: bool, told: batch.Report
    ) -> Result:
        """Wait for a job and fetch its masters and reports into a folder."""
        job = self.client.wait(job_id, told, self.timeout_s)
        paths = self.client.download(job, folder, overwrite=overwrite)
        for kind in kinds:
            self._write_report(job_id, kind, folder / f"{_stem(job)} (Report).{kind}", overwrite=overwrite)
        return {"input": job["name"], **_table(job, paths), "skipped": []}

    def left(self) -> list[str]:
        """What an interruption leaves on the server, and how to fetch it."""
        return [
            f"{name} goes on there; fetch it: {_command(job_id, self.client.url)}"
            for job_id, name in self._under_way.items()
        ]

    def _waited(self, job_id: str, told: batch.Report) -> Job:
        from masterify_server.client import RemoteError

        try:
            return self.client.wait(job_id, told, self.timeout_s)
        except RemoteError as error:
            if error.may_pass or error.remote_code == "TIMEOUT":
                raise self._left(error, job_id) from None
            self._ended(job_id)
            raise

    def _fetched(self, job: Job, request: MasterRequest, found: Outputs) -> Result:
        overwrite = request.existing == "overwrite"
        places = {out.platform: out.path for out in found.masters}
        paths = {
            name: places[name].with_suffix(f".{result['format']}") for name, result in job["results"].items()
        }
        for platform, path in paths.items():
            self.client.fetch(job, platform, path, overwrite=overwrite)
        for path in found.reports:
            kind = path.suffix.removeprefix(".")
            self._write_report(job["job_id"], kind, path, overwrite=request.existing != "refuse")
        return _table(job, paths)

    def _write_report(self, job_id: str, kind: str, path: Path, *, overwrite: bool) -> None:
        from masterify_core.files.text_writing import write_text

        write_text(self.client.report(job_id, kind), path, overwrite=overwrite)

    def _left(self, error: MasterifyError | OSError, job_id: str) -> LeftError:
        self._ended(job_id)  # the error tells of it
        known = error if isinstance(error, MasterifyError) else MasterifyError(f"the system refuses: {error}")
        return LeftError(known, job_id, self.client.url)

    def _ended(self, job_id: str) -> None:
        with self._lock:
            self._under_way.pop(job_id, None)


def tell(outcome: batch.Outcome[Result], as_json: bool) -> None:
    """Tell people how a song ended, as soon as it has."""
    if outcome.error is not None:
        printing.error(outcome.message)
    elif outcome.result is not None and not as_json:
        from masterify_cli import show_remote

        show_remote.song(outcome.result)


def shown(outcomes: Sequence[batch.Outcome[Result]], as_json: bool, strict: bool) -> int:
    """Show what came of all songs; answers the exit code."""
    if as_json:
        printing.document([_document(outcome) for outcome in outcomes])
    elif len(outcomes) > 1:
        from masterify_cli import show_remote

        show_remote.summary(outcomes)
    return exits.worst(_code(outcome, strict) for outcome in outcomes)


def _document(outcome: batch.Outcome[Result]) -> dict[str, Any]:
    if outcome.result is not None:
        return outcome.result
    failure = outcome.failure("input")
    for name in ("remote_code", "job_id"):
        value = getattr(outcome.error, name, None)
        if value is not None:
            failure["error"][name] = value
    return failure


def _code(outcome: batch.Outcome[Result], strict: bool) -> int:
    if outcome.error is not None:
        return exits.code_of(outcome.error)
    met = outcome.result is None or all(each["target_met"] for each in outcome.result["deliveries"])
    return exits.TARGET_MISSED if strict and not met else exits.DONE


def _table(job: Job, paths: dict[str, Path]) -> Result:
    deliveries = [
        {**result, "platform": name, "path": str(paths[name])} for name, result in job["results"].items()
    ]
    return {"job_id": job["job_id"], "source": job["input"], "deliveries": deliveries, "notes": []}


def _stem(job: Job) -> str:
    from masterify_server.names import safe_name

    return safe_name(job["name"])


def _command(job_id: str, url: str) -> str:
    import shlex

    return shlex.join(["masterify", "remote", "fetch", job_id, "--api", url])
