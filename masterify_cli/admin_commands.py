"""``masterify admin``: accounts, plans, credits, keys, users; books and moving. Works while ``serve`` runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from masterify_cli import exits, greeting, printing, refusals
from masterify_cli.exits import UsageError
from masterify_cli.help import Command, Group
from masterify_cli.options import Json
from masterify_cli.service_commands import DataDir

if TYPE_CHECKING:
    from masterify_server.plans import Plans
    from masterify_server.store import Store

admin = typer.Typer(
    cls=Group, no_args_is_help=True, rich_markup_mode=None,
    help="Look after accounts, credits and keys of the service, whether it runs or not.",
)  # fmt: skip

STANDARD = "-"
"""Instead of a file: standard output or input."""

Account = Annotated[str, typer.Option("--account", metavar="ACC", help="The account's id, acc_...")]
Key = Annotated[str, typer.Option("--key", metavar="KEY", help="The key's id, key_...")]


@admin.command(cls=Command)
def create_account(
    name: Annotated[str, typer.Option("--name", help="What the account is called.")],
    plan: Annotated[str, typer.Option("--plan", metavar="PLAN", help="free, starter, pro, studio.")] = "free",
    given: Annotated[int, typer.Option("--credits", metavar="N", help="Credits to begin with.")] = 0,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> int:
    """Make an account and its first key, shown this once."""
    return _done(data_dir, as_json, lambda a, s, p: a.create_account(s, p, name, plan, given), makes=True)


@admin.command(cls=Command)
def list_accounts(data_dir: DataDir = None, as_json: Json = False) -> int:
    """Show all accounts."""
    return _done(data_dir, as_json, lambda a, s, _: a.list_accounts(s))


@admin.command(cls=Command)
def create_key(
    account: Account,
    name: Annotated[str, typer.Option("--name", help="What the key is for.")] = "key",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> int:
    """Make a key, shown this once."""
    return _done(data_dir, as_json, lambda a, s, p: a.create_key(s, p, account, name))


@admin.command(cls=Command)
def list_keys(account: Account, data_dir: DataDir = None, as_json: Json = False) -> int:
    """Show an account's keys, revoked ones too: beginning and end, never the key."""
    return _done(data_dir, as_json, lambda a, s, _: a.list_keys(s, account))


@admin.command(cls=Command)
def revoke_key(account: Account, key: Key, data_dir: DataDir = None, as_json: Json = False) -> int:
    """Stop a key now."""
    return _done(data_dir, as_json, lambda a, s, _: a.revoke_key(s, account, key))


@admin.command(cls=Command)
def rotate_key(account: Account, key: Key, data_dir: DataDir = None, as_json: Json = False) -> int:
    """Replace a key; the new one is shown this once, the old one works for another day."""
    return _done(data_dir, as_json, lambda a, s, _: a.rotate_key(s, account, key))


@admin.command(cls=Command)
def ledger(
    account: Account,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=10_000, help="Newest first.")] = 50,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> int:
    """Show what changed an account's balance, and why."""
    return _done(data_dir, as_json, lambda a, s, _: a.read_ledger(s, account, limit))


@admin.command(cls=Command)
def add_credits(
    account: Account,
    amount: Annotated[int, typer.Option("--credits", metavar="N", help="To give; negative takes.")],
    note: Annotated[str, typer.Option("--note", help="Why, for the ledger.")] = "",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> int:
    """Give credits or take them."""
    return _done(data_dir, as_json, lambda a, s, _: a.add_credits(s, account, amount, note))


@admin.command(cls=Command)
def set_plan(
    account: Account,
    plan: Annotated[str, typer.Option("--plan", metavar="PLAN", help="free, starter, pro, studio.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> int:
    """Change an account's plan."""
    return _done(data_dir, as_json, lambda a, s, p: a.set_plan(s, p, account, plan))


@admin.command(cls=Command)
def create_user(
    account: Account,
    email: Annotated[str, typer.Option("--email", help="To log in with.")],
    password: Annotated[
        str | None, typer.Option("--password", help="Asked for if not given; - reads a line of input.")
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> int:
    """Make somebody who can log in to the dashboard, or change their password."""
    if password == "-":  # noqa: S105 (the sign for standard input)
        password = sys.stdin.readline().rstrip("\n")
    elif password is None:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    known = password
    return _done(data_dir, as_json, lambda a, s, _: a.create_user(s, account, email, known))


@admin.command(cls=Command)
def list_users(account: Account, data_dir: DataDir = None, as_json: Json = False) -> int:
    """Show who can log in to the dashboard of an account."""
    return _done(data_dir, as_json, lambda a, s, _: a.list_users(s, account))


@admin.command(cls=Command)
def delete_user(
    account: Account,
    email: Annotated[str, typer.Option("--email", help="That somebody logs in with.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> int:
    """Let somebody log in no more; their sessions end now, keys and songs of the account stay."""
    return _done(data_dir, as_json, lambda a, s, _: a.delete_user(s, account, email))


@admin.command(cls=Command)
def setup_link(
    account: Account,
    address: Annotated[
        str | None,
        typer.Option(
            "--address", metavar="URL", help="Of the service; MASTERIFY_PUBLIC_URL, else port 8000 here."
        ),
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> int:
    """Make a link, good once, to choose e-mail and password for the dashboard."""
    from masterify_server.settings import read_settings

    known = address or greeting.address_of(read_settings(data_dir=data_dir), "127.0.0.1", 8000)
    return _done(data_dir, as_json, lambda a, s, _: a.make_setup_link(s, account, known.rstrip("/")))


@admin.command(cls=Command)
def reconcile(data_dir: DataDir = None, as_json: Json = False) -> int:
    """Compare every balance with its ledger; exit code 0 if every credit is explained."""
    with _opened(data_dir) as (store, _):
        from masterify_server import admin as server

        found = server.reconcile(store)
    if as_json:
        printing.document(found)
    else:
        for row in found["accounts"]:
            words = "ok" if row["balanced"] else f"FAULT {', '.join(row['faults'])}".rstrip()
            printing.line(f"{row['account']}  balance {row['credits']}  ledger {row['ledger_sum']}  {words}")
        printing.line("Every balance equals its ledger." if found["balanced"] else "Some balance is wrong.")
    return exits.DONE if found["balanced"] else exits.OUR_FAULT


@admin.command(cls=Command)
def export(
    into: Annotated[
        str, typer.Argument(metavar="[FILE]", help="Lines of JSON; without it, or -, standard output.")
    ] = STANDARD,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> int:
    """Write everything in the store, for another server or as a copy."""
    from masterify_core.files.placing import placed
    from masterify_server.store.moving import export_lines

    with _opened(data_dir) as (store, _):
        lines = list(export_lines(store))
    if into == STANDARD:
        if as_json:
            raise UsageError("with --json, export needs a file to write to")
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        return exits.DONE
    with placed(into, overwrite=True) as (file, _):
        os.fchmod(file.fileno(), 0o600)  # it holds the secrets of webhooks
        file.write("".join(f"{line}\n" for line in lines).encode())
    return _moved(len(lines) - 1, "written to", into, as_json)


@admin.command("import", cls=Command)
def import_(
    source: Annotated[str, typer.Argument(metavar="FILE", help="What export wrote; - is standard input.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> int:
    """Read into an empty store what export has written."""
    from masterify_server.store.moving import import_lines

    try:
        held = sys.stdin.buffer.read() if source == STANDARD else Path(source).read_bytes()
        lines = held.decode("utf-8").split("\n")
    except OSError as error:
        raise UsageError(f"{source}: {error.strerror or error}; name a file that export wrote") from None
    except ValueError:  # no UTF-8, or no name for a file
        raise UsageError(f"{source}: is not what export writes; name a file that export wrote") from None
    with _opened(data_dir, makes=True) as (store, _):
        written = import_lines(store, lines)
    return _moved(written, "read from", source, as_json)


def _moved(keys: int, how: str, file: str, as_json: bool) -> int:
    if as_json:
        printing.document({"keys": keys, "file": file})
    else:
        printing.aside(f"{keys} keys {how} {file}")
    return exits.DONE


@contextmanager
def _opened(data_dir: Path | None, *, makes: bool = False) -> Iterator[tuple[Store, Plans]]:
    from masterify_server import admin as server
    from masterify_server.settings import read_settings

    settings = read_settings(data_dir=data_dir)
    with refusals.worded(), server.opened(settings, makes=makes) as store:
        yield store, server.plans_of(settings)


def _done(
    data_dir: Path | None, as_json: bool, act: Callable[[Any, Store, Plans], Any], *, makes: bool = False
) -> int:
    """Do one thing and show what came of it."""
    with _opened(data_dir, makes=makes) as (store, plans):
        from masterify_server import admin as server

        answer = act(server, store, plans)
    if as_json:
        printing.document(answer)
        return exits.DONE
    for table in answer if isinstance(answer, list) else [answer]:
        printing.line("  ".join(f"{name} {value}" for name, value in table.items()))
    return exits.DONE
