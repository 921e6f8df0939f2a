"""Where the bot may speak in the playground without having been asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.web.cast import ROOMS, WORKSPACE
from core.errors import DeliveryError

if TYPE_CHECKING:
    from adapters.web.rooms import Rooms
    from core.conversation import InboundMessage


class WebAnnouncer:
    """The place is the room, at its top level; messages that somebody wrote have none."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def place(self, workspace: str, channel: str) -> str:
        direct = f"dm-{channel}"
        room = channel if channel in ROOMS else direct
        if workspace != WORKSPACE or room not in ROOMS:
            raise DeliveryError(f"the playground has no room {workspace}:{channel}")
        if not self._rooms.is_open:
            raise DeliveryError("the playground is not open", retryable=True)
        return room


def place_of(message: InboundMessage) -> tuple[str, str]:
    """Room and thread of an answer."""
    if message.reply_to:
        return message.reply_to, ""
    return message.conversation.channel, message.conversation.thread
