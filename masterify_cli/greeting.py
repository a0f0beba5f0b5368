"""What ``masterify serve`` says once it listens: the first account and its key, the link that opens the dashboard."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from masterify_server.settings import Settings

FIRST_CREDITS = 100


def lines(settings: Settings, data_dir: Path | None, address: str) -> Iterator[str]:
    """Make the first account where there is none, and a set-up link as long as nobody can log in to it."""
    from masterify_server import admin

    plans = admin.plans_of(settings)
    plan = list(plans.plans)[-1]  # whoever starts the service is its first guest, and gets the best table
    with admin.opened(settings) as store:
        known = admin.list_accounts(store)
        made = known[0] if known else admin.create_account(store, plans, "first account", plan, FIRST_CREDITS)
        if not known:
            yield f"The first account is {made['account']} (plan {plan}, {FIRST_CREDITS} credits)."
            yield f"Its key, shown this once: {made['key']}"
        if admin.list_users(store, made["account"]):
            yield f"The dashboard: {address}/dashboard"
        else:
            link = admin.make_setup_link(store, made["account"], address)
            yield f"Open the dashboard, once and within a day: {link['link']}"
    words = ["masterify", "admin", "create-key", "--account", made["account"]]
    if data_dir is not None:  # the command must find the same store
        words += ["--data-dir", str(data_dir.absolute())]
    yield f"Another key: {shlex.join(words)}"


def address_of(settings: Settings, host: str, port: int) -> str:
    """Where a browser finds the service: as the deployment says, else on this machine."""
    if settings.public_url is not None:
        return settings.public_url
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"
