"""Keeps the tests on loopback: whatever else a socket asks for is refused and remembered.

An audit hook sees every look-up and connection of this process, whichever library opens it and
in whichever thread, without replacing anybody's functions. Child processes that run Python get
the same hook from `children/sitecustomize.py`; all of them note what they refused in one file.
"""

from __future__ import annotations

import functools
import ipaddress
import os
import socket
import sys
from pathlib import Path

ADDRESSED = frozenset({"socket.connect", "socket.sendmsg", "socket.sendto"})
LOOKED_UP = frozenset({"socket.getaddrinfo", "socket.gethostbyaddr", "socket.gethostbyname"})

REFUSALS = "OUTBOUND_REFUSALS_FILE"


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
            with Path(os.environ[REFUSALS]).open("a", encoding="utf-8") as file:
                file.write(f"{event} {host!r}\n")
            raise OutboundRefused(f"a test asked for {host!r}; tests stay on loopback")

    sys.addaudithook(refuse_other_hosts)


def guard_children(refusals: Path) -> None:
    """From here on every Python that is started inherits the guard through the environment."""
    inherited = os.environ.get("PYTHONPATH")
    paths = [str(Path(__file__).parent / "children"), *([inherited] if inherited else [])]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    os.environ[REFUSALS] = str(refusals)
    refusals.write_text("", "utf-8")


def take_refusals() -> list[str]:
    """What was refused, here and in child processes, since the last call."""
    refusals = Path(os.environ[REFUSALS])
    if not refusals.stat().st_size:
        return []
    lines = refusals.read_text("utf-8").splitlines()
    refusals.write_text("", "utf-8")
    return lines


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
