"""What core needs from outside. Adapters implement these; tests/contracts runs for each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from core.completion import ChatRequest, Completion, CompletionEvent, Price
    from core.conversation import (
        Attachment,
        Author,
        CommandCall,
        ConversationKey,
        InboundMessage,
        MessageRef,
        Reaction,
    )
    from core.document import Document
    from core.draft import Draft
    from core.rating import Mark, Rating
    from core.turn import Kind, QueuedMessage, Said, Turn


class Clock(Protocol):
    """Time, so that tests can hold it in their hands."""

    def now(self) -> datetime:
        """The wall clock, in UTC, aware."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class Ids(Protocol):
    """Randomness that ends in a name."""

    def new(self) -> str:
        """A fresh id: unique, sortable by time of making, safe in a URL; about 26 characters."""
        ...


# --- the model -----------------------------------------------------------------------------------


class ChatModel(Protocol):
    """A language model, or a wrapper around one."""

    def stream(self, request: ChatRequest) -> AsyncGenerator[CompletionEvent, None]:
        """Deltas, then exactly one Finished. Raises ModelError. Iterate inside `aclosing`:
        closing the generator ends the call."""
        ...


class TokenCounter(Protocol):
    def count(self, text: str, model: str) -> int:
        """Tokens of a text, offline and quickly; an estimate where the tokenizer is unknown."""
        ...


class PriceList(Protocol):
    def price(self, model: str) -> Price | None:
        """None: no price is known. That is said to people, never counted as 0."""
        ...


class PromptSource(Protocol):
    def current(self) -> Prompt:
        """The last good system prompt; reloaded while running."""
        ...


@dataclass(frozen=True, slots=True)
class Prompt:
    text: str
    version: str
    """A short hash of the text."""


# --- the platforms -------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Platform:
    """Everything core can do on one platform."""

    name: str
    replies: Replies
    transcript: Transcript
    attachments: Attachments


# --- what channel adapters call ------------------------------------------------------------------


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
        """Answer the question behind a failed or stopped answer once more, in the same message."""
        ...

    async def edited(self, ref: MessageRef, text: str) -> None: ...

    async def deleted(self, ref: MessageRef) -> Sequence[MessageRef]:
        """Returns the messages of an unfinished answer, which the adapter removes."""
        ...

    def commands(self) -> Sequence[CommandSummary]: ...


# --- the store -----------------------------------------------------------------------------------

FollowUps = Literal["alone", "always", "mention"]


class Hold(Protocol):
    """This process's ownership of one conversation, fenced by an epoch.

    Every method writes in one transaction that checks the fence first, and raises OwnershipLost
    when the conversation is another's now.
    """

    @property
    def conversation(self) -> ConversationKey: ...

    async def begin(self) -> QueuedMessage | None:
        """The oldest open message; counts a start. None: nothing is open, `release` is next."""
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

    async def bury(self, turn_id: str, reason: str) -> None:
        """Make the message a dead letter: done for the order, kept for an operator to see."""
        ...

    async def release(self, *, force: bool = False) -> bool:
        """Let go if nothing is open. False: something arrived meanwhile, look again. `force` lets
        go of open messages too, for whoever adopts them."""
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

        `slot`: a turn may start in this process, so a free conversation becomes ours. A message
        only overheard (`address` thread) is for us only in a conversation that the bot takes part
        in, and as `follow_ups` says: `alone` ends for good once a second person has written.
        """
        ...

    async def adopt(self, limit: int) -> Sequence[Hold]:
        """Take conversations with open messages that nobody alive owns, oldest message first."""
        ...

    def abandon(self, hold: Hold) -> None:
        """Nobody works with this hold any more. What it has not released may be adopted, also by
        this process; the store need not be reachable."""
        ...

    async def beat(self) -> Sequence[StopMark]:
        """Renew this process's lease; returns stop marks on its conversations. Raises NotStored."""
        ...

    async def depth(self) -> tuple[int, float]:
        """Open messages, and the age in seconds of the oldest."""
        ...


class Stops(Protocol):
    async def stop(self, conversation: ConversationKey, user_id: str) -> StopMark | None:
        """Mark what runs, and drop what is queued behind it from the same person; None: nothing
        runs there."""
        ...

    async def conversation_of(self, ref: MessageRef) -> ConversationKey | None:
        """Where a message of an answer belongs, be its turn running or recorded."""
        ...

    async def edit(self, ref: MessageRef, text: str) -> bool:
        """Replace the text of a message that has not begun; False: it has, or is unknown."""
        ...

    async def delete(self, ref: MessageRef) -> Deleted:
        """The message was deleted by its author: dropped when not begun, marked to stop when
        running, its words erased from the ledger when done."""
        ...


@dataclass(frozen=True, slots=True)
class Deleted:
    state: Literal["unknown", "dropped", "running", "done"]
    turn_id: str = ""
    parts: tuple[MessageRef, ...] = ()


class Turns(Protocol):
    """The ledger."""

    async def history(self, conversation: ConversationKey, limit: int) -> Sequence[Turn]:
        """The newest turns since the last reset that carry an answer, oldest first."""
        ...

    async def of_message(self, ref: MessageRef) -> Turn | None:
        """The turn that a message of an answer belongs to."""
        ...

    async def again(self, turn_id: str) -> QueuedMessage | None:
        """The question of a recorded turn that failed or was stopped, with the parts of its
        answer; None: unknown, or it was answered since."""
        ...

    async def summary(self, query: StatsQuery) -> Summary: ...

    async def forget(self, conversation: ConversationKey, user_id: str | None = None) -> int:
        """Start the history anew; with `user_id`, of every conversation in the channel that the
        person asked in. Returns how many conversations."""
        ...

    async def forgotten_at(self, conversation: ConversationKey) -> datetime | None:
        """When the history was started anew; None: never. What people said before then is not
        read from the thread either."""
        ...


@dataclass(frozen=True, slots=True)
class StatsQuery:
    """Half-open [since, until). Empty strings: everything."""

    since: datetime
    until: datetime
    platform: str = ""
    workspace: str = ""
    channel: str = ""
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class ModelSummary:
    requests: int
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """Numbers over the turns of a period; commands are not counted as requests."""

    requests: int = 0
    answered: int = 0
    failed: int = 0
    stopped: int = 0
    refused: int = 0
    cost_usd: float = 0.0
    """What is known; `price_unknown` counts the completions without a price."""
    price_unknown: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    latency_s: Mapping[str, float] | None = None
    """p50, p95, p99 over answered turns; None: there were none."""
    first_visible_s: Mapping[str, float] | None = None
    errors: Mapping[str, int] | None = None
    up: int = 0
    down: int = 0
    models: Mapping[str, ModelSummary] | None = None
    steps: tuple[int, ...] = ()
    """Requests in equal steps of the period, oldest first; 12 to 31 of them."""


class Completions(Protocol):
    """Money. A row before each model call, settled with the record of the turn."""

    async def reserve(self, turn_id: str, model: str, reserved_usd: float | None) -> Completion: ...

    async def settle(self, completion: Completion) -> None:
        """Only for calls whose turn will not be recorded by this process."""
        ...

    async def spent_usd(
        self, platform: str, workspace: str, user_id: str, since: datetime
    ) -> float:
        """Settled costs plus open reservations; an empty user: the whole workspace."""
        ...


class Arrivals(Protocol):
    async def count(
        self,
        platform: str,
        workspace: str,
        *,
        channel: str,
        user_id: str,
        since: datetime,
        until: datetime | None = None,
    ) -> int:
        """Questions that arrived in [since, until), have begun and were not refused.

        Empty channel or user: all of them; `until` None: up to now. What only waits does not
        count, so that one person's storm does not use up the limit of a whole channel.
        """
        ...


class Ratings(Protocol):
    async def rate(self, mark: Mark) -> Rating | None:
        """Keep the mark, and return the person's rating of the turn that follows from it. None:
        the message is not (yet) known as part of an answer."""
        ...


Scope = Literal["person", "channel", "workspace"]


class Preferences(Protocol):
    """Small settings that people make in the chat; the narrowest scope wins."""

    async def read(
        self, platform: str, workspace: str, channel: str, user_id: str
    ) -> Mapping[Scope, Mapping[str, str]]: ...

    async def write(
        self,
        scope: Scope,
        platform: str,
        workspace: str,
        subject: str,
        name: str,
        value: str | None,
    ) -> None:
        """`subject` is the user or channel id, empty for the workspace. None removes it."""
        ...


class Upkeep(Protocol):
    """What the lifecycle and an operator ask of a store."""

    async def ready(self) -> str:
        """Empty when it can be written to, else what is wrong in one line; never raises."""
        ...

    async def prune(self, before: datetime) -> int:
        """Forget what people wrote before then, in small steps; returns how many rows."""
        ...

    async def dead_letters(self) -> Sequence[tuple[QueuedMessage, str]]:
        """What was given up on, and why; oldest first."""
        ...

    async def retry(self, turn_id: str) -> bool:
        """Put a dead letter back into its conversation, as its newest message."""
        ...


# --- who watches ---------------------------------------------------------------------------------


class TurnObserver(Protocol):
    """Told after a turn is recorded, at most once; must not raise and must not block."""

    def turn_recorded(self, turn: Turn) -> None: ...

    def rated(self, platform: str, rating: Rating) -> None: ...
