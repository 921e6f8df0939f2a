"""What channel adapters call: the one door of core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.conversation import (
        Author,
        CommandCall,
        ConversationKey,
        InboundMessage,
        MessageRef,
        Reaction,
    )
    from core.document import Document


@dataclass(frozen=True, slots=True)
class CommandSummary:
    """One line of help: `usage` is what a person types, e.g. `stats [24h] [me|channel|all]`."""

    name: str
    summary: str
    usage: str


Acceptance = Literal["accepted", "duplicate", "not_for_us", "not_allowed"]


class Chatbot(Protocol):
    """The one door of core. Implemented in core.chatbot; adapters get it from the wiring."""

    async def accept(self, message: InboundMessage) -> Acceptance:
        """Take a message; when this returns, it is stored and may be acknowledged. Raises
        NotStored: do not acknowledge (503), the platform shall deliver it again."""
        ...

    async def react(self, reaction: Reaction) -> None:
        """A rating, or a stop by emoji; any other emoji means nothing. Raises NotStored."""
        ...

    async def run(self, call: CommandCall) -> Document:
        """Answer a command in place (slash forms, buttons). Bad arguments give a usage line."""
        ...

    async def stop(self, conversation: ConversationKey, author: Author) -> bool:
        """Stop what runs there; False: nothing did."""
        ...

    async def again(self, ref: MessageRef, author: Author, click_id: str) -> bool:
        """Answer the question behind a failed or stopped answer once more, in the same message.
        False: there is nothing to try again. Raises NotStored."""
        ...

    async def edited(
        self, ref: MessageRef, text: str, question: InboundMessage | None = None
    ) -> None:
        """The words of a message are others now. `question`: the message as it is now, where the
        edit may have made it one for the bot; it is asked if it was not known. Raises NotStored."""
        ...

    async def deleted(self, ref: MessageRef) -> Sequence[MessageRef]:
        """Returns the messages of an unfinished answer, or of one that waits for the model; the
        adapter removes them."""
        ...

    def commands(self) -> Sequence[CommandSummary]: ...
