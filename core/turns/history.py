"""What a model is told of a conversation: newest first until the window is full, told in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.completion import ChatMessage, Image
from core.text.clean import clean_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from core.conversation import Author, InboundMessage
    from core.ports import Prompt, TokenCounter
    from core.turn import Said, Turn

MESSAGE_OVERHEAD_TOKENS = 4
"""Role and separators around each message, as chat templates of the common models add them."""

SEVERAL_PEOPLE = (
    "Several people take part in this conversation. Each of their messages begins with the "
    "writer's name and a colon; do not begin yours that way."
)


@dataclass(frozen=True, slots=True)
class Window:
    """How much of the past is sent along, the question and the system prompt not counted."""

    max_messages: int
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Question:
    """The new message as the model gets it."""

    message: InboundMessage
    text: str
    """With the text of attached files."""
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    author: Author | None
    text: str


class HistoryBuilder:
    """Fits prompt, past and question into the window of a model."""

    def __init__(self, window: Window, counter: TokenCounter) -> None:
        self._window = window
        self._counter = counter

    def build(
        self,
        prompt: Prompt,
        past: Sequence[Turn],
        context: Sequence[Said],
        question: Question,
        *,
        model: str,
        now: datetime,
    ) -> tuple[ChatMessage, ...]:
        """System prompt, then as much of the past as fits, oldest first, then the question."""
        lines = [*_lines_of(past), *(_Line(said.author, said.text) for said in context)]
        asker = question.message.author
        people = {line.author.user_id for line in lines if line.author} | {asker.user_id}
        named = len(people) > 1
        kept = self._fit(lines, model, named=named)
        return (
            ChatMessage("system", _system_text(prompt, now, named=named)),
            *(_to_message(line, named=named) for line in kept),
            ChatMessage("user", _spoken(asker, question.text, named=named), question.images),
        )

    def _fit(self, lines: Sequence[_Line], model: str, *, named: bool) -> list[_Line]:
        kept: list[_Line] = []
        left = self._window.max_tokens
        for line in reversed(lines):
            text = _to_message(line, named=named).text
            left -= self._counter.count(text, model) + MESSAGE_OVERHEAD_TOKENS
            if left < 0 or len(kept) >= self._window.max_messages:
                break
            kept.append(line)
        kept.reverse()
        while kept and kept[0].author is None:
            kept.pop(0)  # an answer whose question fell out of the window misleads
        return kept


def _lines_of(past: Iterable[Turn]) -> Iterable[_Line]:
    for turn in past:
        yield from (_Line(said.author, said.text) for said in turn.context)
        yield _Line(turn.author, turn.question)
        yield _Line(None, turn.answer)


def _to_message(line: _Line, *, named: bool) -> ChatMessage:
    if line.author is None:
        return ChatMessage("assistant", line.text)
    return ChatMessage("user", _spoken(line.author, line.text, named=named))


def _spoken(author: Author, text: str, *, named: bool) -> str:
    return f"{clean_name(author.name)}: {text}" if named else text


def _system_text(prompt: Prompt, now: datetime, *, named: bool) -> str:
    parts = [prompt.text.strip(), f"Today is {now:%A, %d %B %Y}; times are in UTC."]
    if named:
        parts.append(SEVERAL_PEOPLE)
    return "\n\n".join(parts)
