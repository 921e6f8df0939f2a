"""`stop`: end the answer that is being written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.commands.command import UsageError
from core.document import Document, Text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from core.conversation import Author, CommandCall, ConversationKey


class Stop:
    """A typed one has done its work when it was accepted, ahead of everything that waits; only
    the platform's own form acts here."""

    name = "stop"
    usage = "stop"
    summary = "Stop the answer that is being written"

    def __init__(self, stop: Callable[[ConversationKey, Author], Awaitable[bool]]) -> None:
        """`stop` returns False when nothing runs there."""
        self._stop = stop

    def fits(self, arguments: Sequence[str]) -> bool:
        return not arguments

    async def run(self, call: CommandCall) -> Document:
        if call.arguments:
            raise UsageError("`stop` takes nothing more.")
        if not call.from_slash:
            return Document("", ())
        if await self._stop(call.conversation, call.author):
            return Document("", (Text("Stopped."),))
        where = "" if call.conversation.thread else " In a thread, write `stop` there."
        return Document("", (Text(f"Nothing is being answered here right now.{where}"),))
