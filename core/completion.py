"""One call of a language model: what goes in, and the events that come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Role = Literal["system", "user", "assistant"]
CostSource = Literal["exact", "estimated", "unknown"]
FinishReason = Literal["stop", "length", "content_filter", "cut", "repetition", "other"]
"""`cut`: the stream ended without saying why; its text is incomplete. `repetition`: we ended it, as
it said the same over and over."""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture for a model that can see; `data` are the file's bytes."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the prompt."""

    role: Role
    text: str
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What a model is asked. Wrappers may replace `model`; nothing else changes on the way down."""

    turn_id: str
    messages: tuple[ChatMessage, ...]
    model: str
    """A LiteLLM name, e.g. `gemini/gemini-2.5-flash` or `openai/gpt-5`."""
    temperature: float
    max_tokens: int
    user: str = ""
    """A stable, opaque id of the asker, for the provider's abuse tracking."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call; `input_tokens` includes cached ones, `output_tokens` reasoning."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
        )


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of streamed text."""

    text: str


@dataclass(frozen=True, slots=True)
class Retrying:
    """A failed attempt is about to be repeated; shown as status, never as text."""

    attempt: int
    """1 is the first repetition."""
    wait_s: float
    category: str


@dataclass(frozen=True, slots=True)
class Switched:
    """Another model takes over; shown as status, never as text."""

    model: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Exactly one, and last, unless the stream raises."""

    usage: Usage | None
    """None: the provider did not say; whoever needs a number estimates it and says so."""
    model: str
    finish_reason: FinishReason


CompletionEvent = Delta | Retrying | Switched | Finished


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for one million tokens of each kind; None cached: as input."""

    input_usd: float
    output_usd: float
    cached_usd: float | None = None

    def cost_usd(self, usage: Usage) -> float:
        cached_usd = self.input_usd if self.cached_usd is None else self.cached_usd
        fresh = max(usage.input_tokens - usage.cached_tokens, 0)
        return (
            fresh * self.input_usd
            + usage.cached_tokens * cached_usd
            + usage.output_tokens * self.output_usd
        ) / 1_000_000


@dataclass(frozen=True, slots=True)
class Completion:
    """The record of one model call: a row before the call, settled after it. Money is counted here.

    `cost_usd` None means that no price is known for the model: it is said, never shown as 0.
    """

    turn_id: str
    n: int
    """1 for the first call of a turn; a re-run after a crash goes on counting."""
    model: str
    reserved_usd: float | None
    usage: Usage = Usage()
    cost_usd: float | None = None
    source: CostSource = "unknown"
    outcome: str = "running"
    """`running`, `answered`, `stopped`, or the category of the error."""


@dataclass(frozen=True, slots=True)
class Call:
    """One model call that has ended, however it did; `completion.outcome` says how."""

    request: ChatRequest
    completion: Completion
    """As it will be settled: usage and cost are known, or estimated and marked so."""
    said: str
    """What the model said, as it came."""
    began_at: datetime
    took_s: float
    """Until the stream ended or was closed, the wait for one of our own places included."""
    first_token_s: float | None = None
    """From `began_at`; None: it never said a word."""
    finish_reason: FinishReason | None = None
    """None: the stream did not come to its end."""
    error: str = ""
    """What the error said. It may quote anything, so it is never shown to people."""
