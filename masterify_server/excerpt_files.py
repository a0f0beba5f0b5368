"""What excerpts and their table are called in the storage: all that the web needs to know of them."""

from __future__ import annotations

TABLE = "player.json"
ORIGINAL = "original"
VERSION = 1
"""Version of the table: a page that knows another one shows no player."""


def file_of(name: str) -> str:
    """What the excerpt of a platform (or of the ``original``) is called in the storage.

    >>> file_of("apple_music")
    'excerpt_apple_music.flac'
    """
    return f"excerpt_{name}.flac"
