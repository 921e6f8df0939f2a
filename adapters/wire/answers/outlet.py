"""What a platform offers to whoever writes an answer there: messages, a budget, a status line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection

    from core.conversation import MessageRef

Below_contra = TypeVar("Below_contra", contravariant=True)
"""What stands below the text of an answer, as the platform writes it."""


class MessageGone(Exception):
    """Somebody deleted the message, or it cannot be edited any more: write a new one."""


class MessageTooLong(Exception):
    """The platform counts differently from us: say it in more messages."""


class StreamOver(Exception):
    """Go on by editing."""


class Message(Protocol[Below_contra]):
    """One message of an answer, whichever way it is written."""

    message_id: str
    shown: str
    """The text that the platform has for sure."""

    @property
    def method(self) -> str:
        """What each further piece of text costs; the pace is by method."""
        ...

    @property
    def next_in_s(self) -> float:
        """Until a further piece of text may be sent, as far as is known; 0: now."""
        ...

    async def show(self, text: str) -> bool:
        """Show a text that begins with `shown`, if the budget has room; False: not now. Raises
        StreamOver, MessageGone, MessageTooLong, DeliveryError."""
        ...

    async def finish(self, text: str, below: Below_contra) -> None:
        """Bring the message to its final text and what stands below it, whatever it takes. Raises
        StreamOver, MessageGone, MessageTooLong, DeliveryError."""
        ...


class Outlet(Protocol[Below_contra]):
    """Where one answer is written: a thread on a platform, and its share of the budget."""

    def ref(self, message_id: str) -> MessageRef: ...

    async def open_now(self, taken: Collection[str]) -> Message[Below_contra] | None:
        """A new empty message; None: the budget has no room for one right now. `taken` are the
        ids of the answer's messages that are known already. Raises DeliveryError."""
        ...

    def reuse(self, message_id: str) -> Message[Below_contra]:
        """A message that an earlier run made, to be edited; whatever it says is replaced."""
        ...

    async def post_whole(self, text: str, below: Below_contra, taken: Collection[str]) -> str:
        """Post a finished text at once, when nothing else fits into the budget; returns the id.
        Raises DeliveryError."""
        ...

    async def remove(self, message_id: str) -> None:
        """Best effort; one that is gone already is fine."""
        ...

    def enter(self, method: str) -> None:
        """The answer writes with this method from now on, until `leave`."""
        ...

    def leave(self, method: str) -> None: ...

    def interval_s(self, method: str) -> float:
        """Between two pieces of text."""
        ...


class Status(Protocol):
    """What the bot is shown to be doing beside the text; never waited for."""

    def show(self, status: str) -> None: ...

    def end(self) -> None: ...

    def cancel(self) -> None: ...
