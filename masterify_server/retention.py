"""Retention: how long files and records are kept, and the deleting of those whose time is over or that belong to nothing."""

from __future__ import annotations

from masterify_server.settings import DAY_MS, HOUR_MS, Settings
from masterify_server.storage import Storage
from masterify_server.store import Store
from masterify_server.store.jobs import read_job
from masterify_server.store.lifecycle import Keep, expired_files, files_deleted, forget_jobs


def keep_of(settings: Settings) -> Keep:
    """How long files are kept after a job has ended."""
    return Keep(
        input_ms=int(settings.keep_input_h * HOUR_MS), output_ms=int(settings.keep_output_h * HOUR_MS)
    )


class Retention:
    """Deletes; any number of these may do so at once."""

    def __init__(self, settings: Settings, store: Store, storage: Storage) -> None:
        self._settings, self._store, self._storage = settings, store, storage
        self._orphans: set[str] = set()

    def delete_expired(self) -> None:
        """Delete files whose time is over, then records whose time is over."""
        for which in self._store.do(expired_files()):
            kind, _, job_id = which.partition(":")
            self._storage.delete(f"{kind}/{job_id}")
            self._store.do(files_deleted(which, int(self._settings.keep_record_d * DAY_MS)))
        self._store.do(forget_jobs())

    def delete_orphans(self) -> None:
        """Delete files of jobs that do not exist: uploaded, never admitted. Seen twice, an hour apart, to be sure."""
        there = self._storage.jobs()
        orphans = {which for which in there if self._store.do(read_job(which.partition("/")[2])) is None}
        for which in orphans & self._orphans:
            self._storage.delete(which)
        self._orphans = orphans - self._orphans
