from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.tooling.outbound import OutboundRefused, is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable

    Refusals = Callable[[], list[str]]


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.org", b"example.org"])
def test_a_look_up_of_another_host_is_refused_and_remembered(
    loopback_only: Refusals, host: str
) -> None:
    with pytest.raises(OutboundRefused):
        socket.getaddrinfo(host, 443)
    assert loopback_only() == [f"socket.getaddrinfo {host!r}"]


def test_a_connection_by_number_is_refused(loopback_only: Refusals) -> None:
    with socket.socket() as caller, pytest.raises(OutboundRefused):
        caller.connect(("192.0.2.1", 443))
    assert loopback_only() == ["socket.connect '192.0.2.1'"]


def test_a_datagram_is_refused(loopback_only: Refusals) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sender, pytest.raises(OutboundRefused):
        sender.sendto(b"x", ("192.0.2.1", 53))
    assert loopback_only() == ["socket.sendto '192.0.2.1'"]


async def test_asyncio_is_refused_too(loopback_only: Refusals) -> None:
    with pytest.raises(OutboundRefused):
        await asyncio.open_connection("192.0.2.1", 443)
    assert loopback_only() == ["socket.connect '192.0.2.1'"]


def test_a_child_process_is_refused_too(loopback_only: Refusals) -> None:
    call = "import socket; socket.create_connection(('192.0.2.1', 443), timeout=1)"
    child = subprocess.run(
        [sys.executable, "-c", call], capture_output=True, text=True, check=False
    )
    assert "OutboundRefused" in child.stderr
    assert loopback_only() == ["socket.getaddrinfo '192.0.2.1'"]


async def test_loopback_is_open() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("localhost", port)
        assert await reader.read() == b""
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize(
    "host",
    [None, "", "localhost", "a.localhost", "127.0.0.9", "::1", "::ffff:127.0.0.1", "0.0.0.0"],
)
def test_what_counts_as_loopback(host: str | None) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["127.0.0.1.example.org", "localhost.example.org", "::ffff:192.0.2.1", "10.0.0.1", 7]
)
def test_what_does_not(host: object) -> None:
    assert not is_loopback(host)
