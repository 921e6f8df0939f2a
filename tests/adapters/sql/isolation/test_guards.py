"""Each guard of the store, taken away, is missed: so who finds nothing has looked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.adapters.sql.isolation.guards import GUARDS
from tests.adapters.sql.isolation.playing import play_all
from tests.adapters.sql.isolation.scenarios import SCENARIOS

if TYPE_CHECKING:
    from tests.adapters.sql.isolation.stages import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")
ENOUGH = 1_000
"""Schedules, of which most guards are missed within the first ten."""


@pytest.mark.parametrize(
    ("stage", "name"),
    [(kind, name) for name, guard in GUARDS.items() for kind in guard.on],
    indirect=["stage"],
)
async def test_a_guard_that_is_not_there_is_missed(
    stage: Stage, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = GUARDS[name]
    guard.remove(monkeypatch)
    explored = await play_all(stage, SCENARIOS[guard.scenario], guard.faults, ENOUGH)
    assert re.search(guard.words, "\n".join(explored.complaints)), explored
