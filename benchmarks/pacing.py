"""A busy workspace within Slack's limits, in real time: a stream of questions, then a crowd."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from benchmarks.answering import SHORT
from benchmarks.contenders import deliver_to, model_server, our_bot
from benchmarks.crowd import Crowd
from benchmarks.figures import Figure, Goal, percentile
from benchmarks.model import Script
from tests.standins.slack import SlackStandIn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.crowd import Asked

A_MINUTE = 30
CROWD = 20
LARGE = Script(chunks=200, chars=40, first_ms=300, pace_ms=20)
SIGN_S = 2.0
PATIENCE_S = 300.0


async def within_tiers(folder: Path, minutes: float) -> list[Figure]:
    """Only ours: the bare bot gives up at its first 429."""
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackStandIn(tiers=True))
        model = await stack.enter_async_context(model_server(folder))
        bot = await stack.enter_async_context(our_bot(folder, slack, model))
        deliver_to(slack, bot)
        crowd = Crowd(slack, CROWD)
        looking = asyncio.create_task(crowd.look())
        stack.callback(looking.cancel)
        steady = await _stream(crowd, round(A_MINUTE * minutes))
        began = time.monotonic()
        burst = await asyncio.gather(*(crowd.ask(n, LARGE, PATIENCE_S) for n in range(CROWD)))
        whole_s = time.monotonic() - began
        limited = sum(call.error == "ratelimited" for call in slack.calls())
        return [
            *_figures(f"{A_MINUTE} a minute", crowd, steady),
            *_figures(f"{CROWD} at once", crowd, burst),
            Figure(f"{CROWD} at once: all whole after", "s", whole_s),
            Figure("calls that Slack refused", "", limited),
        ]


async def _stream(crowd: Crowd, questions: int) -> list[Asked]:
    asking = []
    for n in range(questions):
        asking.append(asyncio.create_task(crowd.ask(n % CROWD, SHORT, PATIENCE_S)))
        await asyncio.sleep(60 / A_MINUTE)
    return list(await asyncio.gather(*asking))


def _figures(what: str, crowd: Crowd, asked: Sequence[Asked]) -> list[Figure]:
    signs = [crowd.first_sign_s(one) for one in asked]
    in_time = sum(sign is not None and sign <= SIGN_S for sign in signs) / len(signs)
    worst = max(PATIENCE_S if sign is None else sign for sign in signs)
    whole = [one.whole_s() for one in asked]
    return [
        Figure(
            f"{what}: characters lost",
            "",
            sum(one.lost_chars() for one in asked),
            goal=Goal(most=0.0),
        ),
        Figure(f"{what}: a sign within {SIGN_S:g} s", "%", in_time * 100, goal=Goal(least=100)),
        Figure(f"{what}: latest first sign", "s", worst),
        Figure(f"{what}: whole answer, median", "s", percentile(whole, 0.5)),
    ]
