"""A running stand-in, the real SDK's client for it, and a small bot that takes events by HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.standins.slack import SlackStandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterator


class Receiver:
    """A bot that keeps every request and answers what it is told to answer."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, str]] = []
        """Status and body of the next answers; then 200."""
        self.hold = asyncio.Event()
        self.hold.set()
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append((dict(request.headers), await request.read()))
        status, body = self.answers.pop(0) if self.answers else (200, "")
        await self.hold.wait()
        kind = "application/json" if body.startswith("{") else "text/plain"
        return web.Response(status=status, text=body, content_type=kind)

    def payloads(self) -> list[dict[str, Any]]:
        return [_read(body) for _, body in self.requests]

    def events(self) -> list[dict[str, Any]]:
        return [payload["event"] for payload in self.payloads()]


def _read(body: bytes) -> dict[str, Any]:
    if body.startswith(b"{"):
        return dict(json.loads(body))
    form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    return dict(json.loads(form["payload"])) if "payload" in form else form


@pytest.fixture(scope="session", autouse=True)
def loop_for_plain_tests() -> Iterator[None]:
    """looptime asks for an event loop in tests that are no coroutines, and would leave open the
    one that it makes."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    loop.close()


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with SlackStandIn() as running:
        running.announcer.echo = False
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as running:
        yield running


@pytest.fixture
async def client(slack: SlackStandIn, session: aiohttp.ClientSession) -> AsyncWebClient:
    return AsyncWebClient(
        slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[]
    )


@pytest.fixture
async def receiver(slack: SlackStandIn) -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/slack/events", made.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = slack.events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    yield made
    made.hold.set()
    await runner.cleanup()


async def refused(call: Awaitable[Any]) -> str:
    """The error code with which Slack refuses a call."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])
