"""A small load balancer for bots on one machine: what haproxy.cfg does for containers."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Iterable

LOOK_EVERY_S = 1.0
LOOK = aiohttp.ClientTimeout(total=1.0)
TRY = aiohttp.ClientTimeout(total=15.0, sock_connect=0.5)  # as long as Teams waits
MAX_BODY_BYTES = 1024 * 1024 + 1  # a larger one is for the bot to refuse
PATHS = ("/slack/events", "/api/messages")
HOP_BY_HOP = frozenset({"connection", "content-length", "host", "keep-alive", "transfer-encoding"})


class Balancer:
    """Round robin over the replicas that are ready; `async with Balancer(urls) as balancer:`.

    When one refuses the connection, cuts it, or answers 503, the next one gets the request: every
    event is stored once, however often it comes.
    """

    def __init__(self, replicas: Iterable[str], host: str = "127.0.0.1", port: int = 0) -> None:
        self._replicas = tuple(replicas)
        self._turn = 0
        self.ready: set[str] = set()
        """As of the last look, or the last try."""
        self._host = host
        self.port = port

    async def __aenter__(self) -> Balancer:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), auto_decompress=False
        )
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.add_routes([web.post(path, self._forward) for path in PATHS])
        app.add_routes([web.get("/readyz", self._readyz)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self.port).start()
        self.port = self._runner.addresses[0][1]
        self._looking = asyncio.create_task(self._look_forever())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._looking.cancel()
        await self._runner.cleanup()
        await self._session.close()

    async def _forward(self, request: web.Request) -> web.Response:
        body = await request.read()
        for replica in self._in_turn():
            with suppress(aiohttp.ClientError, TimeoutError):
                answer = await self._send(replica, request, body)
                if answer.status != web.HTTPServiceUnavailable.status_code:
                    return answer
            self.ready.discard(replica)
        return web.Response(status=503, text="no replica is ready\n")

    def _in_turn(self) -> list[str]:
        """Those that were ready a moment ago first: the others may be back already."""
        ready = [replica for replica in self._replicas if replica in self.ready]
        self._turn += 1
        first = self._turn % len(ready) if ready else 0
        return [*ready[first:], *ready[:first], *(set(self._replicas) - set(ready))]

    async def _send(self, replica: str, request: web.Request, body: bytes) -> web.Response:
        headers = [(k, v) for k, v in request.headers.items() if k.lower() not in HOP_BY_HOP]
        async with self._session.post(
            replica + request.path_qs, data=body, headers=headers, timeout=TRY
        ) as got:
            kept = {k: v for k, v in got.headers.items() if k.lower() not in HOP_BY_HOP}
            return web.Response(status=got.status, body=await got.read(), headers=kept)

    async def _readyz(self, _: web.Request) -> web.Response:
        return web.json_response({"ready": sorted(self.ready)}, status=200 if self.ready else 503)

    async def _look_forever(self) -> None:
        while True:
            await asyncio.gather(*map(self._look_at, self._replicas))
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look_at(self, replica: str) -> None:
        ready = False
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self._session.get(replica + "/readyz", timeout=LOOK) as response:
                ready = response.status == 200
        (self.ready.add if ready else self.ready.discard)(replica)
