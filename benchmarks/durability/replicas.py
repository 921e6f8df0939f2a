"""Two bots on one database beside one, where the turns at work are what limits."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.contenders import deliver_to, model_server, our_bot
from benchmarks.durability.databases import POSTGRES, databases
from benchmarks.events import send_all, to_request
from benchmarks.figures import Figure, Goal
from benchmarks.model import Script
from tests.e2e.deployment import eventually
from tests.standins.slack import SlackStandIn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import asyncpg

    from benchmarks.durability.databases import Databases
    from benchmarks.processes import Measured

QUICK = Script(chunks=4, chars=12, first_ms=140, pace_ms=20)
SLOW = Script(chunks=4, chars=12, first_ms=940, pace_ms=20)
"""What a machine with two cores can surely do twice over, with Slack and PostgreSQL beside."""
AT_WORK = 5
CONNECTIONS = 4
WARM = 2 * AT_WORK
PATIENCE_S = 120.0


async def share_work(folder: Path, rounds: int, quick: int = 200, slow: int = 100) -> list[Figure]:
    """So many questions at once, each in a thread of its own, to a model of 200 ms and of 1 s."""
    async with AsyncExitStack() as stack:
        scene = await stack.enter_async_context(_Scene(folder))
        one, two = [await scene.team(size) for size in (1, 2)]
        for team in (one, two):
            await team.answers_per_s(QUICK, WARM)
        figures = []
        for script, questions in ((QUICK, quick), (SLOW, slow)):
            of_one, of_two = [], []
            for _ in range(rounds):
                of_one.append(await one.answers_per_s(script, questions))
                of_two.append(await two.answers_per_s(script, questions))
            name = f"answers, the model takes {_lasts_s(script):g} s"
            figures.append(Figure.of_rounds(name, "1/s", of_two, of_one, Goal(least=1.7)))
    return figures


class _Scene:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = AsyncExitStack()
        self._both: Databases
        self._slack: SlackStandIn
        self._model: Measured

    async def __aenter__(self) -> _Scene:
        self._both = await self._stack.enter_async_context(databases(self._folder))
        self._slack = await self._stack.enter_async_context(SlackStandIn(tiers=False))
        self._model = await self._stack.enter_async_context(model_server(self._folder))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def team(self, size: int) -> _Team:
        url = await self._both.new(POSTGRES)
        bots = []
        for n in range(size):
            own = self._folder / f"{n}-of-{size}"
            own.mkdir()
            settings = {"TURNS_AT_WORK": str(AT_WORK), "SLACK_PACING": "off", "DATABASE_URL": url}
            started = our_bot(own, self._slack, self._model, **settings)
            bots.append(await self._stack.enter_async_context(started))
        beside = await self._both.connect(url)
        self._stack.push_async_callback(beside.close)
        return _Team(self._slack, bots, beside)


class _Team:
    """Bots on one database, which get their events in turns."""

    def __init__(
        self, slack: SlackStandIn, bots: Sequence[Measured], beside: asyncpg.Connection
    ) -> None:
        self._slack = slack
        self._bots = bots
        self._beside = beside

    async def answers_per_s(self, script: Script, questions: int) -> float:
        deliver_to(self._slack, self._bots[0])  # which hears of the answers
        wanted = await self._recorded() + questions
        requests = [self._question(script) for _ in range(questions)]
        began = time.monotonic()
        sending = [
            send_all(bot.port, requests[n :: len(self._bots)], CONNECTIONS)
            for n, bot in enumerate(self._bots)
        ]
        await asyncio.gather(*sending)
        await eventually(partial(self._has_recorded, wanted), PATIENCE_S)
        return questions / (time.monotonic() - began)

    def _question(self, script: Script) -> bytes:
        """As `message`, which tells of files: nobody waits for its twin."""
        words = f"{self._slack.people.mention} {script}"
        said = self._slack.people.say("U0ALICE", "C0GENERAL", words, told=False, raw=True)
        payload = next(one for one in said.events if one["event"]["type"] == "message")
        return to_request(self._slack, payload)

    async def _recorded(self) -> int:
        found: int = await self._beside.fetchval("SELECT count(*) FROM turns")
        return found

    async def _has_recorded(self, wanted: int) -> bool:
        return await self._recorded() >= wanted


def _lasts_s(script: Script) -> float:
    return (script.first_ms + (script.chunks - 1) * script.pace_ms) / 1000
