"""``masterify serve``, and its processes one by one for many machines: ``web``, ``worker``, ``keeper``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from masterify_cli import exits, first_run, greeting, printing

if TYPE_CHECKING:
    from masterify_server.settings import Settings


def _folder(name: str) -> Path:
    """A folder's name; the empty one would be the current folder, which nobody means by it."""
    if not name:
        raise typer.BadParameter("names no folder; leave it out, or give one")
    return Path(name)


DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", metavar="DIR", parser=_folder, help="Folder of the service (MASTERIFY_DATA_DIR)."
    ),
]
Host = Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")]
Port = Annotated[int, typer.Option("--port", metavar="N", min=1, max=65535, help="Where to listen.")]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    data_dir: DataDir = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="N", min=1, help="Songs at once; one core less than there are."),
    ] = None,
) -> int:
    """Run the REST service on this machine: store, web, workers, keeper.

    Settings come from the environment (MASTERIFY_..., REDIS_URL). Ctrl-C ends everything in order.
    """
    from masterify_server import supervisor
    from masterify_server.data_folder import ready
    from masterify_server.settings import read_settings

    settings = read_settings(data_dir=data_dir)
    ready(settings.data_dir)
    first_run.prepare(quiet=False, everything=True)
    return supervisor.serve(
        settings,
        host=host,
        port=port,
        workers=workers or supervisor.usual_workers(),
        say=_say(settings, data_dir, greeting.address_of(settings, host, port)),
    )


def web(host: Host = "127.0.0.1", port: Port = 8000, data_dir: DataDir = None) -> int:
    """Run the web process alone."""
    from masterify_server import logs, processes
    from masterify_server.settings import read_settings

    logs.configure()
    processes.web(read_settings(data_dir=data_dir), host, port)
    return exits.DONE


def worker(data_dir: DataDir = None) -> int:
    """Run one worker alone."""
    from masterify_server import logs, processes
    from masterify_server.settings import read_settings

    logs.configure()
    processes.worker(read_settings(data_dir=data_dir))
    return exits.DONE


def keeper(data_dir: DataDir = None) -> int:
    """Run one keeper alone."""
    from masterify_server import logs, processes
    from masterify_server.settings import read_settings

    logs.configure()
    processes.keeper(read_settings(data_dir=data_dir))
    return exits.DONE


class _say:  # noqa: N801
    """Tell on standard error what happens, and after the first word what whoever started the service needs."""

    def __init__(self, settings: Settings, data_dir: Path | None, address: str) -> None:
        self._settings, self._data_dir, self._address, self._greeted = settings, data_dir, address, False

    def __call__(self, text: str) -> None:
        printing.aside(text)
        if not self._greeted:
            self._greeted = True
            for line in greeting.lines(self._settings, self._data_dir, self._address):
                printing.aside(line)
