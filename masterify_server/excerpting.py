"""What the dashboard's player needs of a done job: excerpts of song and masters, and a table of them.

It is made when somebody wants to hear it, by a worker: decoding what strangers sent is nothing for the web.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from masterify_core.errors import FileError
from masterify_core.report.excerpts import Excerpts, excerpts_of
from masterify_server.excerpt_files import ORIGINAL, TABLE, VERSION, file_of
from masterify_server.storage import Storage, input_name, output_name
from masterify_server.store.jobs import Job

log = logging.getLogger("masterify.worker")


def store_excerpts(job: Job, storage: Storage, scratch: Path) -> int:
    """Make and store the excerpts of a job, the table last; answers how many there are.

    The original is among them while it is kept. There are none if a sound is silent in the loudest part, or cannot be
    read: then the table says so, and nobody tries again.

    Raises
    ------
    FileNotFoundError
        A master is not kept any more.
    UnavailableError
        The storage cannot be reached.
    """
    try:
        made = excerpts_of(_fetched(job, storage, scratch))
    except FileError as error:
        log.warning("job %s has no excerpts: %s", job.job_id, error)
        made = None
    for sound in made.sounds if made else ():
        _put(storage, job, file_of(sound.name), sound.flac, scratch)
    _put(storage, job, TABLE, json.dumps(table_of(made)).encode(), scratch)
    return len(made.sounds) if made else 0


def table_of(made: Excerpts | None) -> dict[str, Any]:
    """What a player is told before it fetches any sound."""
    if made is None:
        return {"version": VERSION, "sounds": []}
    return {
        "version": VERSION, "song_s": made.song_s, "start_s": made.start_s, "length_s": made.length_s,
        "sounds": [
            {"name": each.name, "own_gain_db": each.own_gain_db, "bytes": len(each.flac), "outline": each.outline}
            for each in made.sounds
        ],
    }  # fmt: skip


def _fetched(job: Job, storage: Storage, scratch: Path) -> dict[str, Path]:
    """Fetch the song, if it is kept, and the masters; each into a folder of its own: copies have the names of their files."""
    wanted = {ORIGINAL: input_name(job.job_id, "song", job.order.song_format)}
    for result in job.results:
        wanted[result["platform"]] = output_name(job.job_id, job.attempt, result["file"])
    found = {}
    for name, stored in wanted.items():
        folder = scratch / name
        folder.mkdir()
        try:
            found[name] = storage.fetch(stored, folder)
        except FileNotFoundError:
            if name != ORIGINAL:
                raise
    return found


def _put(storage: Storage, job: Job, name: str, content: bytes, scratch: Path) -> None:
    path = scratch / name
    path.write_bytes(content)
    storage.put(path, output_name(job.job_id, job.attempt, name))
