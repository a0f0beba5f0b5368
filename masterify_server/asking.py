"""Requests of the client: sent until there is an answer that is not "later"; what a server refuses, as an error."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx

from masterify_core.errors import MasterifyError, SettingError

PAUSE_S = 0.5
MOST_TRIES = 5
LONGEST_PAUSE_S = 60.0
AGAIN = {429, 502, 503, 504}
API = "/api/v1"


class RemoteError(MasterifyError):
    """What a server refused or could not do.

    Attributes
    ----------
    remote_code
        The API's code, e.g. ``INSUFFICIENT_CREDITS``; ``NOT_REACHED`` where there was no answer.
    status
        HTTP status; 0 where there was no answer.
    request_id
        By which the server's operator finds it in the logs.
    """

    code = "remote"

    def __init__(
        self, remote_code: str, message: str, status: int = 0, request_id: str | None = None
    ) -> None:
        super().__init__(f"{message} ({remote_code}{f', request {request_id}' if request_id else ''})")
        self.remote_code, self.status, self.request_id = remote_code, status, request_id

    @property
    def may_pass(self) -> bool:
        """Whether asking again later makes sense."""
        return self.remote_code == "NOT_REACHED" or self.status in AGAIN


def address(url: str) -> str:
    """Address of a server as it is asked; the API's own path behind it is forgiven.

    >>> address("https://masterify.example/api/v1/")
    'https://masterify.example'

    Raises
    ------
    SettingError
        ``api must be an address such as https://masterify.example, got 'masterify.example'``.
    """
    try:
        parts = urlsplit(url.strip())
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or not url.strip().isprintable():
        raise SettingError("api", f"must be an address such as https://masterify.example, got {url!r}")
    return url.strip().rstrip("/").removesuffix(API)


def key_of(text: str) -> str:
    """An API key as it can stand in a header; what of it is good is for the server to say."""
    key = text.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise SettingError("key", "must be an API key: aim_live_ and 32 hex digits")
    return key


def answer(
    send: Callable[[], httpx.Response], until_s: float | None = None, tries: int = MOST_TRIES
) -> httpx.Response:
    """Send until there is an answer that is not "later"; so many times, or until that moment of the clock."""
    attempt = 0
    while True:
        attempt += 1
        try:
            got = send()
        except httpx.HTTPError as error:
            refusal, pause_s = not_reached(error), PAUSE_S * 2**attempt
        else:
            if got.is_success:
                return got
            refusal, pause_s = refused(got), _later_s(got, PAUSE_S * 2**attempt)
        pause_s = min(pause_s, LONGEST_PAUSE_S)
        over = attempt == tries if until_s is None else time.monotonic() + pause_s > until_s
        if over or not refusal.may_pass:
            raise refusal
        time.sleep(pause_s)


def refused(got: httpx.Response) -> RemoteError:
    """An answer that is no success, as an error; its body must have been read."""
    if got.has_redirect_location:
        place = f"{got.url.host} sends us on to {got.headers['location']}; give the address that it leads to"
        return RemoteError("MOVED", place, got.status_code)
    try:
        error: dict[str, Any] = got.json()["error"]
        return RemoteError(error["code"], error["message"], got.status_code, error.get("request_id"))
    except (ValueError, LookupError, TypeError):
        said = f"{got.url.host} answered {got.status_code}, not as masterify does"
        return RemoteError("NO_MASTERIFY", said, got.status_code)


def not_reached(error: httpx.HTTPError) -> RemoteError:
    """No answer, as an error."""
    return RemoteError("NOT_REACHED", f"the server was not reached: {str(error) or type(error).__name__}")


def _later_s(got: httpx.Response, otherwise_s: float) -> float:
    """What the server asks to wait."""
    said = got.headers.get("Retry-After", "")
    return float(said) if said.isascii() and said.isdigit() else otherwise_s
