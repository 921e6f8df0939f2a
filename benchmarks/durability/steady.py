"""A thousand events a second, evenly: what each waits for its acknowledgement."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.accepting import CONNECTIONS, occupy, split_cores
from benchmarks.contenders import BARE, bare_bot, model_server, our_bot
from benchmarks.durability.databases import BOTH, databases
from benchmarks.events import first_messages, send_all
from benchmarks.figures import Figure, percentile
from benchmarks.processes import use_cores
from tests.standins.slack import SlackStandIn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from benchmarks.durability.databases import Databases
    from benchmarks.processes import Measured

PER_S = 1000


@dataclass(slots=True)
class Measures:
    """Of one bot, a value for each round."""

    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    per_s: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)


async def accept_steadily(
    folder: Path, rounds: int, events: int = 5 * PER_S, per_s: int = PER_S
) -> list[Figure]:
    """`events` of each round; a tenth of them comes before anything is measured."""
    async with AsyncExitStack() as stack:
        both = await stack.enter_async_context(databases(folder))
        slack = await stack.enter_async_context(SlackStandIn(tiers=False))
        use_cores(both.server.pid, set(sorted(os.sched_getaffinity(0))[1:]) or {0})
        bots = await _bots(stack, folder, slack, both)
        stack.callback(use_cores, os.getpid(), os.sched_getaffinity(0))
        split_cores(bots.values())
        requests = first_messages(slack)
        measures = {name: Measures() for name in bots}
        for bot in bots.values():
            await _measure(bot, list(itertools.islice(requests, events // 10)), per_s, Measures())
        await both.look_again()
        for _ in range(rounds):
            for name, bot in bots.items():
                made = list(itertools.islice(requests, events))
                await _measure(bot, made, per_s, measures[name])
    return [figure for kind in BOTH for figure in _figures(kind, measures, per_s)]


async def _bots(
    stack: AsyncExitStack, folder: Path, slack: SlackStandIn, both: Databases
) -> dict[str, Measured]:
    bots = {}
    model = await stack.enter_async_context(model_server(folder))
    for name in (*BOTH, BARE):
        own = folder / name
        own.mkdir()
        if name == BARE:
            bots[name] = await stack.enter_async_context(bare_bot(own, slack, model))
            continue
        settings = {"SLACK_PACING": "off", "TURNS_AT_WORK": "1"}
        settings["DATABASE_URL"] = await both.new(name)
        bots[name] = await stack.enter_async_context(our_bot(own, slack, model, **settings))
        await occupy(slack, bots[name])
    return bots


async def _measure(bot: Measured, requests: list[bytes], per_s: int, to: Measures) -> None:
    cpu_s, began = bot.cpu_s(), time.monotonic()
    took = await send_all(bot.port, requests, CONNECTIONS, per_s)
    to.per_s.append(len(took) / (time.monotonic() - began))
    to.cpu_ms.append((bot.cpu_s() - cpu_s) * 1000 / len(took))
    to.p50_ms.append(percentile(took, 0.5) * 1000)
    to.p99_ms.append(percentile(took, 0.99) * 1000)
    await asyncio.sleep(0.5)  # the next bot has the core to itself


def _figures(kind: str, measures: Mapping[str, Measures], per_s: int) -> Iterator[Figure]:
    ours, bare = measures[kind], measures[BARE]
    yield Figure.of_rounds(f"{kind}: kept up with", "1/s", ours.per_s, bare.per_s)
    steady = f"{kind}: {per_s}/s acknowledged"
    yield Figure.of_rounds(f"{steady}, p50", "ms", ours.p50_ms, bare.p50_ms)
    yield Figure.of_rounds(f"{steady}, p99", "ms", ours.p99_ms, bare.p99_ms)
    yield Figure.of_rounds(f"{kind}: CPU per event", "ms", ours.cpu_ms, bare.cpu_ms)
