"""Answers that a SIGKILL cuts: how soon does somebody go on with them?"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.contenders import OURS, deliver_to, model_server, settings_of_ours
from benchmarks.crowd import Crowd
from benchmarks.durability.databases import POSTGRES, SQLITE, databases
from benchmarks.durability.fresh import seen_by
from benchmarks.figures import Figure, Goal, median, percentile
from benchmarks.model import Script
from benchmarks.processes import answered, free_port, running
from tests.e2e.deployment import eventually
from tests.standins.slack import SlackStandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator
    from pathlib import Path

    from benchmarks.crowd import Asked
    from benchmarks.processes import Measured

CUT = Script(chunks=60, chars=20, first_ms=50, pace_ms=50)
AT_WORK = 5
LEASE_S = 3
PATIENCE_S = 120.0


async def recover(folder: Path, kills: int) -> list[Figure]:
    """Five answers at work for each kill."""
    async with AsyncExitStack() as stack:
        both = await stack.enter_async_context(databases(folder))
        slack = await stack.enter_async_context(SlackStandIn(tiers=False))
        model = await stack.enter_async_context(model_server(folder))
        scene = Scene(folder, slack, model, Crowd(slack, AT_WORK))
        looking = asyncio.create_task(scene.crowd.look())
        stack.callback(looking.cancel)
        restarted = await scene.restart(await both.new(SQLITE), kills)
        taken_over = await scene.take_over(await both.new(POSTGRES), kills)
    return [
        *_figures(f"{SQLITE}: goes on after the restart", restarted, Goal(most=1.0)),
        *_figures(f"{POSTGRES}: goes on after the death", taken_over, Goal(most=5.0)),
        Figure("answers lost, cut or doubled", "", scene.wrong, goal=Goal(most=0.0)),
    ]


def _figures(name: str, seconds: list[float], goal: Goal) -> Iterator[Figure]:
    """With so few of them the p99 is the slowest."""
    yield Figure(f"{name}, p50", "s", median(seconds))
    yield Figure(f"{name}, p99", "s", percentile(seconds, 0.99), goal=goal)


@dataclass(slots=True)
class Scene:
    folder: Path
    slack: SlackStandIn
    model: Measured
    crowd: Crowd
    wrong: int = 0
    """Questions whose answers are not whole, or not one message."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def restart(self, url: str, kills: int) -> list[float]:
        """One bot that is killed and started again; seconds from its readiness, below zero where
        it went on before."""
        took: list[float] = []
        for _ in range(kills):
            async with self._bot(url) as (bot, _):
                asking = await self._cut(bot)
            async with self._bot(url) as (bot, ready_at):
                deliver_to(self.slack, bot)
                took += await self._gone_on(asking, ready_at)
        return took

    async def take_over(self, url: str, kills: int) -> list[float]:
        """Two bots, of which one is killed; seconds from its death."""
        took: list[float] = []
        async with self._bot(url) as (survivor, _):
            for _ in range(kills):
                async with self._bot(url) as (victim, _):
                    asking = await self._cut(victim)
                    died_at = time.monotonic()
                    deliver_to(self.slack, survivor)
                    took += await self._gone_on(asking, died_at)
        return took

    @asynccontextmanager
    async def _bot(self, url: str) -> AsyncIterator[tuple[Measured, float]]:
        """And when it was ready."""
        own = self.folder / f"life-{next(self._numbers)}"
        own.mkdir()
        more = {"SLACK_PACING": "off", "DATABASE_URL": url, "LEASE_S": str(LEASE_S)}
        channel = self.slack.environment(socket_mode=False)
        settings = settings_of_ours(own, channel, self.model, **more)
        async with running(OURS, ["bot", "run"], own, free_port(), settings) as bot:
            yield bot, bot.started_at + await answered(bot, "/readyz")

    async def _cut(self, bot: Measured) -> dict[Script, asyncio.Task[Asked]]:
        """Ask, and kill the bot in the midst of its answers."""
        deliver_to(self.slack, bot)
        # The question is known by its script, in the model's book too.
        scripts = [replace(CUT, first_ms=50 + next(self._numbers)) for _ in range(AT_WORK)]
        asking = {
            script: asyncio.create_task(self.crowd.ask(n, script, PATIENCE_S))
            for n, script in enumerate(scripts)
        }
        await eventually(partial(self._are_at_work, scripts), PATIENCE_S)
        await asyncio.sleep(random.uniform(0.2, 1.2))
        os.kill(bot.pid, signal.SIGKILL)
        return asking

    async def _are_at_work(self, scripts: Iterable[Script]) -> bool:
        return set(map(str, scripts)) <= (await seen_by(self.model)).keys()

    async def _gone_on(
        self, asking: dict[Script, asyncio.Task[Asked]], since: float
    ) -> list[float]:
        """Returns when all answers are whole: seconds until the model was asked again."""
        answers = await asyncio.gather(*asking.values(), return_exceptions=True)
        for one in answers:
            whole = not isinstance(one, BaseException) and len(one.answers) == 1
            self.wrong += not whole
        seen = await seen_by(self.model)
        # None is asked again that was whole before the kill.
        times = [seen[str(script)] for script in asking]
        return [again[1] - since for again in times if len(again) > 1]
