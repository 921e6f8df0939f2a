from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest

from tests.tooling.outbound import OutboundRefused, is_loopback


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.org", b"example.org"])
def test_a_look_up_of_another_host_is_refused_and_remembered(
    loopback_only: list[str], host: str
) -> None:
    with pytest.raises(OutboundRefused):
        socket.getaddrinfo(host, 443)
    assert loopback_only == [f"socket.getaddrinfo {host!r}"]
    loopback_only.clear()


def test_a_connection_by_number_is_refused(loopback_only: list[str]) -> None:
    with socket.socket() as caller, pytest.raises(OutboundRefused):
        caller.connect(("192.0.2.1", 443))
    assert loopback_only.pop() == "socket.connect '192.0.2.1'"


def test_a_datagram_is_refused(loopback_only: list[str]) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sender, pytest.raises(OutboundRefused):
        sender.sendto(b"x", ("192.0.2.1", 53))
    assert loopback_only.pop() == "socket.sendto '192.0.2.1'"


async def test_asyncio_is_refused_too(loopback_only: list[str]) -> None:
    with pytest.raises(OutboundRefused):
        await asyncio.open_connection("192.0.2.1", 443)
    assert loopback_only
    loopback_only.clear()


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
