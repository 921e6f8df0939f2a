"""The way of an event to its acknowledgement alone: ours is on disk by then, the bare bot's is not.

Both get messages with a mention, which the bare bot leaves to `app_mention`. Ours stores each as a
question of a new conversation; one turn is let in and waits for a silent model, so none is worked
off.
"""

from __future__ import annotations

import itertools
import os
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.contenders import BARE, OURS, bare_bot, deliver_to, model_server, our_bot
from benchmarks.events import first_messages, send_all
from benchmarks.figures import Figure, median, percentile
from benchmarks.model import Script
from benchmarks.processes import use_cores
from tests.standins.slack import SlackStandIn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from benchmarks.processes import Measured

SILENT = Script(chunks=1, chars=8, first_ms=600_000, pace_ms=0)
CONNECTIONS = 32
STEADY_PER_S = 300


@dataclass(slots=True)
class Measures:
    """Of one bot, a value for each round."""

    per_s: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    full_p99_ms: list[float] = field(default_factory=list)
    steady_p50_ms: list[float] = field(default_factory=list)
    steady_p99_ms: list[float] = field(default_factory=list)


async def accept_alone(folder: Path, rounds: int, events: int) -> list[Figure]:
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackStandIn(tiers=False))
        model = await stack.enter_async_context(model_server(folder))
        for name in (OURS, BARE):
            (folder / name).mkdir()
        ours = our_bot(folder / OURS, slack, model, SLACK_PACING="off", TURNS_AT_WORK="1")
        bots = {OURS: await stack.enter_async_context(ours)}
        bots[BARE] = await stack.enter_async_context(bare_bot(folder / BARE, slack, model))
        await occupy(slack, bots[OURS])
        stack.callback(use_cores, os.getpid(), os.sched_getaffinity(0))
        split_cores(bots.values())
        requests = first_messages(slack)
        measures = {name: Measures() for name in bots}
        for bot in bots.values():  # warm
            await _measure(bot, requests, events // 2, Measures())
        for _ in range(rounds):
            for name, bot in bots.items():
                await _measure(bot, requests, events, measures[name])
    return _figures(measures[OURS], measures[BARE])


async def _measure(bot: Measured, requests: Iterator[bytes], events: int, to: Measures) -> None:
    made = list(itertools.islice(requests, events))
    cpu_s, began = bot.cpu_s(), time.monotonic()
    took = await send_all(bot.port, made, CONNECTIONS)
    to.per_s.append(events / (time.monotonic() - began))
    to.cpu_ms.append((bot.cpu_s() - cpu_s) * 1000 / events)
    to.full_p99_ms.append(percentile(took, 0.99) * 1000)
    made = list(itertools.islice(requests, events // 2))
    took = await send_all(bot.port, made, CONNECTIONS, STEADY_PER_S)
    to.steady_p50_ms.append(percentile(took, 0.5) * 1000)
    to.steady_p99_ms.append(percentile(took, 0.99) * 1000)


def _figures(ours: Measures, bare: Measures) -> list[Figure]:
    def figure(name: str, unit: str, field: str) -> Figure:
        return Figure(name, unit, median(getattr(ours, field)), median(getattr(bare, field)))

    steady = f"{STEADY_PER_S} events/s: acknowledged"
    return [
        figure("events at full speed", "1/s", "per_s"),
        figure("CPU per event", "ms", "cpu_ms"),
        figure("full speed: acknowledged, p99", "ms", "full_p99_ms"),
        figure(f"{steady}, p50", "ms", "steady_p50_ms"),
        figure(f"{steady}, p99", "ms", "steady_p99_ms"),
    ]


async def occupy(slack: SlackStandIn, bot: Measured) -> None:
    """Give the bot's one turn something to wait for."""
    deliver_to(slack, bot)
    asked = slack.people.say("U0ALICE", "C0GENERAL", f"{slack.people.mention} {SILENT}", raw=True)
    await slack.wait_for(lambda: slack.workspace.answers_to(asked.ts))


def split_cores(bots: Iterable[Measured]) -> None:
    """The bots on one core, whoever sends on the others."""
    cores = sorted(os.sched_getaffinity(0))
    for bot in bots:
        use_cores(bot.pid, {cores[0]})
    use_cores(os.getpid(), set(cores[1:]) or {cores[0]})
