"""The store: every transition of accounts, jobs and webhooks is one atomic script; calls are values.

``Store(url).do(jobs.admit(...))`` blocks, ``await AsyncStore(url).do(jobs.admit(...))`` does not. What is refused is
raised as `masterify_server.refusals.RefusedError`, an outage as `UnavailableError`.
"""

from masterify_server.store.calls import PREFIX, SCHEMA_VERSION, Call
from masterify_server.store.running import AsyncStore, Store

__all__ = ["PREFIX", "SCHEMA_VERSION", "AsyncStore", "Call", "Store"]
