"""Who looks at a page: a session and its account; and what they sent along."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from starlette.datastructures import ImmutableMultiDict

from masterify_server.store.accounts import Account
from masterify_server.store.sessions import Session

Fields = ImmutableMultiDict[str, str]
NOTHING: Fields = ImmutableMultiDict()


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Somebody who is logged in. ``form`` holds what a plain form sent, and is empty for every other request."""

    session_id: str
    session: Session
    account: Account
    form: Fields = field(default_factory=lambda: NOTHING)

    @property
    def csrf(self) -> str:
        """What every form of this session carries, and no other site can know."""
        return hmac.new(self.session_id.encode(), b"csrf", hashlib.sha256).hexdigest()

    def is_own(self, given: str) -> bool:
        """Whether a token is the one of this session."""
        return hmac.compare_digest(self.csrf.encode(), given.encode("utf-8", "surrogateescape"))

    def seed_of(self, once: str, server_secret: str) -> bytes:
        """What is made of a form's one-time mark: the same for the same form sent twice, and known to nobody else."""
        text = f"{self.session_id}|{once}".encode("utf-8", "surrogateescape")
        return hmac.new(server_secret.encode(), b"once|" + text, hashlib.sha256).digest()

    @property
    def who(self) -> str:
        """Who did it, in the audit log."""
        return self.session.email
