"""`reset`: forget what was said, so that the next question starts anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.commands.command import UsageError
from core.document import Document, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.conversation import CommandCall
    from core.ports import Turns


class Reset:
    """In a thread or DM: this conversation. The slash form knows no thread: all of the asker's
    in the channel."""

    name = "reset"
    usage = "reset"
    summary = "Forget this conversation"

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def fits(self, arguments: Sequence[str]) -> bool:
        return not arguments

    async def run(self, call: CommandCall) -> Document:
        if call.arguments:
            raise UsageError("`reset` takes nothing more.")
        if call.from_slash and not call.conversation.thread:
            count = await self._turns.forget(call.conversation, call.author.user_id)
            return Document("", (Text(_forgotten_in_channel(count, direct=call.direct)),))
        await self._turns.forget(call.conversation)
        text = "Done. I have forgotten this conversation; your next question starts anew."
        return Document("", (Text(text),))


def _forgotten_in_channel(count: int, *, direct: bool) -> str:
    here = "with you" if direct else "of yours in this channel"
    if count == 0:
        return f"There is no conversation {here} to forget."
    if count == 1:
        return f"Done. I have forgotten one conversation {here}."
    return f"Done. I have forgotten {count} conversations {here}."
