"""Questions in Slack, from the mention to the last word: CPU, throughput, acknowledgements."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.contenders import BARE, OURS, bare_bot, deliver_to, model_server, our_bot
from benchmarks.crowd import Crowd, ack_times_s, settled
from benchmarks.figures import Figure, Goal, median, percentile
from benchmarks.model import Script
from tests.standins.slack import SlackStandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from benchmarks.processes import Measured

SHORT = Script(chunks=20, chars=12, first_ms=50, pace_ms=10)
LONG = Script(chunks=100, chars=40, first_ms=300, pace_ms=20)
FEW, MANY = 20, 100
EACH_OF_FEW, EACH_OF_MANY = 8, 4


@dataclass(frozen=True, slots=True)
class Round:
    """One bot, one number of people."""

    cpu_ms: float
    answers_per_s: float
    first_text_s: float
    whole_s: float
    ack_p50_ms: float
    ack_p99_ms: float
    lost_chars: int


@dataclass(slots=True)
class Arena:
    """Both bots, alive side by side; events go to one of them at a time."""

    slack: SlackStandIn
    crowd: Crowd
    bots: Mapping[str, Measured]

    async def round(self, name: str, script: Script, people: int, each: int) -> Round:
        bot = self.bots[name]
        deliver_to(self.slack, bot)
        told, cpu_s, began = len(self.slack.outbox.deliveries), bot.cpu_s(), time.monotonic()
        series = [self.crowd.ask_in_turn(person, script, each) for person in range(people)]
        asked = [one for answers in await asyncio.gather(*series) for one in answers]
        ended = max(one.question.posted_at + one.whole_s() for one in asked)
        await settled(self.slack)
        acks = ack_times_s(self.slack, told)
        return Round(
            cpu_ms=(bot.cpu_s() - cpu_s) * 1000 / len(asked),
            answers_per_s=len(asked) / (ended - began),
            first_text_s=median([one.first_text_s() or 0.0 for one in asked]),
            whole_s=median([one.whole_s() for one in asked]),
            ack_p50_ms=percentile(acks, 0.5) * 1000,
            ack_p99_ms=percentile(acks, 0.99) * 1000,
            lost_chars=sum(one.lost_chars() for one in asked),
        )


@asynccontextmanager
async def arena(
    folder: Path, people: int, names: Sequence[str] = (OURS, BARE)
) -> AsyncIterator[Arena]:
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackStandIn(events_url=None, tiers=False))
        model = await stack.enter_async_context(model_server(folder))
        bots = {}
        for name in names:
            own = folder / name
            own.mkdir()
            start = _unpaced if name == OURS else bare_bot
            bots[name] = await stack.enter_async_context(start(own, slack, model))
        crowd = Crowd(slack, people)
        looking = asyncio.create_task(crowd.look())
        stack.callback(looking.cancel)
        yield Arena(slack, crowd, bots)


def _unpaced(folder: Path, slack: SlackStandIn, model: Measured):
    return our_bot(folder, slack, model, SLACK_PACING="off")


async def short_answers(
    folder: Path, rounds: int, few: tuple[int, int], many: tuple[int, int]
) -> list[Figure]:
    """`few` and `many`: how many people, and how often each asks."""
    async with arena(folder, many[0]) as both:
        for name in both.bots:  # everybody is known to it, every import is done
            await both.round(name, SHORT, many[0], 1)
        calm: dict[str, list[Round]] = {OURS: [], BARE: []}
        busy: dict[str, list[Round]] = {OURS: [], BARE: []}
        for _ in range(rounds):
            for name in both.bots:
                calm[name].append(await both.round(name, SHORT, *few))
                busy[name].append(await both.round(name, SHORT, *many))
        rss = {name: bot.rss_mb() for name, bot in both.bots.items()}
    return [
        *_figures(calm, few[0], busy=False),
        *_figures(busy, many[0], busy=True),
        Figure("memory after it", "MB", rss[OURS], rss[BARE]),
    ]


def _figures(rounds: Mapping[str, Sequence[Round]], people: int, *, busy: bool) -> list[Figure]:
    def figure(name: str, unit: str, field: str, goal: Goal | None = None) -> Figure:
        ours, bare = (median([getattr(one, field) for one in rounds[n]]) for n in (OURS, BARE))
        scale = 1000 if field.endswith("_s") and unit == "ms" else 1
        return Figure(f"{people} askers: {name}", unit, ours * scale, bare * scale, goal)

    found = [
        figure("CPU per answer", "ms", "cpu_ms", Goal(most=0.5)),
        figure("first text, median", "ms", "first_text_s", Goal(most=1.0)),
        figure("whole answer, median", "ms", "whole_s"),
    ]
    if busy:
        found += [
            figure("answers", "1/s", "answers_per_s", Goal(least=2.0)),
            figure("acknowledged, p50", "ms", "ack_p50_ms", Goal(most=1.0)),
            figure("acknowledged, p99", "ms", "ack_p99_ms", Goal(most=1.0)),
            figure("characters lost", "", "lost_chars", Goal(most=0)),
        ]
    return found


async def long_answers(folder: Path, rounds: int) -> list[Figure]:
    first_chunk_s = LONG.first_ms / 1000
    async with arena(folder, 5) as both:
        seen: dict[str, list[float]] = {}
        for name in both.bots:
            await both.round(name, SHORT, 5, 1)
            found = [await both.round(name, LONG, 5, 1) for _ in range(rounds)]
            seen[name] = [one.first_text_s - first_chunk_s for one in found]
    return [
        Figure(
            "first text after the model's first",
            "ms",
            median(seen[OURS]) * 1000,
            median(seen[BARE]) * 1000,
        )
    ]
