from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.conversation import Author
from core.errors import BudgetUsedUp
from core.people.limits import Limits, LimitSettings
from core.people.rates import Rate
from tests.core.people.asking import ADA, BEN, begun, message, recorded
from tests.fakes.clock import START, FakeClock
from tests.fakes.store import FakeStore

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def store(clock):
    return FakeStore(clock)


def limits_of(store, clock, **settings):
    return Limits(LimitSettings(**settings), store, store, clock)


async def asked(limits, store, clock, **who):
    """A question goes the whole way; returns its refusal."""
    hold, queued = await begun(store, message(**who))
    refusal = await limits.check(queued)
    await recorded(hold, queued, "refused" if refusal else "answered")
    await clock.advance(0.1)
    return refusal


async def test_twenty_are_answered_and_the_rest_refused_with_one_notice(store, clock):
    limits = limits_of(store, clock, user=Rate(20, MINUTE))

    refusals = [await asked(limits, store, clock) for _ in range(500)]

    assert refusals[:20] == [None] * 20
    assert {refusal.scope for refusal in refusals[20:]} == {"user"}
    assert [refusal.notice is not None for refusal in refusals[20:]] == [True] + [False] * 479


async def test_a_storm_of_one_person_leaves_the_channel_to_others(store, clock):
    limits = limits_of(store, clock, user=Rate(5, MINUTE), channel=Rate(10, MINUTE))

    for _ in range(100):
        await asked(limits, store, clock, by=ADA)

    assert await asked(limits, store, clock, by=BEN) is None


async def test_what_waits_behind_an_answer_does_not_count(store, clock):
    limits = limits_of(store, clock, channel=Rate(5, MINUTE))
    hold, first = await begun(store, message(by=ADA))
    for number in range(50):
        waiting = message(by=ADA)
        await store.accept(
            waiting, "question", turn_id=f"waiting-{number}", slot=False, follow_ups="alone"
        )
        await clock.advance(0.01)

    assert await asked(limits, store, clock, by=BEN) is None
    await recorded(hold, first)


@pytest.mark.parametrize(
    ("scope", "others"),
    [
        ("channel", [{"channel": "C2"}, {"workspace": "T2"}, {"platform": "teams"}]),
        ("workspace", [{"workspace": "T2"}, {"platform": "teams"}]),
    ],
)
async def test_a_scope_counts_everybody_in_it_and_nobody_else(store, clock, scope, others):
    limits = limits_of(store, clock, **{scope: Rate(3, MINUTE)})
    people = [Author(f"U{n}", "") for n in range(4)]

    refusals = [await asked(limits, store, clock, by=person) for person in people]

    assert [refusal and refusal.scope for refusal in refusals] == [None, None, None, scope]
    for other in others:
        assert await asked(limits, store, clock, by=people[3], **other) is None


async def test_a_refusal_says_when_it_is_free_again_and_it_is(store, clock):
    limits = limits_of(store, clock, user=Rate(2, MINUTE))
    await asked(limits, store, clock)
    await clock.advance(30)
    await asked(limits, store, clock)

    refusal = await asked(limits, store, clock)

    assert START + MINUTE <= refusal.free_at <= START + MINUTE + timedelta(seconds=2)
    assert "about 3" in refusal.notice.blocks[0].markdown
    await clock.advance((refusal.free_at - clock.now()).total_seconds())
    assert await asked(limits, store, clock) is None


async def test_a_new_window_brings_a_new_notice_and_each_person_gets_their_own(store, clock):
    limits = limits_of(store, clock, channel=Rate(1, MINUTE))
    await asked(limits, store, clock, by=Author("U0", ""))

    first = [(await asked(limits, store, clock, by=one)).notice for one in (ADA, ADA, BEN, BEN)]
    await clock.advance(61)
    await asked(limits, store, clock, by=Author("U0", ""))
    second = (await asked(limits, store, clock, by=ADA)).notice

    assert [bool(notice) for notice in first] == [True, False, True, False]
    assert second is not None


async def test_questions_that_waited_out_the_limit_are_still_told_of_once(store, clock):
    limits = limits_of(store, clock, user=Rate(1, MINUTE))
    waiting = []
    for _ in range(5):
        waiting.append(await begun(store, message()))
        await clock.advance(0.1)
    await clock.advance(600)

    notices = [(await limits.check(queued)) for _, queued in waiting]

    assert [bool(one and one.notice) for one in notices] == [False, True, False, False, False]


async def test_memory_of_notices_is_bounded_and_forgets_the_oldest(store, clock):
    settings = LimitSettings(workspace=Rate(1, MINUTE))
    limits = Limits(settings, store, store, clock, remembered=10)
    people = [Author(f"U{n}", "") for n in range(12)]
    for person in people:
        await asked(limits, store, clock, by=person)

    assert (await asked(limits, store, clock, by=people[-1])).notice is None
    assert (await asked(limits, store, clock, by=people[1])).notice is not None


# --- money ---------------------------------------------------------------------------------------


async def run_model(limits, store, queued, reserved_usd):
    """What a turn does around its model call; True: the model was asked."""
    if await limits.check(queued) is not None:
        return False
    try:
        await limits.guard(store).reserve(queued.turn_id, "m", reserved_usd)
    except BudgetUsedUp:
        return False
    return True


async def test_of_200_questions_at_once_a_budget_for_ten_lets_ten_through(store, clock):
    limits = limits_of(store, clock, budget_workspace_usd=1.0)
    waiting = [(await begun(store, message(by=Author(f"U{n}", ""))))[1] for n in range(200)]

    asked_model = await asyncio.gather(
        *(run_model(limits, store, queued, 0.1) for queued in waiting)
    )

    assert sum(asked_model) == 10


async def test_a_person_and_a_workspace_have_budgets_of_their_own(store, clock):
    limits = limits_of(store, clock, budget_user_usd=1.0, budget_workspace_usd=1.5)

    async def ask(by, usd):
        _, queued = await begun(store, message(by=by))
        refusal = await limits.check(queued)
        if refusal is None:
            await limits.guard(store).reserve(queued.turn_id, "m", usd)
        return refusal and refusal.scope

    assert await ask(ADA, 1.0) is None
    assert await ask(ADA, 0.1) == "budget_user"
    assert await ask(BEN, 0.6) is None
    assert await ask(BEN, 0.1) == "budget_workspace"
    assert await ask(Author("U1", "Ada under another name"), 0.1) == "budget_user"


async def test_a_budget_survives_a_restart_and_begins_anew_at_midnight(store, clock):
    settings = {"budget_user_usd": 1.0}
    _, queued = await begun(store, message())
    assert await run_model(limits_of(store, clock, **settings), store, queued, 1.0)

    store = store.reopened()
    limits = limits_of(store, clock, **settings)
    _, queued = await begun(store, message())
    refusal = await limits.check(queued)
    assert refusal.scope == "budget_user"
    assert refusal.free_at == datetime(2026, 3, 3, tzinfo=UTC)
    assert "about 12 hours" in refusal.notice.blocks[0].markdown

    await clock.advance((refusal.free_at - clock.now()).total_seconds())
    _, queued = await begun(store, message())
    assert await limits.check(queued) is None


async def test_the_day_of_a_budget_is_that_of_its_zone_in_spring_too(store):
    berlin = ZoneInfo("Europe/Berlin")
    clock = FakeClock(datetime(2026, 3, 29, 12, tzinfo=UTC))
    store = FakeStore(clock)
    limits = limits_of(store, clock, budget_user_usd=1.0, zone=berlin)
    _, queued = await begun(store, message())
    await run_model(limits, store, queued, 2.0)

    refusal = await limits.check((await begun(store, message()))[1])

    assert refusal.free_at == datetime(2026, 3, 29, 22, tzinfo=UTC)


async def test_an_evening_in_utc_is_the_next_day_further_east():
    clock = FakeClock(datetime(2026, 3, 2, 22, 30, tzinfo=UTC))
    store = FakeStore(clock)
    limits = limits_of(store, clock, budget_user_usd=1.0, zone=ZoneInfo("Europe/Berlin"))
    _, queued = await begun(store, message())
    await run_model(limits, store, queued, 2.0)

    await clock.advance(1800)

    assert await limits.check((await begun(store, message()))[1]) is None


async def test_calls_without_a_turn_and_limits_of_zero_are_let_through(store, clock):
    limits = limits_of(store, clock, budget_user_usd=0, budget_workspace_usd=0)
    _, queued = await begun(store, message())

    assert await run_model(limits, store, queued, 1_000.0)
    assert await run_model(limits, store, queued, 1_000.0)
    strict = limits_of(store, clock, budget_workspace_usd=1)
    assert await strict.guard(store).reserve("no turn", "m", 1.0)


async def test_a_call_refused_at_its_reservation_is_told_like_any_limit(store, clock):
    limits = limits_of(store, clock, budget_user_usd=1.0)
    _, first = await begun(store, message())
    _, second = await begun(store, message())
    assert await limits.check(first) is None
    assert await limits.check(second) is None
    guarded = limits.guard(store)
    await guarded.reserve(first.turn_id, "m", 1.0)

    with pytest.raises(BudgetUsedUp) as caught:
        await guarded.reserve(second.turn_id, "m", 1.0)
    refusal = limits.refuse_budget(caught.value.scope, second)

    assert refusal.scope == "budget_user"
    assert refusal.notice is not None
    assert limits.refuse_budget(caught.value.scope, second).notice is None
