"""How much a person, a channel and a workspace may ask: rates, and money for a day."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from core.notices import build_limit_notice
from core.people.rates import first_exceeded, free_at
from core.ports import Budget, Counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from core.completion import Completion
    from core.document import Document
    from core.errors import LimitScope
    from core.people.rates import Rate
    from core.ports import Arrivals, Clock, Completions, Spent
    from core.turn import QueuedMessage

REMEMBERED = 10_000
"""People and turns kept in memory, at most; far above what is at work at any moment."""
QUIET = timedelta(minutes=1)
"""Nobody is told twice within it, even of a limit that is over when a waiting question is read."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """None and 0: no limit."""

    user: Rate | None = None
    channel: Rate | None = None
    workspace: Rate | None = None
    budget_user_usd: float | None = None
    budget_workspace_usd: float | None = None
    zone: tzinfo = UTC
    """Where a day of a budget begins."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a question is not asked, and from when on it would be."""

    scope: LimitScope
    free_at: datetime
    notice: Document | None
    """None: this person was told already and would only be told the same."""


class Limits:
    """Counts what is stored, keeps no counters: a restart or a second process changes nothing."""

    def __init__(
        self,
        settings: LimitSettings,
        arrivals: Arrivals,
        completions: Completions,
        clock: Clock,
        remembered: int = REMEMBERED,
    ) -> None:
        self._settings = settings
        self._arrivals = arrivals
        self._completions = completions
        self._clock = clock
        self._remembered = remembered
        self._told: OrderedDict[tuple[LimitScope, Counted], datetime] = OrderedDict()
        self._askers: OrderedDict[str, Counted] = OrderedDict()
        self._reserving = asyncio.Lock()

    async def check(self, queued: QueuedMessage) -> Refusal | None:
        """To be asked once for each question, before it starts. None: go ahead."""
        asker = _asker(queued)
        rates = tuple(self._rates(asker, queued.message.ref.channel))
        counted = [(rate, whose) for _, rate, whose in rates]
        place = await first_exceeded(self._arrivals, counted, queued.received_at)
        if place is not None:
            scope, rate, whose = rates[place]
            free = self._told_until(scope, asker)
            free = free or await free_at(self._arrivals, rate, whose, queued.received_at)
            return self._refusal(scope, asker, free, queued.turn_id)
        used_up = await self._used_up(asker)
        if used_up is not None:
            return self.refuse_budget(used_up, queued)
        _remember(self._askers, queued.turn_id, asker, self._remembered)
        return None

    def refuse_budget(self, scope: LimitScope, queued: QueuedMessage) -> Refusal:
        """The refusal for a question whose model call raised BudgetUsedUp."""
        return self._refusal(scope, _asker(queued), self._midnight(days=1), queued.turn_id)

    def guard(self, completions: Completions) -> Completions:
        """The same ledger, but a reservation beyond a budget raises BudgetUsedUp.

        `check` alone would let questions through that come at the same moment. Of reservations none
        slips through, whatever process makes it; the last one may exceed what is left.
        """
        return _GuardedCompletions(completions, self)

    async def reserve(
        self, completions: Completions, turn_id: str, model: str, reserved_usd: float | None
    ) -> Completion:
        asker = self._askers.get(turn_id)
        if asker is None or not self._has_budget():
            return await completions.reserve(turn_id, model, reserved_usd)
        async with self._reserving:  # so that a process waits for its turn with one connection
            return await completions.reserve(
                turn_id, model, reserved_usd, within=self._budget(asker)
            )

    def _rates(self, asker: Counted, channel: str) -> Iterator[tuple[LimitScope, Rate, Counted]]:
        where = asker.platform, asker.workspace
        if self._settings.user is not None:
            yield "user", self._settings.user, asker
        if self._settings.channel is not None:
            yield "channel", self._settings.channel, Counted(*where, channel=channel)
        if self._settings.workspace is not None:
            yield "workspace", self._settings.workspace, Counted(*where)

    def _told_until(self, scope: LimitScope, asker: Counted) -> datetime | None:
        until = self._told.get((scope, asker))
        return until if until is not None and self._clock.now() < until else None

    def _refusal(self, scope: LimitScope, asker: Counted, free: datetime, turn_id: str) -> Refusal:
        """With a notice, unless the person has had one that still holds."""
        if self._told_until(scope, asker) is not None:
            return Refusal(scope, free, None)
        now = self._clock.now()
        _remember(self._told, (scope, asker), max(free, now + QUIET), self._remembered)
        wait_s = (free - now).total_seconds()
        return Refusal(scope, free, build_limit_notice(scope, wait_s, turn_id))

    def _has_budget(self) -> bool:
        settings = self._settings
        return bool(settings.budget_user_usd or settings.budget_workspace_usd)

    async def _used_up(self, asker: Counted) -> LimitScope | None:
        if not self._has_budget():
            return None
        budget = self._budget(asker)
        spent = await self._completions.spent(
            budget.platform, budget.workspace, budget.user_id, budget.since
        )
        return budget.used_up(spent)

    def _budget(self, asker: Counted) -> Budget:
        return Budget(
            platform=asker.platform,
            workspace=asker.workspace,
            user_id=asker.user_id,
            since=self._midnight(days=0),
            user_usd=self._settings.budget_user_usd,
            workspace_usd=self._settings.budget_workspace_usd,
        )

    def _midnight(self, days: int) -> datetime:
        """The beginning of a day from today on, in UTC: days of 23 and 25 hours are days too."""
        zone = self._settings.zone
        day = self._clock.now().astimezone(zone).date() + timedelta(days=days)
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


class _GuardedCompletions:
    def __init__(self, inner: Completions, limits: Limits) -> None:
        self._inner = inner
        self._limits = limits

    async def reserve(
        self,
        turn_id: str,
        model: str,
        reserved_usd: float | None,
        *,
        within: Budget | None = None,  # noqa: ARG002 - it is the limits' own
    ) -> Completion:
        return await self._limits.reserve(self._inner, turn_id, model, reserved_usd)

    async def settle(self, completion: Completion) -> None:
        await self._inner.settle(completion)

    async def spent(self, platform: str, workspace: str, user_id: str, since: datetime) -> Spent:
        return await self._inner.spent(platform, workspace, user_id, since)


def _asker(queued: QueuedMessage) -> Counted:
    message = queued.message
    return Counted(message.ref.platform, message.ref.workspace, user_id=message.author.user_id)


def _remember(memory: OrderedDict[_Key, _Value], key: _Key, value: _Value, most: int) -> None:
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > most:
        memory.popitem(last=False)
