"""The store under every mix of steps: on PostgreSQL of statements, on SQLite of operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.adapters.sql.isolation.playing import play_all
from tests.adapters.sql.isolation.scenarios import SCENARIOS

if TYPE_CHECKING:
    from tests.adapters.sql.isolation.stages import Stage
    from tests.conftest import Count

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.parametrize("stage", ["postgres", "sqlite"], indirect=True),
]


@pytest.mark.parametrize("name", SCENARIOS)
async def test_no_mix_of_steps_breaks_the_order(stage: Stage, name: str, count: Count) -> None:
    explored = await play_all(stage, SCENARIOS[name], (), count(short=5, long=2_000))
    assert explored.complaints == []


@pytest.mark.parametrize("name", SCENARIOS)
async def test_no_crash_in_any_mix_of_steps_breaks_the_order(
    stage: Stage, name: str, count: Count
) -> None:
    explored = await play_all(stage, SCENARIOS[name], stage.faults, count(short=3, long=500))
    assert explored.complaints == []


async def test_a_crash_at_any_step_of_a_turn_is_made_good(stage: Stage) -> None:
    explored = await play_all(stage, SCENARIOS["the_owner_works_alone"], stage.faults, 1_000)
    assert explored.complaints == []
    assert explored.complete
