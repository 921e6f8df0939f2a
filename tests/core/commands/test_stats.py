from __future__ import annotations

from datetime import timedelta

import pytest

from core.completion import Completion, Usage
from core.document import Actions, Chart, Table
from tests.core.commands.desk import Desk, buttons, words
from tests.core.people.asking import ADA, BEN, begun, call, message, recorded


@pytest.fixture
def desk():
    return Desk()


async def ask(desk, *, outcome="answered", model="m", cost_usd=0.01, error="", **who):
    hold, queued = await begun(desk.store, message(**who))
    row = await desk.store.reserve(queued.turn_id, model, None)
    usage = Usage(1_000, 100)
    completion = Completion(row.turn_id, row.n, model, None, usage, cost_usd, "exact", outcome)
    await recorded(
        hold,
        queued,
        outcome,
        model=model,
        usage=usage,
        cost_usd=cost_usd,
        completions=(completion,),
        latency_s=2.0,
        first_visible_s=0.5,
        error=error,
    )
    await desk.clock.advance(1)


async def questions(desk, *arguments, **more):
    text = words(await desk.commands.run(call("stats", *arguments, **more)))
    return int(text.split("Questions: ")[1].split("\n")[0]) if "Questions: " in text else 0


async def test_a_channel_shows_the_channel_and_a_dm_the_asker(desk):
    await ask(desk, by=ADA)
    await ask(desk, by=ADA, channel="C2")
    await ask(desk, by=BEN)
    await ask(desk, by=BEN)
    await ask(desk, by=BEN, workspace="T2")

    assert await questions(desk) == 3
    assert await questions(desk, direct=True) == 2
    assert await questions(desk, "me") == 2
    assert await questions(desk, "me", by=BEN) == 2
    assert await questions(desk, "channel", direct=True) == 3


async def test_all_is_the_callers_own_workspace_and_no_other(desk):
    await ask(desk, by=ADA)
    await ask(desk, by=BEN, channel="C2")
    await ask(desk, by=ADA, workspace="T2")
    await ask(desk, by=ADA, platform="teams")

    assert await questions(desk, "all") == 2


async def test_a_range_leaves_out_what_is_older(desk):
    await ask(desk)
    await desk.clock.advance(timedelta(hours=7).total_seconds())

    assert await questions(desk, "6h") == 0
    assert await questions(desk) == 1
    assert await questions(desk, "7D") == 1


async def test_the_report_holds_all_that_people_ask_for(desk):
    await ask(desk, model="openai/large", cost_usd=1.5)
    await ask(desk, model="local/llama", cost_usd=None)
    await ask(desk, outcome="failed", error="rate_limit", cost_usd=0.0)

    document = await desk.commands.run(call("stats"))

    text = words(document)
    assert document.title == "Statistics of the last 24 hours: this channel"
    assert "Answered: 2 (67 %)" in text
    assert "Cost: $1.50 + unknown" in text
    assert "Price unknown for 1 call of a model" in text
    assert "Answer time: p50 2.0 s, p95 2.0 s" in text
    assert "rate limit | 1" in text
    assert "local/llama | 1 | unknown" in text
    chart = next(block for block in document.blocks if isinstance(block, Chart))
    assert sum(chart.values) == 3
    assert len(chart.labels) == len(chart.values)
    assert len([block for block in document.blocks if isinstance(block, Table)]) == 2


async def test_buttons_change_the_range_and_keep_the_audience(desk):
    await ask(desk)

    document = await desk.commands.run(call("stats", "7d", "me"))

    assert [button.command for button in buttons(document)] == [
        "stats 1h me",
        "stats 6h me",
        "stats 24h me",
        "stats 30d me",
    ]
    assert isinstance(document.blocks[-1], Actions)


async def test_no_questions_are_said_in_words_with_buttons_to_look_further(desk):
    document = await desk.commands.run(call("stats"))

    assert "Nobody has asked" in words(document)
    assert buttons(document)
