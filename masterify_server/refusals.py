"""What the service refuses and what it cannot do now: errors whose codes are those of the API's answers."""

from __future__ import annotations

from typing import Any

from masterify_core.errors import MasterifyError


class RefusedError(MasterifyError):
    """A wish that is not granted; nothing was changed and nothing was charged.

    ``code`` is the API's (``INSUFFICIENT_CREDITS``), ``param`` the field at fault, ``facts`` what a message
    may tell (numbers, names). The text is English, for logs and the command line.

    Examples
    --------
    >>> str(RefusedError("CONCURRENT_LIMIT", limit=3))
    'CONCURRENT_LIMIT (limit 3)'
    """

    def __init__(self, code: str, param: str | None = None, **facts: Any) -> None:
        named = {**({"param": param} if param else {}), **facts}
        told = ", ".join(f"{name} {value}" for name, value in named.items())
        super().__init__(f"{code} ({told})" if told else code)
        self.code, self.param, self.facts = code, param, facts


class UnavailableError(MasterifyError):
    """The store or the bucket cannot be reached; nothing was charged, and trying again later makes sense."""

    code = "UNAVAILABLE"
