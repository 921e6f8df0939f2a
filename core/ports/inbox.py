"""What core needs of a store to accept messages and to own conversations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from core.conversation import ConversationKey, InboundMessage, MessageRef
    from core.turn import Kind, QueuedMessage, Turn


FollowUps = Literal["alone", "always", "mention"]
Parked = Literal["left", "due", "all"]
"""What becomes of conversations that wait for the model: left alone, taken when they are to be
tried again, or taken at once."""


class Hold(Protocol):
    """This process's ownership of one conversation, fenced by an epoch.

    Every method writes in one transaction that checks the fence first, and raises OwnershipLost
    when the conversation is another's now.
    """

    @property
    def conversation(self) -> ConversationKey: ...

    async def begin(self) -> QueuedMessage | None:
        """The oldest open message; counts a start. No question while the place is paused, or while
        the oldest waits for the model, but one that somebody wants to end. None: there is nothing
        to begin, `release` is next."""
        ...

    async def save_part(self, turn_id: str, ref: MessageRef) -> None:
        """Store a message of the answer, before content goes into it."""
        ...

    async def record(self, turn: Turn, *, release: bool = True) -> bool:
        """Turn, completions settled, inbox row done, in one transaction.

        True: released as well, as nothing else was open. A turn recorded before is left as it is.
        """
        ...

    async def give_back(self, turn_id: str, *, failed: bool) -> int:
        """Leave the message open for a later run and return its failures so far. `failed` counts
        one; otherwise the start is taken back (drain, lost database)."""
        ...

    async def park(
        self,
        turn_id: str,
        *,
        until: datetime,
        retry_at: datetime,
        told: bool,
        kept: Turn | None = None,
    ) -> None:
        """Leave the message open and let the conversation go: it waits for the model, and counts as
        not begun; with an answer that is `kept` it waits for the platform. It may be tried from
        `retry_at` on; from `until` on it is open like any other, and so it is at once when somebody
        has asked to stop it. Questions behind it wait with it, nothing else does. `told`: its asker
        knows."""
        ...

    async def bury(self, turn_id: str, reason: str) -> None:
        """Make the message a dead letter: done for the order, kept for an operator to see.
        `reason` begins with a category and a colon."""
        ...

    async def release(self, *, force: bool = False) -> bool:
        """Let go if nothing can be begun. False: something arrived meanwhile, look again. `force`
        lets go of such messages too, for whoever adopts them."""
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a delivered message."""

    status: Literal["accepted", "duplicate", "not_for_us"]
    turn_id: str = ""
    hold: Hold | None = None
    """The conversation became ours with it: somebody must work it off."""
    first: QueuedMessage | None = None
    """Already begun for us, when nothing else was open."""


@dataclass(frozen=True, slots=True)
class StopMark:
    """Somebody asked to stop what runs in a conversation of ours."""

    conversation: ConversationKey
    turn_id: str


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a process learns when it renews its lease."""

    marks: tuple[StopMark, ...] = ()
    replicas: int = 1
    """Processes that share the store and are alive, this one among them."""


class Inbox(Protocol):
    """Accepted messages, kept until each is worked off, in order per conversation."""

    async def accept(
        self,
        message: InboundMessage,
        kind: Kind,
        *,
        turn_id: str,
        slot: bool,
        follow_ups: FollowUps,
        key: str = "",
        parts: Sequence[MessageRef] = (),
    ) -> Receipt:
        """Store the message in one transaction, before the platform is told; raises NotStored.

        `key` stands in for the message id as the logical key when a question is asked again (the
        click's own id); its answer takes over `parts`, the messages of the answer before.

        `slot`: a turn may start in this process, so a free conversation becomes ours, unless the
        message is a question that has to wait. A message only overheard (`address` thread)
        is for us only in a conversation that the bot takes part in, and as `follow_ups` says:
        `alone` ends for good once a second person has written.
        """
        ...

    async def adopt(self, limit: int, *, parked: Parked = "due") -> Sequence[Hold]:
        """Take conversations that nobody alive owns, with messages that can be begun: open, and no
        questions where it is paused, or where the oldest waits longer than `parked` says. The
        oldest message first."""
        ...

    def abandon(self, hold: Hold) -> None:
        """Nobody works with this hold any more. What it has not released may be adopted, also by
        this process; the store need not be reachable."""
        ...

    async def beat(self) -> Pulse:
        """Renew this process's lease. Raises NotStored."""
        ...

    async def depth(self) -> tuple[int, float]:
        """Open messages, and the age in seconds of the oldest."""
        ...


class Stops(Protocol):
    async def stop(self, conversation: ConversationKey, user_id: str) -> StopMark | None:
        """Mark what runs or waits for the model, and drop what is queued behind it from the same
        person; None: there is neither."""
        ...

    async def conversation_of(self, ref: MessageRef) -> ConversationKey | None:
        """Where a message of an answer belongs, be its turn running or recorded."""
        ...

    async def edit(self, ref: MessageRef, text: str) -> bool:
        """Replace the text of a message that has not begun; False: it has, or is unknown."""
        ...

    async def delete(self, ref: MessageRef) -> Deleted:
        """The message was deleted by its author: dropped when not begun or waiting for the model,
        marked to stop when running, its words erased from the ledger when done."""
        ...


@dataclass(frozen=True, slots=True)
class Deleted:
    state: Literal["unknown", "dropped", "running", "done"]
    turn_id: str = ""
    parts: tuple[MessageRef, ...] = ()
