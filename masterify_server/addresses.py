"""Which addresses the service may be sent to by its users: public ones, and hosts that the deployment names."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

LONGEST_URL = 2048
RESOLVING_S = 5.0
DEFAULT_PORTS = {"http": 80, "https": 443}
# Not "private" to Python's tables, and yet no public host: what leads to IPv4 in disguise, and Azure's wire server.
ALSO_CLOSED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fec0::/10", "5f00::/16",
        "100.64.0.0/10", "168.63.129.16/32", "192.88.99.0/24",
    )
)  # fmt: skip


class BlockedError(Exception):
    """An address that must not be called; the text says why, without telling what was resolved."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart: where to connect, and what to ask for."""

    url: str
    scheme: str
    host: str
    port: int


def parse(url: str) -> Target:
    """Take a webhook URL apart, with none of the leniencies that parsers disagree about.

    Raises
    ------
    BlockedError
        e.g. ``only http and https addresses can be called``.
    """
    if not url or len(url) > LONGEST_URL or any(ord(c) <= 32 or ord(c) == 127 for c in url) or "\\" in url:
        raise BlockedError("it is not a web address")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise BlockedError("it is not a web address") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise BlockedError("only http and https addresses can be called")
    _check_host(parts, host)
    if port == 0:
        raise BlockedError("port 0 cannot be called")
    return Target(url, parts.scheme, host, port or DEFAULT_PORTS[parts.scheme])


def resolve(
    target: Target, allow_hosts: Collection[str] = (), timeout_s: float = RESOLVING_S
) -> tuple[str, ...]:
    """Look the host up once; every answer must be public, unless the deployment allows the host by name.

    Whoever calls the host must connect to one of these answers: a second look-up may answer otherwise.

    Raises
    ------
    BlockedError
        One of the addresses is private, loopback, link-local or otherwise not public.
    OSError
        The name does not resolve (``socket.gaierror``), or not in time (``TimeoutError``).
    """
    answers = _look_up(target.host, target.port, timeout_s)
    if not is_allowed(target.host, allow_hosts) and not all(map(is_public, answers)):
        raise BlockedError("it leads to an address that is not public")
    return answers


def is_allowed(host: str, allow_hosts: Collection[str]) -> bool:
    """Whether the deployment lets this host be private."""
    return host.casefold().rstrip(".") in {name.casefold().rstrip(".") for name in allow_hosts}


def is_public(address: str) -> bool:
    """Whether an address is one that anybody on the internet can reach.

    >>> is_public("93.184.216.34"), is_public("::ffff:127.0.0.1"), is_public("169.254.169.254")
    (True, False, False)
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and (ip.scope_id is not None or ip.ipv4_mapped is not None):
        return False  # a mapped address never comes out of an honest look-up
    if any(ip in network for network in ALSO_CLOSED if network.version == ip.version):
        return False
    return ip.is_global and not (
        ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback or ip.is_link_local
    )


def _check_host(parts: SplitResult, host: str) -> None:
    if parts.username is not None or parts.password is not None:
        raise BlockedError("it holds a user name or a password")
    if not host or "%" in host or not host.isascii():
        # A zone index names an interface of ours; other scripts must come as xn--, so that no two look the same.
        raise BlockedError("its host cannot be called")


def _look_up(host: str, port: int, timeout_s: float) -> tuple[str, ...]:
    """Ask the resolver, and do not wait for ever: ``getaddrinfo`` itself knows no time limit."""
    found: list[tuple[str, ...] | OSError] = []

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.append(tuple(dict.fromkeys(str(row[4][0]) for row in rows)))
        except UnicodeError:  # a label longer than names may have
            found.append(socket.gaierror(socket.EAI_NONAME, "not a host name"))
        except OSError as error:
            found.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(timeout_s)
    answer = found[0] if found else TimeoutError("the name was not resolved in time")
    if isinstance(answer, OSError):
        raise answer
    if not answer:
        raise socket.gaierror(socket.EAI_NONAME, "no address")
    return answer
