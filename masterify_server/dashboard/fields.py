"""What is wrong with a form, in words beside its fields."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from masterify_server import passwords
from masterify_server.dashboard.visit import Fields
from masterify_server.dashboard.wording import choose_language, text, texts
from masterify_server.errors import ApiError
from masterify_server.refusals import RefusedError
from masterify_server.wording import message

Wrong = dict[str, str]
"""By the field's name: what is wrong with it and what to do."""


@contextmanager
def beside(request: Request, wrong: Wrong, field: str, label: str) -> Iterator[None]:
    """Take down what is refused inside, beside a field; it is called there as the page calls it (a key of the texts)."""
    try:
        yield
    except RefusedError as error:
        wrong[field] = words_of(request, error, label)


def words_of(request: Request, error: RefusedError, label: str) -> str:
    """Say what was refused: in the dashboard's words if it has its own for this code, else in the API's."""
    language = choose_language(request)
    facts = {"param": text(label, language), **error.facts}
    own = f"refused.{error.code.lower()}"
    if own in texts(language):
        return text(own, language, facts)
    return message(error.key if isinstance(error, ApiError) else error.code, language, facts)


def new_password_faults(request: Request, form: Fields) -> Wrong:
    """What is wrong with a new password (``password``) that was typed twice (``again``)."""
    language, password = choose_language(request), form.get("password", "")
    if not passwords.SHORTEST <= len(password) <= passwords.LONGEST:
        limits = {"shortest": passwords.SHORTEST, "longest": passwords.LONGEST}
        return {"password": text("password.length", language, limits)}
    return {} if form.get("again", "") == password else {"again": text("password.differs", language)}
