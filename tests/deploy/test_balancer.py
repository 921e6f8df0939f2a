from __future__ import annotations

from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web

from deploy.balancer import Balancer
from tests.e2e.deployment import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BODY = b'{"text": "caf\xc3\xa9"}'
SIGNED = {"X-Slack-Signature": "v0=1", "Content-Type": "application/json"}


class Replica:
    """Takes whatever comes, or does not."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.ready = True
        self.cuts = False
        self.taken: list[bytes] = []
        self.headers: dict[str, str] = {}

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.cuts:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if self.status == 200:
            self.taken.append(body)
        self.headers = dict(request.headers)
        return web.json_response({"ok": True}, status=self.status, headers={"X-Mine": "1"})

    async def readyz(self, _: web.Request) -> web.Response:
        return web.Response(status=200 if self.ready else 503)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Replica]:
        app = web.Application()
        app.add_routes([web.post("/slack/events", self.take), web.get("/readyz", self.readyz)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()


@pytest.fixture
async def replicas() -> AsyncIterator[list[Replica]]:
    async with Replica().listening() as a, Replica().listening() as b:
        yield [a, b]


@pytest.fixture
async def balancer(replicas: list[Replica], free_port: int) -> AsyncIterator[Balancer]:
    """Of three, of which one is not there."""
    urls = [*(one.url for one in replicas), f"http://127.0.0.1:{free_port}"]
    async with Balancer(urls) as balancer:
        yield balancer


async def post(balancer: Balancer, path: str = "/slack/events", body: bytes = BODY) -> int:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"http://127.0.0.1:{balancer.port}{path}", data=body, headers=SIGNED) as got,
    ):
        await got.read()
        return got.status


async def test_bytes_and_headers_arrive_as_they_were_sent(
    replicas: list[Replica], balancer: Balancer
) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.post(
            f"http://127.0.0.1:{balancer.port}/slack/events", data=BODY, headers=SIGNED
        ) as got,
    ):
        assert (got.status, got.headers["X-Mine"]) == (200, "1")
        assert await got.json() == {"ok": True}
    [replica] = [one for one in replicas if one.taken]
    assert replica.taken == [BODY]
    assert SIGNED.items() <= replica.headers.items()


async def test_they_take_turns_and_the_one_that_is_not_there_costs_nothing(
    replicas: list[Replica], balancer: Balancer
) -> None:
    await eventually(lambda: len(balancer.ready) == 2)
    assert Counter([await post(balancer) for _ in range(30)]) == {200: 30}
    assert [len(one.taken) for one in replicas] == [15, 15]


@pytest.mark.parametrize("trouble", ["503", "cut"])
async def test_the_next_one_gets_what_one_does_not_take(
    replicas: list[Replica], balancer: Balancer, trouble: str
) -> None:
    replicas[0].status, replicas[0].cuts = (503, False) if trouble == "503" else (200, True)
    assert Counter([await post(balancer) for _ in range(10)]) == {200: 10}
    assert len(replicas[1].taken) == 10


@pytest.mark.parametrize("status", [400, 401, 413, 500])
async def test_what_one_refuses_is_refused(
    replicas: list[Replica], balancer: Balancer, status: int
) -> None:
    for one in replicas:
        one.status = status
    assert await post(balancer) == status


async def test_with_nobody_there_the_platform_is_asked_to_come_again(
    replicas: list[Replica], balancer: Balancer
) -> None:
    for one in replicas:
        one.status = 503
    assert await post(balancer) == 503


async def test_nothing_but_events_passes(balancer: Balancer) -> None:
    assert await post(balancer, "/metrics") == 404
    assert await post(balancer, body=b"x" * (1024 * 1024 + 2)) == 413


async def test_one_that_says_so_is_left_alone_and_asked_again_later(
    replicas: list[Replica], balancer: Balancer
) -> None:
    await eventually(lambda: len(balancer.ready) == 2)
    replicas[0].ready = False
    await eventually(lambda: replicas[0].url not in balancer.ready)
    for _ in range(5):
        await post(balancer)
    assert replicas[0].taken == []
    replicas[0].ready = True
    await eventually(lambda: replicas[0].url in balancer.ready)
