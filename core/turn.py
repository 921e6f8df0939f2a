"""A turn: one message of a person and the bot's answer to it; the one fact row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.completion import Completion, Usage

if TYPE_CHECKING:
    from datetime import datetime

    from core.conversation import Address, Author, ConversationKey, InboundMessage, MessageRef

Kind = Literal["question", "command", "report"]
"""`report`: nobody asked; the clock did."""
Outcome = Literal["answered", "failed", "stopped", "refused", "command"]
"""`refused`: a limit or a rule kept the model from being asked. `command`: no model was needed."""


@dataclass(frozen=True, slots=True)
class Said:
    """Something a person said in the conversation that was not a question to the bot."""

    author: Author
    text: str
    sent_at: datetime
    message_id: str


@dataclass(frozen=True, slots=True)
class Turn:
    """Everything that stats, alerts, logs and metrics are computed from.

    Durations are seconds since `received_at`, the moment the message was stored.
    """

    turn_id: str
    conversation: ConversationKey
    author: Author
    kind: Kind
    outcome: Outcome
    received_at: datetime
    question: str
    message_id: str = ""
    """Of the question, on its platform."""
    address: Address = "mention"
    """How the question reached the bot."""
    answer: str = ""
    context: tuple[Said, ...] = ()
    """What was said in the thread since the turn before, oldest first."""
    model: str = ""
    usage: Usage = Usage()
    cost_usd: float | None = 0.0
    """The sum over the completions; None as soon as one of them has no price."""
    completions: tuple[Completion, ...] = ()
    prompt_version: str = ""
    first_token_s: float | None = None
    first_visible_s: float | None = None
    """None: nothing became visible."""
    latency_s: float = 0.0
    attempts: int = 0
    error: str = ""
    """The category of the error; empty where there was none."""
    incomplete: bool = False
    """The answer is shown, but was cut short (length, a lost connection)."""
    correlation_id: str = ""


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """An accepted message that waits for its turn, or has it now."""

    turn_id: str
    seq: int
    kind: Kind
    message: InboundMessage
    received_at: datetime
    parts: tuple[MessageRef, ...] = ()
    """Messages of an answer that an earlier run already made, in order; they are used again."""
    starts: int = 1
    failures: int = 0
    recovered: bool = False
    """An earlier run was cut, or has left it waiting: `parts` may miss one message that was posted
    but not stored."""
    told: bool = False
    """It waited for the model, and its asker was told so in the message of the answer."""
    kept: Turn | None = None
    """The turn, where an earlier run had its answer and could not show it; without its context."""
    stop_asked: bool = False
    """Somebody wants it to end, and nobody was at work on it to hear so."""
