"""What each call costs: reserved before it, handed over for settling after it."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from core.completion import Completion, Delta, Finished, Usage
from core.errors import ConnectionFailed, ModelError, ModelTimeout

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from core.completion import ChatMessage, ChatRequest, CompletionEvent, CostSource
    from core.ports import ChatModel, Completions, PriceList, TokenCounter

MESSAGE_TOKENS = 4
"""What role and separators of one message add, after OpenAI's published counting recipe."""
IMAGE_TOKENS = 1_600
"""About the most that the large providers charge for one picture."""


class Meter:
    """Collects the finished completions of each turn until its record is written."""

    def __init__(self) -> None:
        self._by_turn: dict[str, list[Completion]] = {}

    def add(self, completion: Completion) -> None:
        self._by_turn.setdefault(completion.turn_id, []).append(completion)

    def newest(self, turn_id: str) -> Completion | None:
        """Of those not taken yet."""
        completions = self._by_turn.get(turn_id)
        return completions[-1] if completions else None

    def take(self, turn_id: str) -> tuple[Completion, ...]:
        """In order of calls, once: whoever takes them records the turn with them or settles them.
        To be called after the stream is closed, however the turn ended."""
        return tuple(self._by_turn.pop(turn_id, ()))


class MeteredModel:
    """Raises NotStored, and asks nobody, when the reservation cannot be written.

    A call whose usage never came (stopped, cut, timed out) is estimated from what was sent and
    received; one that the provider refused costs nothing.
    """

    def __init__(
        self,
        inner: ChatModel,
        completions: Completions,
        prices: PriceList,
        tokens: TokenCounter,
        meter: Meter,
    ) -> None:
        self._inner = inner
        self._completions = completions
        self._prices = prices
        self._tokens = tokens
        self._meter = meter

    async def stream(self, request: ChatRequest) -> AsyncGenerator[CompletionEvent, None]:
        input_tokens = count_prompt(request.messages, request.model, self._tokens)
        price = self._prices.price(request.model)
        most = Usage(input_tokens, request.max_tokens)
        reserved_usd = None if price is None else price.cost_usd(most)
        row = await self._completions.reserve(request.turn_id, request.model, reserved_usd)
        call = _Call(input_tokens)
        try:
            async with aclosing(self._inner.stream(request)) as events:
                async for event in events:
                    call.saw(event)
                    yield event
        except ModelError as error:
            call.failed(error)
            raise
        finally:
            self._meter.add(self._settled(row, call))

    def _settled(self, row: Completion, call: _Call) -> Completion:
        usage = call.usage
        if usage is None:
            spoken = self._tokens.count("".join(call.pieces), row.model) if call.pieces else 0
            usage = Usage(call.input_tokens if call.billed else 0, spoken)
        price = self._prices.price(row.model)
        cost_usd = 0.0 if usage == Usage() else None if price is None else price.cost_usd(usage)
        source: CostSource = "exact" if call.usage is not None else "estimated"
        return replace(
            row,
            usage=usage,
            cost_usd=cost_usd,
            source="unknown" if cost_usd is None else source,
            outcome=call.outcome,
        )


class _Call:
    """What is known about one call so far."""

    def __init__(self, input_tokens: int) -> None:
        self.input_tokens = input_tokens
        self.pieces: list[str] = []
        self.usage: Usage | None = None
        self.outcome = "stopped"
        self.billed = True

    def saw(self, event: CompletionEvent) -> None:
        if isinstance(event, Delta):
            self.pieces.append(event.text)
        elif isinstance(event, Finished):
            self.usage = event.usage
            cut = event.finish_reason == "cut"
            self.outcome = ConnectionFailed.category if cut else "answered"

    def failed(self, error: ModelError) -> None:
        self.outcome = error.category
        # Who timed out had most likely begun to work; every other error came instead of work.
        self.billed = bool(self.pieces) or isinstance(error, ModelTimeout)


def count_prompt(messages: Sequence[ChatMessage], model: str, tokens: TokenCounter) -> int:
    """Input tokens of a prompt, pictures at their highest usual price."""
    return sum(
        MESSAGE_TOKENS + tokens.count(message.text, model) + IMAGE_TOKENS * len(message.images)
        for message in messages
    )
