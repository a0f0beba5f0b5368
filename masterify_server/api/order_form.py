"""The form of ``POST /api/v1/master``: its fields, what they may hold, and what makes two requests the same."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from starlette.requests import Request

from masterify_core.presets import Library
from masterify_server import addresses
from masterify_server.api.queries import choice
from masterify_server.errors import ApiError
from masterify_server.multipart import Form
from masterify_server.settings import Settings
from masterify_server.upload import Upload

FILES = ("file", "reference_file")
TEXTS = ("platforms", "genre", "ai_service", "tier", "webhook_url")
FORM = Form(files=FILES, texts=TEXTS)
LONGEST_SHOWN = 64
LONGEST_KEY = 255
# Threads of their own: names whose servers do not answer take seconds each, and must not hold up the files of others.
_RESOLVERS = ThreadPoolExecutor(16, thread_name_prefix="resolver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The text fields, checked."""

    platforms: tuple[str, ...]
    genre: str
    ai_service: str
    tier: str
    webhook_url: str | None


async def read_wish(texts: Mapping[str, str], library: Library, settings: Settings) -> Wish:
    """Check all text fields.

    Raises
    ------
    ApiError
        ``INVALID_PLATFORM``, ``INVALID_PARAMETER`` with ``param``, ``INVALID_WEBHOOK_URL``.
    """
    platforms = platforms_of(texts.get("platforms", ""), library)
    genre = choice("genre", texts.get("genre"), library.genres(), "other")
    ai_service = choice("ai_service", texts.get("ai_service"), library.ai_services(), "other")
    tier = choice("tier", texts.get("tier"), library.tiers(), "standard")
    webhook_url = texts.get("webhook_url") or None
    if webhook_url is not None:
        await check_webhook_url(webhook_url, settings, "webhook_url")
    assert genre is not None
    assert ai_service is not None
    assert tier is not None
    return Wish(platforms=platforms, genre=genre, ai_service=ai_service, tier=tier, webhook_url=webhook_url)


def platforms_of(given: str, library: Library) -> tuple[str, ...]:
    """Names separated by commas, in the order given, each once; blanks and an empty last one are forgiven."""
    known = library.api_platforms
    names = [name.strip(" \t") for name in given.split(",")]
    if names[-1] == "":
        names.pop()
    if not names:
        raise ApiError("INVALID_PLATFORM", "missing", param="platforms", known=", ".join(known))
    for name in names:
        if name not in known:
            shown = repr(name[:LONGEST_SHOWN])
            raise ApiError("INVALID_PLATFORM", param="platforms", given=shown, known=", ".join(known))
    return tuple(dict.fromkeys(names))


async def check_webhook_url(url: str, settings: Settings, param: str) -> None:
    """Refuse what must not be called; who cannot be looked up right now is looked up again at each delivery."""
    try:
        target = addresses.parse(url)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(_RESOLVERS, addresses.resolve, target, settings.webhook_allow_hosts)
    except addresses.BlockedError:
        raise ApiError("INVALID_WEBHOOK_URL", param=param) from None
    except socket.gaierror as error:
        if error.errno != socket.EAI_AGAIN:
            raise ApiError("INVALID_WEBHOOK_URL", "unresolved", param=param) from None
    except OSError:
        return


def fingerprint_of(wishes: Mapping[str, str], upload: Upload) -> str:
    """What makes a request what it is: two with the same Idempotency-Key must have the same one."""
    what = [sorted(wishes.items()), sorted((name, f.sha256) for name, f in upload.files.items())]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def idempotency_key(request: Request) -> str | None:
    """The header, checked."""
    key = request.headers.get("idempotency-key")
    if key is not None and not is_idempotency_key(key):
        raise ApiError("INVALID_PARAMETER", "header", param="Idempotency-Key", limit=LONGEST_KEY)
    return key


def is_idempotency_key(key: str) -> bool:
    """Whether it may be one."""
    return 0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()
