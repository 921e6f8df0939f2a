"""A bot at rest: how soon it asks the model after an event, and what it costs to wait for one."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import aiohttp

from benchmarks.contenders import BARE, bare_bot, deliver_to, model_server, our_bot
from benchmarks.durability.databases import BOTH, databases
from benchmarks.events import lines_to
from benchmarks.figures import Figure, Goal, percentile
from benchmarks.model import Script
from tests.standins.slack import SlackStandIn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from benchmarks.durability.databases import Databases
    from benchmarks.processes import Measured

BRIEF = Script(chunks=2, chars=8, first_ms=1, pace_ms=1)
WARM = 5
START = Goal(most=10.0, of_ours=True)
IDLE = Goal(most=0.5, of_ours=True)


async def start_fresh(folder: Path, rounds: int, questions: int = 50) -> list[Figure]:
    """One question at a time, each when the one before it is over."""
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(_Place(folder))
        took: dict[str, list[float]] = {name: [] for name in place.bots}
        for name in place.bots:
            await place.ask(name, WARM)
        for _ in range(rounds):
            for name in place.bots:
                took[name] += await place.ask(name, questions)
    return [figure for kind in BOTH for figure in _starts(kind, took)]


async def stay_idle(folder: Path, rounds: int, seconds: float = 20.0) -> list[Figure]:
    """Shares of a core, after a question has been answered."""
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(_Place(folder))
        for name, bot in place.bots.items():
            await place.ask(name, WARM)
            await bot.idle()
        shares: dict[str, list[float]] = {name: [] for name in place.bots}
        for _ in range(rounds):
            before = {name: bot.cpu_s() for name, bot in place.bots.items()}
            await asyncio.sleep(seconds)
            for name, bot in place.bots.items():
                shares[name].append((bot.cpu_s() - before[name]) / seconds * 100)
    return [
        Figure.of_rounds(f"{kind}: idle, share of a core", "%", shares[kind], shares[BARE], IDLE)
        for kind in BOTH
    ]


class _Place:
    """Three bots at rest, one Slack, one model."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = AsyncExitStack()
        self._slack: SlackStandIn
        self._model: Measured
        self.bots: dict[str, Measured] = {}

    async def __aenter__(self) -> _Place:
        both = await self._stack.enter_async_context(databases(self._folder))
        self._slack = await self._stack.enter_async_context(SlackStandIn(tiers=False))
        self._model = await self._stack.enter_async_context(model_server(self._folder))
        for name in (*BOTH, BARE):
            (self._folder / name).mkdir()
            self.bots[name] = await self._started(name, both)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _started(self, name: str, both: Databases) -> Measured:
        own, slack, model = self._folder / name, self._slack, self._model
        if name == BARE:
            return await self._stack.enter_async_context(bare_bot(own, slack, model))
        url = await both.new(name)
        ours = our_bot(own, slack, model, SLACK_PACING="off", DATABASE_URL=url)
        return await self._stack.enter_async_context(ours)

    async def ask(self, name: str, questions: int) -> list[float]:
        """Seconds from an event's first byte until the model has the request."""
        deliver_to(self._slack, self.bots[name])
        sent = {}
        async with lines_to(self.bots[name].port, self._slack) as tell:
            for n in range(questions):
                text = f"{name} {n} {time.monotonic()}: {BRIEF}"
                words = f"{self._slack.people.mention} {text}"
                said = self._slack.people.say("U0ALICE", "C0GENERAL", words, told=False, raw=True)
                sent[text] = await tell(said)
                await self._slack.wait_for(lambda: self._is_answered(said.ts))  # noqa: B023 - awaited here
                # What follows an answer is over, and no beat of the bot is always as far away.
                await asyncio.sleep(random.uniform(0.1, 0.3))
        seen = await seen_by(self._model)
        return [seen[text][0] - at for text, at in sent.items()]

    def _is_answered(self, ts: str) -> bool:
        answers = self._slack.workspace.answers_to(ts)
        return any(BRIEF.pieces()[-1].strip() in one.shown for one in answers)


async def seen_by(model: Measured) -> Mapping[str, list[float]]:
    """When the model was asked each question: again after a crash."""
    async with aiohttp.ClientSession() as session, session.get(f"{model.url}/seen") as response:
        seen: dict[str, list[float]] = await response.json()
        return seen


def _starts(kind: str, took: Mapping[str, list[float]]) -> Iterator[Figure]:
    for name, share, goal in (("p50", 0.5, START), ("p99", 0.99, None)):
        ours, bare = (percentile(took[one], share) * 1000 for one in (kind, BARE))
        yield Figure(f"{kind}: event to model, {name}", "ms", ours, bare, goal)
