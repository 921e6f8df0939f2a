"""Tells people that their questions wait for the end of a pause."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from core.errors import ChatbotError, NotStored
from core.notices import build_pause_notice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.ports import Pause, Pauses, Platform
    from core.turn import QueuedMessage

logger = logging.getLogger(__name__)

TOLD_AT_ONCE = 20


class PauseTeller:
    """Each asker is told at most once in a pause, by whichever process finds the question first; a
    crash in just that moment, or a platform that refuses, loses the notice, not the question."""

    def __init__(self, pauses: Pauses, platforms: Mapping[str, Platform]) -> None:
        self._pauses = pauses
        self._platforms = platforms

    async def tell(self) -> None:
        """To be called once a second; never raises."""
        try:
            untold = await self._pauses.untold(TOLD_AT_ONCE)
        except NotStored as error:
            logger.warning("who waits for the end of a pause could not be looked for: %s", error)
            return
        await asyncio.gather(*(self._tell(queued, pause) for queued, pause in untold))

    async def _tell(self, queued: QueuedMessage, pause: Pause) -> None:
        platform = self._platforms.get(queued.message.ref.platform)
        if platform is None:
            return  # it was switched off since
        try:
            await platform.replies.open(queued).whisper(build_pause_notice(pause.reason))
        except ChatbotError as error:
            logger.warning("a notice could not be shown: %s", error)
        except Exception:
            logger.exception("a notice could not be shown")
