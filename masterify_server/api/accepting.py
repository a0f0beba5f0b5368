"""The one way a song comes in, from programs and the dashboard: receive, check, store, admit. What is refused leaves nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request

from masterify_server.api.order_form import Wish, fingerprint_of, read_wish
from masterify_server.errors import ApiError, unavailable
from masterify_server.multipart import Form
from masterify_server.names import stem_of
from masterify_server.probe import Probed
from masterify_server.refusals import RefusedError, UnavailableError
from masterify_server.services import Services, base_url, services_of
from masterify_server.storage import input_name
from masterify_server.store import Call, jobs
from masterify_server.store.jobs import Admitted, Order
from masterify_server.upload import Upload, received

ADMITTING_S, ADMITTING_PAUSE_S = 5.0, 0.2
"""How long a store that went away is asked again; an upload is too much to be sent twice for a moment's outage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Whose credits are spent; by which key, which may be revoked while the song comes in, or by none (a person)."""

    account_id: str
    key_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The text fields in the API's words, and the key that makes a repetition harmless."""

    wishes: Mapping[str, str]
    idempotency_key: str | None = None


async def accept(
    request: Request, buyer: Buyer, form: Form, asked_of: Callable[[Mapping[str, str]], Awaitable[Asked]]
) -> Admitted:
    """Accept the song in a request's form, charged and queued, or nothing of it.

    Parameters
    ----------
    form
        What the form may hold; its files are ``file`` and ``reference_file``.
    asked_of
        Puts the form's text fields into the API's words once all of it is here; it may refuse.

    Raises
    ------
    ApiError, RefusedError
        Any refusal of the API's contract.
    """
    services = services_of(request)
    async with received(request, services.uploads, form, services.limits) as upload:
        asked = await asked_of(upload.texts)
        if "file" not in upload.files:
            raise ApiError("INVALID_PARAMETER", "missing", param="file")
        wish = await read_wish(asked.wishes, services.library, services.settings)
        formats = await _formats(services, upload)
        order = _order(wish, upload, formats, request)
        key = asked.idempotency_key
        idempotency = None if key is None else (key, fingerprint_of(asked.wishes, upload))
        admitted = await _admit(services, buyer, order, upload, idempotency)
        services.metrics.uploaded(sum(file.bytes for file in upload.files.values()))
    return admitted


async def _formats(services: Services, upload: Upload) -> dict[str, Probed]:
    """Look into all files at once."""
    names = list(upload.files)
    looks = (services.probe.look(upload.files[name].path, name) for name in names)
    return dict(zip(names, await asyncio.gather(*looks), strict=True))


def _order(wish: Wish, upload: Upload, formats: dict[str, Probed], request: Request) -> Order:
    reference = formats.get("reference_file")
    return Order(
        platforms=wish.platforms, genre=wish.genre, ai_service=wish.ai_service, tier=wish.tier,
        song_name=stem_of(upload.files["file"].name), song_format=formats["file"].container.lower(),
        reference_format=reference.container.lower() if reference else None,
        webhook_url=wish.webhook_url, language=request.state.language, base_url=base_url(request),
    )  # fmt: skip


async def _admit(
    services: Services, buyer: Buyer, order: Order, upload: Upload, idempotency: tuple[str, str] | None
) -> Admitted:
    """Store the files, then let the store decide: a worker may begin the moment it says yes.

    The files are deleted only if it is certain that no job needs them. Where the store went away before its answer
    came, the job may have been admitted; if not, the keeper finds files without a job.
    """
    job_id = jobs.new_job_id()
    stored = {input_name(job_id, "song", order.song_format): upload.files["file"].path}
    if order.reference_format is not None:
        reference = upload.files["reference_file"].path
        stored[input_name(job_id, "reference", order.reference_format)] = reference
    cost = services.plans.cost(order.tier)
    needless = True
    try:
        for name, path in stored.items():
            await asyncio.to_thread(services.storage.put, path, name)
        call = jobs.admit(buyer.account_id, job_id, order, cost, services.plans, idempotency, buyer.key_id)
        needless = False
        admitted = await _decided(services, call)
        needless = admitted.replayed
        return admitted
    except RefusedError:
        needless = True
        raise
    except UnavailableError:
        if needless:
            raise
        raise unavailable("unsure") from None
    finally:
        if needless:
            await asyncio.to_thread(services.storage.delete, f"in/{job_id}")


async def _decided(services: Services, call: Call[Admitted]) -> Admitted:
    """Ask until there is an answer: a call that was carried out, and is sent again, answers the job that it made."""
    loop = asyncio.get_running_loop()
    end = loop.time() + ADMITTING_S
    while True:
        try:
            return await services.store.do(call)
        except UnavailableError:
            if loop.time() > end or services.stopping.is_set():
                raise
            await asyncio.sleep(ADMITTING_PAUSE_S)
