"""`./run replicas`, as somebody would start it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.e2e.conftest import model
from tests.e2e.deployment import eventually
from tests.e2e.process import ROOT
from tests.standins.slack import SlackStandIn
from tests.tooling.databases import lent_database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from adapters.demo.server import DemoServer

__all__ = ["model"]


@pytest.fixture
async def database_url() -> AsyncIterator[str]:
    async with lent_database() as url:
        yield url


def find_ports_in_a_row(count: int) -> int:
    """The first of so many that are free, below those that the system gives to anybody."""
    for first in range(20_000 + os.getpid() % 5_000, 30_000, count):
        with ExitStack() as held, suppress(OSError):
            for port in range(first, first + count):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first
    pytest.fail("no free ports")


async def test_replicas_answer_one_is_killed_and_comes_back_and_all_drain_in_the_end(
    tmp_path: Path, model: DemoServer, database_url: str
) -> None:
    port = find_ports_in_a_row(3)
    url = f"http://127.0.0.1:{port}"
    async with SlackStandIn(events_url=f"{url}/slack/events", tiers=False) as slack:
        settings = {
            **slack.environment(),
            "LLM_MODEL": "openai/demo",
            "LLM_API_KEY": "any",
            "LLM_BASE_URL": model.base_url,
            "DATABASE_URL": database_url,
            "METRICS_PORT": "0",
            "PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], str(ROOT)]),
        }
        replicas = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.local", "--replicas", "2", "--port", str(port)),
            cwd=tmp_path,
            env={**os.environ, **settings},
        )
        try:
            await is_ready(url, 2)
            await answers(slack, "both are there")
            os.kill(children_of(replicas.pid)[0], signal.SIGKILL)
            await answers(slack, "one is gone")
            await eventually(lambda: len(children_of(replicas.pid)) == 2)
            replicas.terminate()
            assert await replicas.wait() == 0
        finally:
            if replicas.returncode is None:
                replicas.kill()


async def answers(slack: SlackStandIn, text: str) -> None:
    question = slack.people.say(
        "U0ALICE", "C0GENERAL", f"{slack.people.mention} repeat: {text}", raw=True
    )
    await slack.wait_for(
        lambda: any(text in one.shown for one in slack.workspace.answers_to(question.ts)), 30
    )


async def is_ready(url: str, replicas: int) -> None:
    async with aiohttp.ClientSession() as http:

        async def look() -> bool:
            try:
                async with http.get(f"{url}/readyz") as response:
                    return len((await response.json())["ready"]) == replicas
            except aiohttp.ClientConnectionError:
                return False

        await eventually(look, timeout_s=30)


def children_of(pid: int) -> list[int]:
    told = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in told.stdout.split()]
