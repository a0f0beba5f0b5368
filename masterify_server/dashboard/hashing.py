"""Passwords of the dashboard, hashed and compared in two threads of their own."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from masterify_server import passwords

# Each hash takes 64 MiB and a core: more at once would only starve the songs of others.
_HASHERS = ThreadPoolExecutor(2, thread_name_prefix="password")


async def is_right(password: str, password_hash: str | None) -> bool:
    """Whether a password is right; whoever there is no hash of takes as long."""
    return await asyncio.get_running_loop().run_in_executor(
        _HASHERS, passwords.is_right, password, password_hash
    )


async def hash_of(password: str) -> str:
    """Hash a new password."""
    return await asyncio.get_running_loop().run_in_executor(_HASHERS, passwords.hash_password, password)
