"""What happens by the clock. APScheduler only rings; what is due is decided from the store."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from core.errors import NotStored

if TYPE_CHECKING:
    from core.ports import Clock, Upkeep

logger = logging.getLogger(__name__)

PRUNE_EVERY = timedelta(hours=1)


class Schedule:
    """Jobs that are late run once when they can, never several times; one that fails is logged."""

    def __init__(self, store: Upkeep, clock: Clock, retention_days: int) -> None:
        """`retention_days` 0: nothing is ever removed."""
        self._store = store
        self._clock = clock
        self._retention_days = retention_days
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            # The default would drop a job that is a second late.
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )

    def start(self) -> None:
        """Call inside the running loop; the first round is at once."""
        if self._retention_days:
            self._scheduler.add_job(
                self.prune,
                "interval",
                seconds=PRUNE_EVERY.total_seconds(),
                next_run_time=datetime.now(UTC),
            )
        self._scheduler.start()

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def prune(self) -> None:
        """Remove what is older than RETENTION_DAYS."""
        before = self._clock.now() - timedelta(days=self._retention_days)
        try:
            removed = await self._store.prune(before)
        except NotStored as error:
            logger.warning("old turns could not be removed: %s", error)
            return
        if removed:
            logger.info("removed %d rows older than %d days", removed, self._retention_days)
