"""Where the web listens, tried before anything is started: a taken port would make it fall again and again."""

from __future__ import annotations

import socket
import sys

from masterify_core.errors import SettingError


def check_free(host: str, port: int) -> None:
    """Refuse an address that cannot be listened on now.

    Raises
    ------
    SettingError
        ``port 8000 of 127.0.0.1 cannot be listened on: Address already in use; choose another with --port or --host``.
    """
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, number, _, address in rows:
            with socket.socket(family, kind, number) as tried:
                if sys.platform != "win32":  # as the web itself does: a port that was just left is free
                    tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    tried.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                tried.bind(address)
    except OSError as error:
        why = error.strerror or error
        problem = f"{port} of {host} cannot be listened on: {why}; choose another with --port or --host"
        raise SettingError("port", problem) from None
