"""What admins and operators do to a running bot, and the record of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from core.turn import QueuedMessage

Deeds = Literal[
    "pause", "resume", "settings", "dead-letter retry", "dead-letter drop", "erase", "backup"
]


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody with special rights does. Methods that take one store it together with what
    they change, or neither."""

    who: str
    """`platform:workspace:id`, or `command line (NAME)`."""
    what: Deeds
    subject: str
    """To what: a place, a person, a message, a file."""
    details: str = ""


class Audit(Protocol):
    """Only added to; the database itself refuses everything else."""

    async def note(self, deed: Deed) -> None:
        """For deeds that change nothing in the store."""
        ...

    async def deeds(self, since: datetime) -> Sequence[tuple[datetime, Deed]]:
        """Oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Pause:
    """New questions wait there, in their order; commands are answered."""

    platform: str
    workspace: str
    channel: str
    """Empty: the whole workspace."""
    reason: str
    """In an admin's words; empty: none was given."""
    since: datetime


class Pauses(Protocol):
    """Rows, so they hold in every process, and after a restart. What is being answered goes on."""

    async def pause(
        self, platform: str, workspace: str, channel: str, reason: str, deed: Deed
    ) -> None:
        """`channel` empty: the whole workspace. A second pause of the same place only changes the
        reason."""
        ...

    async def resume(self, platform: str, workspace: str, channel: str, deed: Deed) -> bool:
        """False: that very place was not paused, and nothing is stored."""
        ...

    async def pauses(self) -> Sequence[Pause]:
        """In force, oldest first."""
        ...

    async def untold(self, limit: int) -> Sequence[tuple[QueuedMessage, Pause]]:
        """Questions that wait for the end of a pause and whose askers nobody has told so: one for
        each asker and pause. They count as told from now on, in every process."""
        ...


class DeadLetters(Protocol):
    """Messages that were given up on."""

    async def dead_letters(self) -> Sequence[tuple[QueuedMessage, str]]:
        """Each, and why; oldest first."""
        ...

    async def retry(self, turn_id: str, deed: Deed) -> bool:
        """Put a dead letter back into its conversation, as its newest message; whoever runs adopts
        it. False: there is none of that id."""
        ...

    async def drop(self, turn_id: str, deed: Deed) -> bool:
        """Remove the words of a dead letter for good. Its id is kept until it is pruned, so that a
        late delivery is not taken for a new message. False: there is none of that id."""
        ...


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows held something of a person."""

    waiting: int = 0
    """Questions that were not answered yet; they are dropped."""
    messages: int = 0
    turns: int = 0
    """Question, answer and names go; the numbers stay, without a person."""
    calls: int = 0
    """Model calls; their costs stay, without a person."""
    quotes: int = 0
    """Turns of others in which something was quoted that the person had said."""
    ratings: int = 0
    preferences: int = 0
    places: int = 0


class Erasure(Protocol):
    async def count_of(self, platform: str, workspace: str, user_id: str) -> Erased:
        """What `erase` would erase; changes nothing."""
        ...

    async def erase(self, platform: str, workspace: str, user_id: str, deed: Deed) -> Erased:
        """Forget a person, in small steps. An erasure that was cut short may be called again, and
        goes on where it was; the deed is stored first."""
        ...
