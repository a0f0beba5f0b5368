"""Whether a store that we did not start keeps what it is given: said at the start, because it shows only when it is too late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LEAST_MAJOR = 7


def weaknesses(info: Mapping[str, Any]) -> list[str]:
    """What is wrong with a server for books of credits, by its answer to INFO.

    >>> weaknesses({"redis_version": "7.2.4", "aof_enabled": 1, "maxmemory": 0})
    []
    >>> weaknesses({"redis_version": "6.2.1", "aof_enabled": 0, "maxmemory": 9, "maxmemory_policy": "allkeys-lru"})
    ['it is version 6.2.1; 7 or later is needed', 'appendonly is off: a crash loses jobs and credits', 'maxmemory-policy is \
allkeys-lru: jobs and credits may be dropped; noeviction is needed']
    """
    found = []
    version = str(info.get("redis_version", ""))
    major = version.partition(".")[0]
    if major.isdigit() and int(major) < LEAST_MAJOR:
        found.append(f"it is version {version}; {LEAST_MAJOR} or later is needed")
    if "aof_enabled" in info and not info["aof_enabled"]:
        found.append("appendonly is off: a crash loses jobs and credits")
    policy = info.get("maxmemory_policy", "noeviction")
    if info.get("maxmemory") and policy != "noeviction":
        found.append(f"maxmemory-policy is {policy}: jobs and credits may be dropped; noeviction is needed")
    return found
