"""What several processes that write with one app may rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.slack.web.limits import TIERS
from adapters.slack.web.pacer import Pacer, Urgency
from adapters.teams.outbound.pace import PROGRESS_CALLS, Pace
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.ports import Clock, WriteBudget

SECONDS = 180


class Writer:
    """One process that writes whenever it may."""

    def __init__(self, budget: WriteBudget, may_write: Callable[[str], bool]) -> None:
        self.budget = budget
        self._may_write = may_write
        self._written = 0

    def write_all(self) -> int:
        """Everything that may be written now, each to another place."""
        before = self._written
        while self._may_write(f"place-{self._written}"):
            self._written += 1
        return self._written - before


def slack(clock: Clock) -> Writer:
    pacer = Pacer(clock)
    return Writer(pacer, lambda place: pacer.try_take("chat.update", place, Urgency.FINAL))


def teams(clock: Clock) -> Writer:
    pace = Pace(clock)
    return Writer(pace, pace.try_take)


LIMITS = {"slack": (slack, TIERS["chat.update"], 60), "teams": (teams, PROGRESS_CALLS, 1)}
"""How many calls in how many seconds."""


@pytest.mark.parametrize("platform", LIMITS)
@pytest.mark.parametrize("replicas", [1, 2, 3, 7])
async def test_replicas_together_write_no_more_than_the_platform_allows(
    platform: str, replicas: int
) -> None:
    build, calls, seconds = LIMITS[platform]
    clock = FakeClock()
    writers = [build(clock) for _ in range(replicas)]
    for writer in writers:
        writer.budget.share(replicas)
    written = []
    for _ in range(SECONDS):
        written.append(sum(writer.write_all() for writer in writers))
        await clock.advance(1)
    spans = [sum(written[at : at + seconds]) for at in range(SECONDS - seconds + 1)]
    assert max(spans) <= calls
    assert max(spans) >= calls - replicas  # and no more is left unused than cannot be divided


@pytest.mark.parametrize("platform", LIMITS)
async def test_who_is_left_alone_takes_the_whole(platform: str) -> None:
    build, calls, seconds = LIMITS[platform]
    clock = FakeClock()
    writer = build(clock)
    writer.budget.share(4)
    few = writer.write_all()
    writer.budget.share(1)
    await clock.advance(seconds + 1)
    assert few == calls // 4
    assert writer.write_all() == calls
