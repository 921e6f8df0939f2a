"""Turns that nobody asked for: a report is written when its turn comes, and posted."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from core.document import Document, Text
from core.errors import DeliveryError
from core.ports import StatsQuery
from core.reports.digest import Digest, draw_digest, read_day
from core.turns.progress import begin_turn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from core.conversation import MessageRef
    from core.ports import Clock, Hold, Platform, Turns
    from core.reports.daily import Daily
    from core.turn import QueuedMessage, Turn
    from core.turns.running import Running

logger = logging.getLogger(__name__)

UNFINISHED = Document("", (Text("A report belongs here; the bot's log says what went wrong."),))


@dataclass(frozen=True, slots=True)
class DigestWriter:
    """Reads the numbers of a digest, and draws it."""

    turns: Turns
    clock: Clock
    daily: Daily
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    """All channels get theirs at the same minute; people's turns want to read meanwhile."""

    async def write(self, day: date, platform: str, workspace: str) -> Document:
        """The digest that is due on `day`, which is about the local day before. Raises NotStored.

        Of the whole workspace, as whoever lets it be posted wants to know the totals.
        """
        daily = self.daily
        about = daily.before(day)
        since, until = daily.start(about), daily.start(day)
        earlier = daily.start(daily.before(about))
        async with self._alone:
            now = await self.turns.summary(StatsQuery(since, until, platform, workspace))
            before = await self.turns.summary(StatsQuery(earlier, since, platform, workspace))
        due_at, sent_at = daily.due_at(day), self.clock.now()
        return draw_digest(Digest(about, since, until, now, before, due_at, sent_at), daily.zone)


class Reporter:
    """Runs turns of kind report, for the engine, or alone where there is no model."""

    def __init__(
        self, digests: DigestWriter, platforms: Mapping[str, Platform], clock: Clock
    ) -> None:
        self._digests = digests
        self._platforms = platforms
        self._clock = clock

    async def run(self, queued: QueuedMessage, hold: Hold, running: Running) -> Turn:  # noqa: ARG002 - there is nothing to stop
        """Raises OwnershipLost, a retryable DeliveryError, and whatever the store raises."""
        ref = queued.message.ref
        day = read_day(ref.message_id)
        document = await self._digests.write(day, ref.platform, ref.workspace)
        turn = begin_turn(queued, "command")
        try:
            await self._post(document, queued, hold)
        except DeliveryError as error:
            if error.retryable:
                raise
            logger.error("the digest of %s could not be posted: %s", ref.channel, error)
            turn = replace(turn, outcome="failed", error=error.category)
        took = self._clock.now() - queued.received_at
        return replace(turn, latency_s=max(took.total_seconds(), 0.0))

    async def tell_failure(self, queued: QueuedMessage, hold: Hold, notice: Document) -> None:
        """Nobody waits for a report: something is said only where an empty message stands, and
        not the notice, which asks the reader to ask again."""
        del notice
        if not queued.parts:
            return
        try:
            await self._post(UNFINISHED, queued, hold)
        except DeliveryError as error:
            logger.warning("a notice could not be shown: %s", error)

    async def _post(self, document: Document, queued: QueuedMessage, hold: Hold) -> None:
        async def save(ref: MessageRef) -> None:
            await hold.save_part(queued.turn_id, ref)

        reply = self._platforms[queued.message.ref.platform].replies.open(queued)
        await reply.post(document, queued.parts, save)
