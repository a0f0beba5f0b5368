"""One job's work: fetch the song, walk through the engine's one door, store what comes of it."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from masterify_core import schema
from masterify_core.errors import MasterifyError
from masterify_core.mastering import MasterRequest, MasterResult, master
from masterify_core.presets import Library
from masterify_server.storage import Storage, input_name, output_name
from masterify_server.store.jobs import Job, JobError

Progress = Callable[[str, float], None]
BEFORE, AFTER = 0.02, 0.97
"""Shares of the time that fetching takes before the engine begins, and at which storing begins after it."""
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""The same masters give the same archive."""
SHOWN_OF_INPUT = (
    "seconds", "rate", "channels", "integrated_lufs", "true_peak_dbtp", "loudness_range_lu", "plr_lu", "sample_peak_dbfs",
)  # fmt: skip
SHOWN_OF_MASTER = (
    "target_lufs", "ceiling_dbtp", "target_met", "integrated_lufs", "true_peak_dbtp", "loudness_range_lu", "plr_lu",
    "gain_db", "rate", "bit_depth", "sha256", "notes",
)  # fmt: skip

_CODES = {
    "not_audio": JobError(code="UNSUPPORTED_FORMAT", key="UNSUPPORTED_FORMAT"),
    "damaged_audio": JobError(code="INVALID_AUDIO", key="INVALID_AUDIO.damaged"),
    "unusable_audio": JobError(code="INVALID_AUDIO", key="INVALID_AUDIO"),
}
# "too_long" is none of these: lengths were checked at the door. Here it means that memory is short, and that is ours.
INTERNAL = JobError(code="INTERNAL_ERROR", key="INTERNAL_ERROR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the record of a done job says."""

    measured: Mapping[str, Any]
    results: Sequence[Mapping[str, Any]]
    archive: Mapping[str, Any] | None


def carry_out(job: Job, storage: Storage, library: Library, scratch: Path, on_progress: Progress) -> Outcome:
    """Master a job's song and store masters, archive and report below ``out/{job}/{attempt}``.

    Raises
    ------
    MasterifyError
        Of the song or the request (`job_error` says it in the API's words), or an outage of the storage.
    """
    on_progress("fetching", 0.0)
    request = request_of(job, storage, scratch)
    result = master(
        request, library, lambda step, share: on_progress(step, BEFORE + (AFTER - BEFORE) * share)
    )
    on_progress("storing", AFTER)
    results = [_result(delivery.to_dict()) for delivery in result.deliveries]
    archive = None
    if len(results) > 1:
        archive = _archive(job, result, library, scratch)
    page = _page(result, scratch)
    for path in (page, Path(result.report_paths[0])):
        storage.put(path, output_name(job.job_id, job.attempt, f"report{path.suffix}"))
    if archive is not None:
        storage.put(scratch / archive["file"], output_name(job.job_id, job.attempt, archive["file"]))
    for table, delivery in zip(results, result.deliveries, strict=True):
        storage.put(Path(str(delivery.path)), output_name(job.job_id, job.attempt, table["file"]))
    measured = result.measurement.to_dict()
    return Outcome(
        measured={name: measured[name] for name in SHOWN_OF_INPUT}, results=results, archive=archive
    )


def request_of(job: Job, storage: Storage, scratch: Path) -> MasterRequest:
    """What the engine is asked for; what is not said here is as for the command line, so the bytes are the same.

    Raises
    ------
    FileNotFoundError
        The upload is gone.
    """
    order = job.order
    held = storage.fetch(input_name(job.job_id, "song", order.song_format), scratch)
    # The report names the song by its file, and the name is the user's: made safe at the door, used in here only.
    # In a folder of its own: files that are fetched have names, too.
    named = scratch / "named"
    named.mkdir()
    song = named / f"{order.song_name}.{order.song_format}"
    song.symlink_to(held)
    table: dict[str, Any] = {
        "source": str(song), "out_dir": str(scratch / "masters"), "platforms": order.platforms, "genre": order.genre,
        "ai_service": order.ai_service, "tier": order.tier, "name": "{platform_name}", "report": ("json",),
    }  # fmt: skip
    if order.reference_format is not None:
        name = input_name(job.job_id, "reference", order.reference_format)
        table["references"] = (str(storage.fetch(name, scratch)),)
    return schema.build(MasterRequest, table)


def job_error(error: MasterifyError) -> JobError:
    """Why a job failed, in the API's words; what is no fault of the song is ours."""
    return _CODES.get(error.code, INTERNAL)


def _result(delivery: Mapping[str, Any]) -> dict[str, Any]:
    """A master as the record shows it."""
    path = Path(delivery["path"])
    return {
        "platform": delivery["platform"], "title": delivery["title"], "format": delivery["container"], "file": path.name,
        "size": path.stat().st_size, **{name: delivery[name] for name in SHOWN_OF_MASTER},
    }  # fmt: skip


def _archive(job: Job, result: MasterResult, library: Library, scratch: Path) -> dict[str, Any]:
    """Put all masters into one ZIP, uncompressed (audio does not shrink), under the song's own name."""
    path = scratch / "masters.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for delivery in result.deliveries:
            title = library.platform(delivery.platform).title
            name = f"{job.order.song_name} (Master - {title}).{delivery.container}"
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            with Path(str(delivery.path)).open("rb") as song, archive.open(entry, "w") as into:
                while block := song.read(2**20):
                    into.write(block)
    with path.open("rb") as made:
        digest = hashlib.file_digest(made, "sha256").hexdigest()
    return {"file": path.name, "format": "zip", "size": path.stat().st_size, "sha256": digest}


def _page(result: MasterResult, scratch: Path) -> Path:
    """The report as a page, from its values: without the previews, which cost more time than the masters."""
    from masterify_core.report.page import page

    path = scratch / "report.html"
    values = json.loads(Path(result.report_paths[0]).read_text(encoding="utf-8"))
    path.write_text(page(values), encoding="utf-8")
    return path
