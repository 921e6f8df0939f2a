"""What the handler does beside core: answers in place, welcomes, and what it remembers of chats."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from adapters.teams.outbound.errors import TeamsRefused, TeamsUnreachable
from adapters.teams.outbound.reply import TeamsReply
from core.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from adapters.teams.outbound.connector import Connector
    from adapters.teams.outbound.reply import TeamsReplies
    from adapters.teams.place import Place
    from adapters.teams.places import KnownPlaces
    from adapters.wire.background import Background
    from core.conversation import MessageRef
    from core.document import Document

REMEMBERED: Final = 2_000

log = logging.getLogger(__name__)


class Side:
    def __init__(
        self,
        connector: Connector,
        replies: TeamsReplies,
        places: KnownPlaces,
        background: Background,
    ) -> None:
        self.places = places
        self._connector = connector
        self._replies = replies
        self._background = background
        self._newest: OrderedDict[str, MessageRef] = OrderedDict()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Nobody waits for it."""
        self._background.start(work)

    async def whisper(self, place: Place, document: Document) -> None:
        try:
            await TeamsReply(self._replies, place).whisper(document)
        except DeliveryError as error:
            log.warning("the answer to a command was not shown: %s", error)

    async def remove(self, place: Place, refs: Sequence[MessageRef]) -> None:
        for ref in refs:
            try:
                await self._connector.delete(place, ref.message_id)
            except (TeamsRefused, TeamsUnreachable) as failure:
                log.info("a message was not removed: %s", failure)

    def note_answer(self, place: Place, ref: MessageRef) -> None:
        _remember(self._newest, place.conversation, ref)

    def newest_answer(self, place: Place) -> MessageRef | None:
        """Of this process; None: there was none since it started."""
        return self._newest.get(place.conversation)


def _remember(memory: OrderedDict[str, Any], key: str, value: Any) -> None:
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > REMEMBERED:
        memory.popitem(last=False)
