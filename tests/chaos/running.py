"""One plan in one world, from its first question to the verdict."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.chaos.crowd import Crowd
from tests.chaos.judging import judge
from tests.chaos.worlds import OnPostgres, OnSqlite
from tests.e2e.conftest import quick_model
from tests.e2e.deployment import eventually
from tests.standins.slack import SlackStandIn, faults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from adapters.demo.server import DemoServer
    from tests.chaos.judging import Verdict
    from tests.chaos.plan import Step
    from tests.chaos.worlds import World

LOOK_EVERY_S = 0.05
PATIENCE_S = 45.0
"""Without one more answer: longer than a lease, than the waits after failures, and than a start."""
A_STEP_WAITS_S = 15.0
LATE_S = 1.0
"""In the end, for whatever is late and wrong."""
SLACK_TAKES_S = 0.1
SETTINGS = {
    "SLACK_PACING": "off",
    "RATE_LIMIT_USER": "0",
    "RATE_LIMIT_CHANNEL": "0",
    "RATE_LIMIT_WORKSPACE": "0",
    "BREAKER_FAILURES": "1000",
    "DRAIN_S": "2",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    verdict: Verdict
    interrupted: int
    """Questions that were acknowledged and not answered yet when something broke, summed up."""
    exit_codes: Sequence[int]
    errors: Sequence[str]
    took_s: float

    @property
    def holds(self) -> bool:
        return self.verdict.holds and not any(self.exit_codes)


async def run_plan(
    folder: Path,
    store: str,
    plan: Sequence[Step],
    say: Callable[[str], None],
    *,
    faster: float = 40.0,
) -> Outcome:
    """`say` is told of each step. Slack tells again so much faster than it would: after a second
    and a half in place of a minute."""
    began = time.monotonic()
    slack = SlackStandIn(tiers=False, time_scale=faster)
    async with slack, quick_model() as model:
        slack.faults.on("chat.*", faults.latency(SLACK_TAKES_S, after=True), times=None)
        async with _world(folder, store, plan, slack, model) as world:
            slack.events_url = f"{world.url}/slack/events"
            events = sum(step.ask_before + step.ask_meanwhile for step in plan)
            crowd = Crowd(slack, events)
            interrupted = await _go_through(plan, world, crowd, say)
            await _all_ready(world)
            await slack.outbox.settled()
            await _all_answered(crowd)
            await asyncio.sleep(LATE_S)
            exit_codes = await world.settle()
            errors = [error for one in world.replicas for error in one.errors]
        took_s = time.monotonic() - began
        return Outcome(judge(crowd), interrupted, exit_codes, errors, took_s)


@asynccontextmanager
async def _world(
    folder: Path, store: str, plan: Sequence[Step], slack: SlackStandIn, model: DemoServer
) -> AsyncIterator[World]:
    settings = {
        **slack.environment(socket_mode=False),
        **SETTINGS,
        "LLM_MODEL": "openai/demo",
        "LLM_API_KEY": "any",
        "LLM_BASE_URL": model.base_url,
    }
    standby = any(step.kind == "failover" for step in plan)
    world = (
        OnSqlite(folder, settings)
        if store == "sqlite"
        else OnPostgres(folder, settings, standby=standby)
    )
    try:
        await world.start()
        await _all_ready(world)
        yield world
    finally:
        await world.close()


async def _go_through(
    plan: Sequence[Step], world: World, crowd: Crowd, say: Callable[[str], None]
) -> int:
    interrupted = 0
    for number, step in enumerate(plan, 1):
        if step.peace:
            await _all_ready(world)
            await _all_answered(crowd)
        before = crowd.finished()
        crowd.ask(step.ask_before)
        await _answers_come(crowd, before + step.answers)
        open_before = len(crowd.unanswered())
        interrupted += open_before
        say(f"{number}/{len(plan)} {step}: {len(crowd.questions)} asked, {open_before} open")
        async with world.broken(step.kind, step.replica):
            crowd.ask(step.ask_meanwhile)
        await _one_ready(world)
    return interrupted


async def _answers_come(crowd: Crowd, wanted: int) -> None:
    give_up_at = time.monotonic() + A_STEP_WAITS_S  # some faults leave nobody who could answer
    await eventually(lambda: crowd.finished() >= wanted or time.monotonic() > give_up_at, 60.0)


async def _all_answered(crowd: Crowd) -> None:
    """Or none has come for too long: then they are lost."""
    best, since = -1, time.monotonic()
    while crowd.unanswered() and time.monotonic() < since + PATIENCE_S:
        if (finished := crowd.finished()) > best:
            best, since = finished, time.monotonic()
        await asyncio.sleep(LOOK_EVERY_S)


async def _all_ready(world: World) -> None:
    await asyncio.gather(*(one.ready() for one in world.replicas))


async def _one_ready(world: World) -> None:
    waiting = {asyncio.create_task(one.ready()) for one in world.replicas}
    _, others = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for one in others:
        one.cancel()
    await asyncio.gather(*others, return_exceptions=True)
