"""What the dashboard's player needs of a done job: excerpts of song and masters, and a table of them.

It is made after the job's end was written, by the process that did the job: nobody who waits for masters waits for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from masterify_core.report.excerpts import Excerpts, excerpts_of
from masterify_server.excerpt_files import TABLE, VERSION, file_of
from masterify_server.storage import Storage, input_name, output_name
from masterify_server.store.jobs import Job


def store_excerpts(
    job: Job, results: Sequence[Mapping[str, Any]], storage: Storage, scratch: Path
) -> Excerpts | None:
    """Make and store the excerpts of a job, the table last; None if song or a master is silent in its loudest part.

    Raises
    ------
    FileNotFoundError
        The upload or a master is not kept any more.
    MasterifyError
        A file cannot be read, or the storage cannot be reached.
    """
    song = storage.fetch(input_name(job.job_id, "song", job.order.song_format), scratch)
    masters = {}
    for result in results:
        folder = scratch / result["platform"]  # copies out of a bucket have the names of their files
        folder.mkdir()
        masters[result["platform"]] = storage.fetch(
            output_name(job.job_id, job.attempt, result["file"]), folder
        )
    made = excerpts_of(song, masters)
    if made is None:
        return None
    for sound in made.sounds:
        _put(storage, job, file_of(sound.name), sound.flac, scratch)
    _put(storage, job, TABLE, json.dumps(table_of(made)).encode(), scratch)
    return made


def table_of(made: Excerpts) -> dict[str, Any]:
    """What a player is told before it fetches any sound."""
    return {
        "version": VERSION, "song_s": made.song_s, "start_s": made.start_s, "length_s": made.length_s,
        "sounds": [
            {"name": each.name, "own_gain_db": each.own_gain_db, "bytes": len(each.flac), "outline": each.outline}
            for each in made.sounds
        ],
    }  # fmt: skip


def _put(storage: Storage, job: Job, name: str, content: bytes, scratch: Path) -> None:
    path = scratch / name
    path.write_bytes(content)
    storage.put(path, output_name(job.job_id, job.attempt, name))
