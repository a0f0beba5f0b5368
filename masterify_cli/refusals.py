"""What an operator is told when something is refused: what is wrong, and the command that helps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from masterify_cli.exits import UsageError
from masterify_core.errors import MasterifyError

if TYPE_CHECKING:
    from masterify_server.refusals import RefusedError

ADVICE = {
    "UNKNOWN_ACCOUNT": "there is no such account; 'masterify admin list-accounts' shows those of this store",
    "UNKNOWN_KEY": "the account has no such key, or it is revoked already; 'masterify admin list-keys' shows its keys",
    "UNKNOWN_USER": "nobody logs in to this account by this address; 'masterify admin list-users' shows who does",
    "UNKNOWN_PLAN": "the account's plan is not in the plans file any more; give it another by 'masterify admin set-plan'",
    "KEY_LIMIT": "the plan allows {limit} keys; revoke one by 'masterify admin revoke-key', or change the plan by 'set-plan'",
    "INSUFFICIENT_CREDITS": "a balance is never below 0: {left} credits are left; take at most that many",
    "CREDIT_LIMIT": "a balance is never above {limit}: {left} credits are there; give fewer",
    "EMAIL_TAKEN": "somebody of another account logs in with this e-mail address; choose another",
    "NOT_EMPTY": "there are accounts in this store; import into a new one (another --data-dir or REDIS_URL)",
}


class Refusal(MasterifyError):  # noqa: N818 (it is what an operator is told, not how)
    """A refusal in words; ``code`` is that of the store."""

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(advice)
        self.code = code


@contextmanager
def worded() -> Iterator[None]:
    """Turn what is refused inside into words with advice; a wrong value is a wrong command line."""
    from masterify_server.refusals import RefusedError

    try:
        yield
    except RefusedError as error:
        raise _told(error) from None


def _told(error: RefusedError) -> MasterifyError:
    from masterify_server.errors import ApiError
    from masterify_server.wording import message

    if isinstance(error, ApiError):
        return UsageError(message(error.key, "en", {"param": error.param, **error.facts}))
    advice = ADVICE.get(error.code)
    return Refusal(error.code, advice.format_map(error.facts)) if advice else error
