"""The daily digest: which channels get one now. An inbox row makes it one for each day."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.conversation import Author, ConversationKey, InboundMessage, MessageRef
from core.correlation import correlated
from core.errors import DeliveryError, NotStored
from core.reports.digest import DIGEST, to_message_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from core.people.access import Listed
    from core.ports import Clock, Ids, Inbox, Platform, Receipt
    from core.reports.daily import Daily
    from core.turns.workers import Workers

logger = logging.getLogger(__name__)

NOBODY = Author("", "")


@dataclass(frozen=True, slots=True)
class DigestParts:
    inbox: Inbox
    workers: Workers
    platforms: Mapping[str, Platform]
    clock: Clock
    ids: Ids
    daily: Daily
    channels: Sequence[Listed]
    """Where digests go, each once; a person's id stands for the DM with that person."""


class Digests:
    """Accepts the digests that are due, as if somebody had asked for them.

    The key of the inbox row is the channel and the local date, so it does not matter how often,
    by how many processes or with which clock this is tried.
    """

    def __init__(self, parts: DigestParts) -> None:
        self._parts = parts
        self._done: dict[Listed, date] = {}
        """What need not be tried again by this process; the inbox is what counts."""
        self._waits_for: dict[Listed, str] = {}
        """What kept the newest try from succeeding; said once, not each minute."""

    async def tick(self) -> None:
        """Accept what is due and not known to be done; to be called once a minute. Never raises
        but what is no Exception."""
        day = self._parts.daily.due(self._parts.clock.now())
        if day is None:
            return
        wanted = self._parts.channels
        # Side by side: a platform that is slow holds up its own only.
        await asyncio.gather(
            *(self._try(day, channel) for channel in wanted if self._done.get(channel) != day)
        )

    async def post(self, day: date, channel: Listed) -> Receipt:
        """Accept one digest and have it worked off, due or not; a duplicate was accepted before.

        Raises DeliveryError when the channel has no place for it, and NotStored.
        """
        parts = self._parts
        message = await self._to_message(day, channel)
        turn_id = parts.ids.new()
        with correlated(turn_id), parts.workers.slot() as slot:
            receipt = await parts.inbox.accept(
                message, "report", turn_id=turn_id, slot=slot, follow_ups="mention"
            )
            if receipt.hold is not None:
                parts.workers.take(receipt.hold, receipt.first)
            elif receipt.status == "accepted" and not slot:
                parts.workers.note_backlog()
        self._done[channel] = day
        self._waits_for.pop(channel, None)
        return receipt

    async def _try(self, day: date, channel: Listed) -> None:
        try:
            await self.post(day, channel)
        except DeliveryError as error:
            if error.retryable:
                self._warn(channel, str(error))
                return
            self._done[channel] = day
            logger.error("no digest of %s for %s: %s", day, channel.id, error)
        except NotStored as error:
            self._warn(channel, str(error))
        except Exception:
            # The other channels get theirs nevertheless.
            logger.exception("no digest for %s yet", channel.id)

    def _warn(self, channel: Listed, reason: str) -> None:
        if self._waits_for.get(channel) != reason:
            self._waits_for[channel] = reason
            logger.warning("no digest for %s yet, trying each minute: %s", channel.id, reason)

    async def _to_message(self, day: date, channel: Listed) -> InboundMessage:
        where = (channel.platform, channel.workspace, channel.id)
        return InboundMessage(
            ref=MessageRef(*where, to_message_id(day)),
            conversation=ConversationKey(*where, DIGEST),
            author=NOBODY,
            text="",
            address="mention",
            sent_at=self._parts.daily.due_at(day),
            reply_to=await self._place(channel),
        )

    async def _place(self, channel: Listed) -> str:
        platform = self._parts.platforms.get(channel.platform)
        if platform is None or platform.announcer is None:
            raise DeliveryError(f"{channel.platform} is not connected, or cannot be written to")
        return await platform.announcer.place(channel.workspace, channel.id)
