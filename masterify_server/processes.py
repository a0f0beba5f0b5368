"""The processes of a deployment by name; ``serve`` starts each as ``python -m masterify_server.processes NAME``."""

from __future__ import annotations

import logging
import sys

from masterify_core.errors import MasterifyError
from masterify_server import logs
from masterify_server.data_folder import ready
from masterify_server.settings import Settings, read_settings

log = logging.getLogger("masterify.processes")

USAGE = 2
"""Exit code for settings that are wrong."""


def web(settings: Settings, host: str, port: int) -> None:
    """Answer requests until SIGTERM; ends by that signal."""
    from masterify_core.presets import Library
    from masterify_server.app import build_app
    from masterify_server.embedded import store_url
    from masterify_server.listening import check_free
    from masterify_server.plans import load_plans
    from masterify_server.probe import Probe
    from masterify_server.services import Services
    from masterify_server.storage import open_storage, uploads_folder
    from masterify_server.store import AsyncStore
    from masterify_server.web import run

    ready(settings.data_dir)
    check_free(host, port)
    _ = settings.signing_secret  # made now, not in the middle of a request
    services = Services(
        settings=settings, plans=load_plans(settings.plans_file), library=Library.load(), probe=Probe(),
        store=AsyncStore(store_url(settings)), storage=open_storage(settings), uploads=uploads_folder(settings),
    )  # fmt: skip
    run(build_app(services), services.stopping, host=host, port=port)


def worker(settings: Settings) -> None:
    """Master songs until SIGTERM."""
    from masterify_server.worker import run_worker

    ready(settings.data_dir)
    run_worker(settings)


def keeper(settings: Settings) -> None:
    """See to what fell between processes, and send webhooks, until SIGTERM."""
    from masterify_server.keeper import run_keeper

    ready(settings.data_dir)
    _ = settings.signing_secret
    run_keeper(settings)


def main(words: list[str]) -> int:
    """Be one process, with the settings of the environment."""
    logs.configure()
    try:
        settings = read_settings()
        if words[0] == "web":
            web(settings, words[1], int(words[2]))
        else:
            {"worker": worker, "keeper": keeper}[words[0]](settings)
    except MasterifyError as error:
        log.error("%s ends: %s", words[0], error)
        return USAGE if error.code == "setting" else 1
    except Exception:
        log.exception("%s ends: a fault of ours", words[0])
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
