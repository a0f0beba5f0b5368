"""A file of named pieces of code: magic, checksum, a line of JSON that says what is inside, the pieces."""

from __future__ import annotations

import hashlib
import json

MAGIC = b"masterify kernels 2\n"
Pieces = list[tuple[str, bytes]]
"""Name and code of each kernel of a module; the name is the code's symbol, too."""


def packed(pieces: Pieces, **facts: str) -> bytes:
    """Pieces and some facts about them as the bytes of one file."""
    about = json.dumps({**facts, "pieces": [[name, len(code)] for name, code in pieces]}).encode()
    body = about + b"\n" + b"".join(code for _, code in pieces)
    return MAGIC + hashlib.sha256(body).digest() + body


def unpacked(whole: bytes) -> tuple[Pieces, dict[str, str]] | None:
    """Pieces and facts of such a file; None if it is another or damaged."""
    head, body = whole[: len(MAGIC) + 32], whole[len(MAGIC) + 32 :]
    if head != MAGIC + hashlib.sha256(body).digest():
        return None
    line, _, code = body.partition(b"\n")
    facts = json.loads(line)
    pieces, at = [], 0
    for name, size in facts.pop("pieces"):
        pieces.append((name, code[at : at + size]))
        at += size
    return pieces, facts
