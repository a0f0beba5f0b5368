"""Plain forms as browsers send them (application/x-www-form-urlencoded), read with limits."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

from masterify_server.api.queries import read_body
from masterify_server.dashboard.visit import NOTHING, Fields, Visit
from masterify_server.services import services_of

PLAIN = "application/x-www-form-urlencoded"
LONGEST_FORM_BYTES = 32_768
MOST_FIELDS = 100


class FormError(Exception):
    """A form that cannot be taken; ``key`` is the text that says so."""

    def __init__(self, key: str, status: int = 400) -> None:
        super().__init__(key)
        self.key, self.status = key, status


def is_plain(request: Request) -> bool:
    """Whether the body is a plain form."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == PLAIN


def seed_of(request: Request, visit: Visit) -> bytes:
    """What is made by a form, made of: the same if the form is sent twice, and known to nobody else.

    Raises
    ------
    FormError
        The form lacks its one-time mark (``once``).
    """
    once = visit.form.get("once", "")
    if not once:
        raise FormError("error.form_broken")
    return visit.seed_of(once, services_of(request).settings.signing_secret)


async def read_form(request: Request) -> Fields:
    """Read a plain form; a body of any other kind is left for the view to read.

    Raises
    ------
    FormError
        It is too long, or no form at all.
    """
    if not is_plain(request):
        return NOTHING
    body = await read_body(request, LONGEST_FORM_BYTES)
    if body is None:
        raise FormError("error.form_too_long", 413)
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise FormError("error.form_broken") from None
    return Fields(pairs)
