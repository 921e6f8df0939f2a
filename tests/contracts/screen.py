"""A thread on some platform, as a contract sees it: what is shown, and what people do there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from core.turn import QueuedMessage

if TYPE_CHECKING:
    from core.conversation import InboundMessage
    from core.ports import Platform


@dataclass(frozen=True, slots=True)
class Below:
    """What stands below an answer."""

    words: str
    can_rate: bool
    can_retry: bool
    can_cancel: bool = False


class Screen(Protocol):
    """One thread on one platform. `question` asks the bot there, nobody has answered it yet."""

    platform: Platform
    question: InboundMessage
    asker: str
    people: tuple[str, str]
    """Ids of two people who can write there."""
    file_is: tuple[str, str]
    """Name and media type of `a.txt`, as the platform tells of it."""
    shows_status: bool
    """Whether a reader sees in words what the bot does; False: only that it does something."""
    whispers_apart: bool
    """Whether others could hear the bot; False: in a chat of two nothing has to be hidden."""
    resumes_growing: bool
    """Whether a later run can go on in a message that was still growing; False: it is replaced."""

    def texts(self) -> dict[str, str]:
        """What the bot said to everybody, by message id, oldest first."""
        ...

    def whispers(self) -> list[tuple[str, str]]:
        """Whom the bot told what, behind everybody's back."""
        ...

    def below(self, message_id: str) -> Below: ...

    def status(self) -> str:
        """What the bot is shown to be doing; "…": something, where `shows_status` is False."""
        ...

    def refuse(self) -> None:
        """From now on nothing can be written, read or fetched."""
        ...

    def say(self, person: str, text: str) -> str:
        """Somebody else writes in the thread; returns the id."""
        ...

    async def answer(self, text: str) -> None:
        """The bot writes in the thread."""
        ...

    def erase(self, message_id: str) -> None:
        """A message is deleted, by its author or an admin."""
        ...

    async def ask(
        self, text: str, data: bytes | None = None, *, bare: bool = False
    ) -> InboundMessage:
        """The bot is asked in the thread, perhaps with a file; `bare`: where the platform can, its
        event tells of no file."""
        ...


def queued(screen: Screen, turn_id: str = "turn", **changes: Any) -> QueuedMessage:
    message = screen.question
    return QueuedMessage(turn_id, 1, "question", message, message.sent_at, **changes)
