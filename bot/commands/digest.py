"""`python -m bot digest`: one digest now, or what it would say."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from adapters.sql.sqlite.file import DatabaseInUseError
from adapters.sql.store import look_into
from bot.channels import build_channels
from bot.clock import SystemClock
from bot.playground import build_playground
from bot.schedule import build_digests, build_reporter, read_channels, read_daily
from bot.settings import read_settings
from bot.wiring import build_ground, build_workers
from core.document import Actions
from core.errors import DeliveryError, NotStored, SettingError
from core.lease import beat_s
from core.reports.plain import to_plain_text
from core.turns.reporting import DigestWriter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from datetime import date

    from bot.settings import Settings
    from bot.wiring import Ground
    from core.document import Document
    from core.people.access import Listed
    from core.ports import Clock, Hold, Platform, Receipt
    from core.reports.daily import Daily
    from core.turn import QueuedMessage, Turn
    from core.turns.running import Running

OLDEST_YEAR = 2020


async def digest(day: date | None, *, dry_run: bool) -> int:
    """Returns the exit code. The digest of a date is about the day before; None: today's. Raises
    SettingError."""
    settings, clock = read_settings(), SystemClock()
    channels = read_channels(settings)
    if not channels:
        raise SettingError(
            "DIGEST_CHANNELS: says where the digest goes; write it like slack:T0123:C0456"
        )
    day = _choose(day, read_daily(settings), clock)
    run = _show if dry_run else _post
    try:
        return await run(settings, day, channels, clock)
    except DatabaseInUseError:
        trouble = (
            "a running bot has the database, and posts the digest by itself at "
            f"{settings.digest_time} ({settings.digest_timezone}); --dry-run shows it"
        )
    except NotStored as error:
        trouble = f"the database cannot be used: {error}"
    print(trouble, file=sys.stderr)
    return 1


def _choose(day: date | None, daily: Daily, clock: Clock) -> date:
    """Raises SettingError."""
    today = clock.now().astimezone(daily.zone).date()
    if day is None:
        return today
    if day > today:
        raise SettingError(f"--date: {day} is still to come; the newest digest is of {today}")
    if day.year < OLDEST_YEAR:
        raise SettingError(f"--date: there was no bot before {OLDEST_YEAR}")
    return day


async def _show(settings: Settings, day: date, channels: Sequence[Listed], clock: Clock) -> int:
    writer = DigestWriter(look_into(settings.database_url, clock), clock, read_daily(settings))
    for channel in channels:
        document = await writer.write(day, channel.platform, channel.workspace)
        print(f"--- {_name(channel)} ---\n\n{_to_text(document)}\n")
    return 0


def _to_text(document: Document) -> str:
    """Without buttons, which nobody can press here."""
    shown = (block for block in document.blocks if not isinstance(block, Actions))
    return to_plain_text(replace(document, blocks=tuple(shown)))


async def _post(settings: Settings, day: date, channels: Sequence[Listed], clock: Clock) -> int:
    playground = build_playground(demo=False) if settings.playground else None
    async with AsyncExitStack() as resources:
        ground = await build_ground(settings, clock, resources)
        built = build_channels(settings, clock, ground.store, playground, resources)
        for one in built:
            resources.push_async_callback(one.adapter.stop)
        if playground is not None:
            await playground.channel.start()  # reads its rooms, and listens to nobody
        platforms = {one.name: one.adapter.platform for one in built}
        posting = Posting(ground, platforms)
        async with posting.alive():
            went_well = [await posting.post(day, channel) for channel in channels]
    return 0 if all(went_well) else 1


class Posting:
    """Has digests worked off by a bot without a model and without anybody to listen to: what else
    is in the inbox stays there."""

    def __init__(self, ground: Ground, platforms: Mapping[str, Platform]) -> None:
        settings, store, clock = ground.settings, ground.store, ground.clock
        self._store = store
        self._clock = clock
        self._every_s = beat_s(settings.lease_s)
        self._reporter = build_reporter(settings, store, platforms, clock)
        self._workers = build_workers(ground, self)
        self._digests = build_digests(settings, store, self._workers, platforms, clock, ground.ids)
        self._posted = False

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """Only who beats may write."""
        await self._workers.beat()
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.wait({beating})

    async def _beat(self) -> None:
        while True:
            await self._clock.sleep(self._every_s)
            await self._workers.beat()

    async def run(self, queued: QueuedMessage, hold: Hold, running: Running) -> Turn:
        turn = await self._reporter.run(queued, hold, running)
        self._posted = turn.outcome != "failed"
        return turn

    async def tell_failure(self, queued: QueuedMessage, hold: Hold, notice: Document) -> None:
        await self._reporter.tell_failure(queued, hold, notice)

    async def mend(self, queued: QueuedMessage) -> bool:
        """A report is not kept in words, so there is nothing to set its message to."""
        del queued
        return True

    async def post(self, day: date, channel: Listed) -> bool:
        """Say in a line what became of it; False: it is not there, and will not be."""
        self._posted = False
        try:
            receipt = await self._digests.post(day, channel)
            await self._workers.idle()
            is_there, line = await self._outcome(receipt)
        except (DeliveryError, NotStored) as error:
            is_there, line = False, f"was not posted: {error}"
        print(f"{_name(channel)}: the digest of {day} {line}")
        return is_there

    async def _outcome(self, receipt: Receipt) -> tuple[bool, str]:
        if receipt.status != "duplicate":
            return self._posted, "was posted" if self._posted else "could not be posted, see above"
        dead = {queued.turn_id for queued, _ in await self._store.dead_letters()}
        if receipt.turn_id in dead or await self._store.again(receipt.turn_id) is not None:
            return False, "was tried before, and could not be posted"
        waiting, _ = await self._store.depth()
        return True, f"was posted already{', or will be when the bot runs' if waiting else ''}"


def _name(channel: Listed) -> str:
    return f"{channel.platform}:{channel.workspace}:{channel.id}"
