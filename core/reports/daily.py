"""Something that is due once on each local day, whatever clocks do there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, tzinfo

ONE_DAY = timedelta(days=1)
STILL_DUE = timedelta(hours=24)
"""Older than this it is not made up for any more."""


@dataclass(frozen=True, slots=True)
class Daily:
    """A time of day in a zone. Where that time comes twice, the first one counts; where it is
    skipped, the moment that the clocks would have shown it, had they not been changed."""

    at: time
    zone: tzinfo

    def exists(self, day: date) -> bool:
        """Whether the zone has that day: some islands have left one out."""
        return self.start(day).astimezone(self.zone).date() == day

    def start(self, day: date) -> datetime:
        """When the day begins, in UTC. It ends where the next one begins: 23 to 25 hours later."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def due_at(self, day: date) -> datetime:
        """In UTC."""
        return datetime.combine(day, self.at, self.zone).astimezone(UTC)

    def due(self, now: datetime) -> date | None:
        """The newest day that is due, and was less than 24 hours ago; None: none is.

        The time may be skipped at the end of a day, so yesterday's can be due today.
        """
        today = now.astimezone(self.zone).date()
        if self._is_due(today, now):
            return today
        yesterday = self.before(today)
        return yesterday if self._is_due(yesterday, now) else None

    def _is_due(self, day: date, now: datetime) -> bool:
        return timedelta(0) <= now - self.due_at(day) < STILL_DUE

    def before(self, day: date) -> date:
        """The day before, among those that the zone has."""
        earlier = day - ONE_DAY
        return earlier if self.exists(earlier) else earlier - ONE_DAY
