"""What an operator does to a deployment, as values for the command line; works while ``serve`` runs and without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from masterify_core.errors import SettingError
from masterify_server import passwords, texts
from masterify_server.data_folder import ready
from masterify_server.embedded import EmbeddedStore, place_of
from masterify_server.plans import Plans, load_plans
from masterify_server.refusals import RefusedError, UnavailableError
from masterify_server.rfc3339 import time_or_none, time_text
from masterify_server.settings import Settings
from masterify_server.store import Store, accounts, keys, setup, users
from masterify_server.supervisor import alone_in

OPERATOR = "operator"
"""Who did it, in the audit log."""
FIRST_KEY_NAME = "first key"


@contextmanager
def opened(settings: Settings, *, makes: bool = True) -> Iterator[Store]:
    """The deployment's store; the embedded one is started for the moment if ``serve`` does not run.

    Parameters
    ----------
    makes
        Whether a store may be made where there is none: whoever only looks has mistaken the folder.

    Raises
    ------
    SettingError
        The data folder cannot be used, or holds no store.
    UnavailableError
        The store that `redis_url` names does not answer.
    StoreError
        The embedded store cannot be started.
    """
    if settings.redis_url is not None:
        store = Store(settings.redis_url)
        store.prepare()
        yield store
        store.close()
        return
    if not makes and not place_of(settings.data_dir).folder.is_dir():
        hint = "name that of the service by --data-dir, or make a store by 'masterify serve' or 'masterify admin create-account'"
        raise SettingError("data folder", f"{settings.data_dir} holds no store; {hint}")
    ready(settings.data_dir)
    store = Store(place_of(settings.data_dir).url)
    try:
        store.prepare()
    except UnavailableError:
        with alone_in(settings.data_dir, wait_s=10.0), EmbeddedStore(settings.data_dir):
            store.prepare()
            yield store
            store.close()
        return
    yield store
    store.close()


def create_account(store: Store, plans: Plans, name: str, plan: str, credits_: int) -> dict[str, Any]:
    """Make an account and its first key; ``key`` is shown here and never again."""
    plans.plan(plan)
    called = texts.name(name)
    _check_credits(credits_, 0)
    account_id = accounts.new_account_id()
    store.do(accounts.create_account(account_id, called, plan, credits_, OPERATOR))
    key = create_key(store, plans, account_id, FIRST_KEY_NAME)
    return {**account_table(store, account_id), **key}


def create_key(store: Store, plans: Plans, account_id: str, name: str) -> dict[str, Any]:
    """Make a key, as many as the plan allows; ``key`` is shown here and never again."""
    made = keys.new_key()
    store.do(keys.create_key(account_id, made, texts.name(name), plans, OPERATOR))
    return {"account": account_id, "key_id": made.key_id, "key": made.secret}


def list_keys(store: Store, account_id: str) -> list[dict[str, Any]]:
    """Keys of an account as they can be shown, oldest first."""
    account_table(store, account_id)  # to tell an unknown account from one without keys
    return [_key_table(each) for each in store.do(keys.list_keys(account_id))]


def revoke_key(store: Store, account_id: str, key_id: str) -> dict[str, Any]:
    """Stop a key now."""
    if not store.do(keys.revoke_key(account_id, key_id, OPERATOR)):
        raise RefusedError("UNKNOWN_KEY")
    return {"account": account_id, "key_id": key_id, "revoked": True}


def rotate_key(store: Store, account_id: str, key_id: str) -> dict[str, Any]:
    """Replace a key that is not revoked; ``key`` is shown here and never again, the old one works for another day."""
    made = keys.new_key()
    if not store.do(keys.rotate_key(account_id, key_id, made, OPERATOR)):
        raise RefusedError("UNKNOWN_KEY")
    return {"account": account_id, "replaces": key_id, "key_id": made.key_id, "key": made.secret}


def read_ledger(store: Store, account_id: str, limit: int) -> list[dict[str, Any]]:
    """The last changes of a balance, newest first."""
    account_table(store, account_id)
    rows = store.do(accounts.read_ledger(account_id, limit))
    return [
        {"at": time_text(row.at_ms), **{k: v for k, v in asdict(row).items() if k != "at_ms"}} for row in rows
    ]


def add_credits(store: Store, account_id: str, amount: int, note: str) -> dict[str, Any]:
    """Give credits, or take them with a negative amount; a balance is never below 0."""
    _check_credits(amount, -accounts.MOST_CREDITS)
    if amount == 0:
        raise SettingError("credits", "must not be 0: that would change nothing")
    left = store.do(accounts.add_credits(account_id, amount, texts.note(note), OPERATOR))
    return {"account": account_id, "added": amount, "credits": left}


def set_plan(store: Store, plans: Plans, account_id: str, plan: str) -> dict[str, Any]:
    """Change the plan; its limits count from the next request on."""
    plans.plan(plan)
    if not store.do(accounts.set_plan(account_id, plan, OPERATOR)):
        raise RefusedError("UNKNOWN_ACCOUNT")
    return account_table(store, account_id)


def create_user(store: Store, account_id: str, email: str, password: str) -> dict[str, Any]:
    """Make somebody who can log in to the dashboard, or change their password."""
    address = texts.email(email)
    store.do(users.put_user(address, account_id, passwords.hash_password(password), OPERATOR))
    return {"account": account_id, "email": address}


def list_users(store: Store, account_id: str) -> list[dict[str, Any]]:
    """Everybody who can log in to an account."""
    account_table(store, account_id)  # to tell an unknown account from one without users
    return [{"email": email} for email in store.do(users.list_users(account_id))]


def delete_user(store: Store, account_id: str, email: str) -> dict[str, Any]:
    """Let somebody log in no more, and end their sessions."""
    if not store.do(users.delete_user(account_id, email, OPERATOR)):
        raise RefusedError("UNKNOWN_USER")
    return {"account": account_id, "email": users.folded(email), "deleted": True}


def make_setup_link(store: Store, account_id: str, address: str) -> dict[str, Any]:
    """Make a link with which somebody chooses an e-mail address and a password; the account's link before is void."""
    token = setup.new_token()
    if not store.do(setup.make_setup(account_id, token, OPERATOR)):
        raise RefusedError("UNKNOWN_ACCOUNT")
    return {"account": account_id, "link": f"{address}/dashboard/setup?token={token}", "hours": setup.SETUP_H}


def account_table(store: Store, account_id: str) -> dict[str, Any]:
    """An account as the operator sees it."""
    found = store.do(accounts.read_account(account_id))
    if found is None:
        raise RefusedError("UNKNOWN_ACCOUNT")
    shown = asdict(found)
    del shown["webhook_secret"]
    return {"account": shown.pop("account_id"), **shown}


def list_accounts(store: Store) -> list[dict[str, Any]]:
    """All accounts, oldest first."""
    return [account_table(store, account_id) for account_id in store.do(accounts.list_accounts())]


def _check_credits(amount: int, least: int) -> None:
    if not least <= amount <= accounts.MOST_CREDITS:
        raise SettingError("credits", f"must be {least} to {accounts.MOST_CREDITS}, got {amount}")


def _key_table(key: keys.ApiKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id, "name": key.name, "key": f"{key.prefix}…{key.last4}", "scopes": list(key.scopes),
        "created_at": time_text(key.created_ms), "last_used_at": time_or_none(key.last_used_ms),
        "revoked_at": time_or_none(key.revoked_ms),
    }  # fmt: skip


def reconcile(store: Store) -> dict[str, Any]:
    """Compare every balance with its ledger; ``balanced`` if every credit of every account is explained."""
    rows = []
    for account_id in store.do(accounts.list_accounts()):
        books = store.do(accounts.reconcile(account_id))
        if books is not None:
            rows.append({"account": account_id, "balanced": books.balanced, **asdict(books)})
    return {"balanced": all(row["balanced"] for row in rows), "accounts": rows}


def plans_of(settings: Settings) -> Plans:
    """The deployment's plans."""
    return load_plans(settings.plans_file)
