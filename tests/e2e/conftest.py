"""A Slack and a Teams of our own on loopback, a model, and a way to start bots between them."""

from __future__ import annotations

import socket
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from adapters.demo.server import DemoServer
from tests.e2e.team import Team
from tests.e2e.tenant import Tenant
from tests.standins.slack import SlackStandIn
from tests.standins.teams import TeamsStandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

__all__ = [
    "hasty_team",
    "hasty_tenant",
    "model",
    "shared",
    "shared_model",
    "shared_tenant",
    "socket_team",
    "team",
]

SHARED_SETTINGS = {
    "SLACK_PACING": "off",
    "BREAKER_FAILURES": "1000",
    "RATE_LIMIT_USER": "0",
    "RATE_LIMIT_CHANNEL": "0",
    "RATE_LIMIT_WORKSPACE": "0",
}
"""So that no test of a module is in the way of the next one."""


@pytest.fixture
async def model() -> AsyncIterator[DemoServer]:
    async with quick_model() as server:
        yield server


@pytest.fixture
async def team(tmp_path: Path, free_port: int, model: DemoServer) -> AsyncIterator[Team]:
    """By HTTP; the test starts its bots."""
    async with SlackStandIn(events_url=events_url(free_port)) as slack:
        yield Team(slack, model, tmp_path, free_port)


@pytest.fixture
async def hasty_team(tmp_path: Path, free_port: int, model: DemoServer) -> AsyncIterator[Team]:
    """Of a Slack without limits, that tells again after one second what it would after sixty."""
    slack = SlackStandIn(events_url=events_url(free_port), tiers=False, time_scale=60.0)
    async with slack:
        yield Team(slack, model, tmp_path, free_port)


@pytest.fixture
async def socket_team(tmp_path: Path, free_port: int, model: DemoServer) -> AsyncIterator[Team]:
    """In Socket Mode."""
    async with SlackStandIn() as slack:
        yield Team(slack, model, tmp_path, free_port)


@pytest.fixture
async def hasty_tenant(tmp_path: Path, free_port: int, model: DemoServer) -> AsyncIterator[Tenant]:
    """Of a Teams without limits, that tells again after a tenth of a second what it would after
    one; the test starts its bots."""
    teams = TeamsStandIn(bot_url=messages_url(free_port), rates=False, time_scale=10.0)
    async with teams:
        yield Tenant(teams, model, tmp_path, free_port)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_model() -> AsyncIterator[DemoServer]:
    """The model of `shared`; a module may have another one."""
    async with quick_model() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    shared_model: DemoServer,
) -> AsyncIterator[Team]:
    """A team with one bot for all tests of a module, which says its `SETTINGS` and the text of
    the `FILES` in its folder. Such tests carry `pytest.mark.asyncio(loop_scope="module")`."""
    settings = SHARED_SETTINGS | getattr(request.module, "SETTINGS", {})
    folder = tmp_path_factory.mktemp("shared")
    for name, text in getattr(request.module, "FILES", {}).items():
        (folder / name).write_text(text, "utf-8")
    port = find_port()
    async with AsyncExitStack() as stack:
        slack = SlackStandIn(events_url=events_url(port), tiers=False)
        await stack.enter_async_context(slack)
        team = Team(slack, shared_model, folder, port)
        await stack.enter_async_context(team.bot(**settings))
        yield team


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_tenant(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    shared_model: DemoServer,
) -> AsyncIterator[Tenant]:
    """As `shared`, in Teams."""
    settings = SHARED_SETTINGS | getattr(request.module, "SETTINGS", {})
    port = find_port()
    async with TeamsStandIn(bot_url=messages_url(port), rates=False) as teams:
        tenant = Tenant(teams, shared_model, tmp_path_factory.mktemp("shared"), port)
        async with tenant.bot(**settings):
            yield tenant


@asynccontextmanager
async def quick_model() -> AsyncIterator[DemoServer]:
    server = DemoServer(think_s=0.02, pace_s=0.002)
    await server.start()
    try:
        yield server
    finally:
        await server.close()


def events_url(port: int) -> str:
    return f"http://127.0.0.1:{port}/slack/events"


def messages_url(port: int) -> str:
    return f"http://127.0.0.1:{port}/api/messages"


def find_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
