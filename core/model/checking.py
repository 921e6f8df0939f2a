"""Whether an answer is one: not empty, not filtered away, not going round in circles."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from core.completion import Delta, Finished
from core.errors import ConnectionFailed, ContentRefused, EmptyAnswer, ModelError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from core.completion import ChatRequest, CompletionEvent
    from core.ports import ChatModel

LOOP_CHARACTERS = 2_400
"""A text whose last so many characters are one piece over and over goes round in circles."""
LOOP_PIECE_CHARACTERS = 600
"""The longest piece; so it was repeated at least four times."""
LOOP_CHECK_CHARACTERS = 400
"""How much new text makes it worth looking again."""
_LOOP_KEY_CHARACTERS = 200


class CheckingModel:
    """Raises EmptyAnswer, ContentRefused or ConnectionFailed where a stream ends without a word.

    Text that shows nothing (`is_blank`: white space, zero-width characters) is held back until a
    visible character follows, so the first Delta is a first word. An endless repetition is closed
    and ends as `repetition`.
    """

    def __init__(self, inner: ChatModel, is_blank: Callable[[str], bool]) -> None:
        self._inner = inner
        self._is_blank = is_blank

    async def stream(self, request: ChatRequest) -> AsyncGenerator[CompletionEvent, None]:
        held: list[str] = []
        spoken = False
        loop = LoopGuard()
        async with aclosing(self._inner.stream(request)) as events:
            async for event in events:
                if isinstance(event, Finished) and not spoken:
                    raise _wordless(event)
                if spoken or not isinstance(event, Delta):
                    yield event
                elif self._is_blank(event.text):
                    held.append(event.text)
                    continue
                else:
                    spoken = True
                    yield Delta("".join([*held, event.text]))
                if isinstance(event, Delta) and loop.add(event.text):
                    yield Finished(None, request.model, "repetition")
                    return


class LoopGuard:
    """Watches the end of a growing text."""

    def __init__(self) -> None:
        self._tail = ""
        self._fresh: list[str] = []
        self._fresh_characters = 0

    def add(self, text: str) -> bool:
        """True: the text has begun to repeat itself."""
        self._fresh.append(text)
        self._fresh_characters += len(text)
        if self._fresh_characters < LOOP_CHECK_CHARACTERS:
            return False
        self._tail = (self._tail + "".join(self._fresh))[-LOOP_CHARACTERS:]
        self._fresh.clear()
        self._fresh_characters = 0
        return len(self._tail) == LOOP_CHARACTERS and _is_periodic(self._tail)


def _is_periodic(text: str) -> bool:
    end = len(text)
    key_at = end - _LOOP_KEY_CHARACTERS
    before = text.rfind(text[key_at:], key_at - LOOP_PIECE_CHARACTERS, end - 1)
    if before < 0:
        return False
    piece = key_at - before
    return text[piece:] == text[: end - piece]


def _wordless(finished: Finished) -> ModelError:
    match finished.finish_reason:
        case "content_filter":
            return ContentRefused("the answer was filtered")
        case "cut":
            return ConnectionFailed("the stream ended before the first word")
        case "stop" | "length" | "repetition" | "other":
            return EmptyAnswer(f"finished ({finished.finish_reason}) without a word")
