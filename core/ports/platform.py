"""What core needs of a chat platform: ways to answer, and to read what was said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from core.conversation import Attachment, Author, InboundMessage, MessageRef
    from core.document import Document
    from core.draft import Draft
    from core.turn import QueuedMessage, Said


class Reply(Protocol):
    """The way back to one message. Content goes only into a message whose ref has been saved.

    `save` stores a new ref and is awaited before the next outward call; it raises OwnershipLost.
    `parts` are refs of the same answer that an earlier run stored: they are used again, in order.
    Methods raise DeliveryError.
    """

    async def write(
        self,
        draft: Draft,
        parts: Sequence[MessageRef],
        save: Callable[[MessageRef], Awaitable[None]],
    ) -> None:
        """Show the draft while it grows; return when its ending is shown in full.

        Cancelled: stop at once and leave what is there. Sets `draft.first_visible_at`.
        """
        ...

    async def post(
        self,
        document: Document,
        parts: Sequence[MessageRef],
        save: Callable[[MessageRef], Awaitable[None]],
    ) -> None:
        """Show a report to everybody in the conversation."""
        ...

    async def whisper(self, document: Document) -> None:
        """Show something to the asker alone where the platform can, else to everybody."""
        ...


class Replies(Protocol):
    def open(self, queued: QueuedMessage) -> Reply:
        """The reply to a stored message, in whatever process; does no I/O."""
        ...


class Transcript(Protocol):
    async def before(
        self, message: InboundMessage, since: str | None, limit: int
    ) -> Sequence[Said]:
        """What people said in the conversation before the message, oldest first, at most `limit`
        of the newest; after message id `since` only, where given. Without the bot's own words and
        without the message itself. Raises DeliveryError when it cannot be read."""
        ...


class Attachments(Protocol):
    async def read(
        self, message: InboundMessage, attachment: Attachment, limit_bytes: int
    ) -> bytes:
        """The bytes, never more than the limit: raises DeliveryError beyond it or on refusal."""
        ...


class Files(Protocol):
    async def of(self, message: InboundMessage) -> Sequence[Attachment]:
        """All files of a message, those that its event left out too. Raises DeliveryError."""
        ...


class People(Protocol):
    async def named(self, author: Author) -> Author:
        """With the name that others see, if it can be learned within a second; never raises."""
        ...


class Announcer(Protocol):
    async def place(self, workspace: str, channel: str) -> str:
        """The `reply_to` of a message that nobody asked for: one that begins a thread in a
        channel, or in a DM with a person, whose id may stand for the channel's. Raises
        DeliveryError; not retryable: the bot is not there."""
        ...


class WriteBudget(Protocol):
    def share(self, replicas: int) -> None:
        """So many processes write with the same app, so each takes an equal part of what the
        platform allows."""
        ...


@dataclass(frozen=True, slots=True)
class Platform:
    """Everything core can do on one platform."""

    name: str
    replies: Replies
    transcript: Transcript
    attachments: Attachments
    people: People | None = None
    """None: messages come with the right names."""
    files: Files | None = None
    """None: messages come with all their files."""
    announcer: Announcer | None = None
    """None: the bot speaks only when it is spoken to."""
    budget: WriteBudget | None = None
    """None: nobody counts what the bot writes."""
