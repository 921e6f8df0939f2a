"""Keeps the tests on loopback: whatever else a socket asks for is refused and remembered.

An audit hook sees every look-up and connection of this process, whichever library opens it and
in whichever thread, without replacing anybody's functions. Child processes are their own.
"""

from __future__ import annotations

import functools
import ipaddress
import socket
import sys

ADDRESSED = frozenset({"socket.connect", "socket.sendmsg", "socket.sendto"})
LOOKED_UP = frozenset({"socket.getaddrinfo", "socket.gethostbyaddr", "socket.gethostbyname"})

attempts: list[str] = []
"""What was refused since the list was last emptied."""


class OutboundRefused(RuntimeError):
    """Not an OSError: code that copes with a dead network must not cope with this."""


@functools.cache
def install() -> None:
    """Once, and for the life of the process: an audit hook cannot be taken back."""
    own_name = socket.gethostname()

    def refuse_other_hosts(event: str, arguments: tuple[object, ...]) -> None:
        if event in ADDRESSED:
            address = arguments[-1]
            host = address[0] if isinstance(address, tuple) else None  # a path, or connected
        elif event in LOOKED_UP:
            host = arguments[0]
        else:
            return
        if host != own_name and not is_loopback(host):
            attempts.append(f"{event} {host!r}")
            raise OutboundRefused(f"a test asked for {host!r}; tests stay on loopback")

    sys.addaudithook(refuse_other_hosts)


def is_loopback(host: object) -> bool:
    """Also true for no host and the wildcard: what a server binds to."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes | bytearray) else host
    if name is None or name in ("", "localhost"):
        return True
    if not isinstance(name, str):
        return False
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return name.endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)
