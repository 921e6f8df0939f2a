"""What happens by the clock. APScheduler only rings; what is due is decided from the store."""

from __future__ import annotations

import asyncio
import functools
import logging
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from core.conversation import ConversationKey
from core.digest import DigestParts, Digests
from core.errors import NotStored
from core.people.access import Listed
from core.reports.daily import Daily
from core.reports.digest import DIGEST
from core.turns.reporting import DigestWriter, Reporter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from apscheduler.job import Job

    from bot.settings import Settings
    from core.ports import Clock, Ids, Inbox, Platform, Turns, Upkeep
    from core.turns.workers import Workers

logger = logging.getLogger(__name__)

PRUNE_EVERY = timedelta(hours=1)
TICK_EVERY = timedelta(minutes=1)


class Schedule:
    """Jobs that are late run once when they can, never several times; one that fails is logged."""

    def __init__(
        self,
        store: Upkeep,
        clock: Clock,
        retention_days: int,
        digests: Digests | None = None,
    ) -> None:
        """`retention_days` 0: nothing is ever removed. Without `digests` there are none."""
        self._store = store
        self._clock = clock
        self._retention_days = retention_days
        self._digests = digests
        self._ticking: Job | None = None
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            # The default would drop a job that is a second late.
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )

    def start(self) -> None:
        """Call inside the running loop; the first round is at once."""
        if self._retention_days:
            self._scheduler.add_job(
                until_stopped(self.prune),
                "interval",
                seconds=PRUNE_EVERY.total_seconds(),
                next_run_time=datetime.now(UTC),
            )
        if self._digests is not None:
            # Each minute in UTC, where none is skipped or comes twice.
            self._ticking = self._scheduler.add_job(
                until_stopped(self._digests.tick),
                "cron",
                minute="*",
                next_run_time=datetime.now(UTC),
            )
        self._scheduler.start()

    def keep_up(self) -> None:
        """To be called often: after the wall clock was set back, the next ring would be as far in
        the future."""
        if self._ticking is None or not self._scheduler.running:
            return
        now = self._clock.now()
        if self._ticking.next_run_time - now > 2 * TICK_EVERY:
            self._ticking.modify(next_run_time=now)

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


def until_stopped(job: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """APScheduler cancels what runs when it is stopped, and then logs the end as an error."""

    @functools.wraps(job)
    async def run() -> None:
        with suppress(asyncio.CancelledError):
            await job()

    return run


def read_daily(settings: Settings) -> Daily:
    return Daily(time.fromisoformat(settings.digest_time), ZoneInfo(settings.digest_timezone))


def read_channels(settings: Settings) -> Sequence[Listed]:
    """Raises SettingError."""
    listed = (Listed.parse(entry, "DIGEST_CHANNELS") for entry in settings.digest_channels)
    return tuple(dict.fromkeys(listed))


async def find_last_digest(settings: Settings, turns: Turns) -> datetime | None:
    """When the newest one was sent, in whatever life of the bot; None: none is known."""
    channels = read_channels(settings)
    keys = [ConversationKey(one.platform, one.workspace, one.id, DIGEST) for one in channels]
    try:
        sent_at = [await turns.succeeded_at(key) for key in keys]
    except NotStored as error:
        logger.warning("when the last digest was sent is not known: %s", error)
        return None
    return max((at for at in sent_at if at is not None), default=None)


def build_reporter(
    settings: Settings, turns: Turns, platforms: Mapping[str, Platform], clock: Clock
) -> Reporter:
    return Reporter(DigestWriter(turns, clock, read_daily(settings)), platforms, clock)


def build_digests(
    settings: Settings,
    inbox: Inbox,
    workers: Workers,
    platforms: Mapping[str, Platform],
    clock: Clock,
    ids: Ids,
) -> Digests:
    return Digests(
        DigestParts(
            inbox=inbox,
            workers=workers,
            platforms=platforms,
            clock=clock,
            ids=ids,
            daily=read_daily(settings),
            channels=read_channels(settings),
        )
    )
