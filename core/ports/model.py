"""What core needs of a language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from core.completion import ChatRequest, CompletionEvent, Price


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
