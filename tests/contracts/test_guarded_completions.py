"""A ledger behind a budget is the ledger: what the contract of completions says holds there too."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.completion import Completion
from core.errors import BudgetUsedUp
from core.people.limits import Limits, LimitSettings
from core.ports import Budget
from tests.contracts.stores import ANN, LONG_AGO, begun

if TYPE_CHECKING:
    from tests.contracts.stores import Place

PLACE = ("slack", "T1", ANN.user_id, LONG_AGO)


@pytest.mark.parametrize("budget_usd", [0.0, 100.0])
async def test_calls_are_numbered_counted_and_settled_as_without_it(
    place: Place, budget_usd: float
) -> None:
    store = place.store
    limits = Limits(LimitSettings(budget_user_usd=budget_usd), store, store, place.clock)
    guarded = limits.guard(store)
    _, queued = await begun(store)
    assert await limits.check(queued) is None
    one = await guarded.reserve(queued.turn_id, "m/one", 0.5)
    assert one == Completion(queued.turn_id, 1, "m/one", 0.5)
    assert (await guarded.reserve(queued.turn_id, "m/two", None)).n == 2
    assert (await guarded.spent(*PLACE)).user_usd == 0.5
    await guarded.settle(replace(one, cost_usd=0.125, outcome="answered", source="exact"))
    assert await guarded.spent(*PLACE) == await store.spent(*PLACE)
    assert (await guarded.spent(*PLACE)).user_usd == 0.125


async def test_of_many_reservations_at_once_one_may_exceed_what_is_left(place: Place) -> None:
    _, queued = await begun(place.store)
    budget = Budget("slack", "T1", ANN.user_id, LONG_AGO, user_usd=1.0, workspace_usd=None)
    asked = [place.store.reserve(queued.turn_id, "m", 0.3, within=budget) for _ in range(20)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, Completion) for one in outcomes) == 4
    assert {one.scope for one in outcomes if isinstance(one, BudgetUsedUp)} == {"budget_user"}
    assert (await place.store.spent(*PLACE)).user_usd == pytest.approx(1.2)


async def test_only_a_used_up_budget_says_no(place: Place) -> None:
    store = place.store
    limits = Limits(LimitSettings(budget_user_usd=1.0), store, store, place.clock)
    _, queued = await begun(store)
    assert await limits.check(queued) is None
    await limits.guard(store).reserve(queued.turn_id, "m", 2.0)
    with pytest.raises(BudgetUsedUp):
        await limits.guard(store).reserve(queued.turn_id, "m", 0.1)
    assert (await store.reserve(queued.turn_id, "m", 0.1)).n == 2
