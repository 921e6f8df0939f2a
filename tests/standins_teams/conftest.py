"""A running stand-in, a plain HTTP client of its connector, and a small bot that keeps all."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web

from tests.standins.teams import TeamsStandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

Json = dict[str, Any]


class Connector:
    """Calls as a bot makes them; each answers status, body and headers."""

    def __init__(self, teams: TeamsStandIn, session: aiohttp.ClientSession) -> None:
        self.token = teams.login.issue()
        self.session = session
        self._teams = teams

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Json, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self._teams.service_url}v3/{path}"
        async with self.session.request(method, url, json=body, headers=headers) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else {}, response.headers

    async def post(self, where: str, activity: Json, query: str = "") -> tuple[int, Json]:
        address = self.address(where)
        path = f"conversations/{quote(address, safe='')}/activities{query}"
        status, body, _ = await self.call("POST", path, activity)
        return status, body

    async def say(self, where: str, text: str = "hello", **fields: Any) -> str:
        """Posts a message and returns its id."""
        status, body = await self.post(where, {"type": "message", "text": text, **fields})
        assert status == 201, body
        return str(body["id"])

    async def change(
        self, method: str, where: str, activity_id: str, body: Any = None, query: str = ""
    ) -> tuple[int, Json]:
        address = quote(self.address(where), safe="")
        path = f"conversations/{address}/activities/{activity_id}{query}"
        status, answer, _ = await self.call(method, path, body)
        return status, answer

    async def stream(
        self,
        text: str,
        sequence: int | None,
        stream_id: str | None = None,
        kind: str = "streaming",
        where: str = "alice",
        **fields: Any,
    ) -> tuple[int, Json]:
        info = {"streamType": kind, "streamSequence": sequence, "streamId": stream_id}
        entity = {"type": "streaminfo"} | {n: v for n, v in info.items() if v is not None}
        entities = [entity, *fields.pop("entities", [])]
        type_ = "message" if kind == "final" else "typing"
        return await self.post(where, {"type": type_, "text": text, "entities": entities, **fields})

    def address(self, where: str) -> str:
        base, mark, root = where.partition(";messageid=")
        return self._teams.workspace.conversation(base).id + mark + root


class Receiver:
    """A bot that keeps every request and answers what it is told to answer."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], Json]] = []
        self.answers: list[tuple[int, str]] = []
        """Status and body of the next answers; then 200 with an empty object."""
        self.hold = asyncio.Event()
        self.hold.set()

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append((dict(request.headers), await request.json()))
        status, body = self.answers.pop(0) if self.answers else (200, "{}")
        await self.hold.wait()
        return web.Response(status=status, text=body, content_type="application/json")

    @property
    def activities(self) -> list[Json]:
        return [activity for _, activity in self.requests]


def code(answer: tuple[int, Json]) -> tuple[int, str]:
    """Status and error code of a refusal."""
    status, body = answer
    return status, body["error"]["code"]


@pytest.fixture(scope="session", autouse=True)
def loop_for_plain_tests() -> Iterator[None]:
    """looptime asks for an event loop in tests that are no coroutines, and would leave open the
    one that it makes."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    loop.close()


@pytest.fixture
async def teams() -> AsyncIterator[TeamsStandIn]:
    async with TeamsStandIn(rates=False) as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as running:
        yield running


@pytest.fixture
def bot(teams: TeamsStandIn, session: aiohttp.ClientSession) -> Connector:
    return Connector(teams, session)


@pytest.fixture
async def receiver(teams: TeamsStandIn) -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/api/messages", made.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    teams.bot_url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
    yield made
    made.hold.set()
    await runner.cleanup()
