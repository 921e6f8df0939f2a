"""The text of an answer on its way out: made safe, cut to the size of a message."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from core.text.outgoing import OutgoingText
from core.text.split import Size, Splitter

if TYPE_CHECKING:
    from core.text.split import Piece


class Growing(Protocol):
    """Rewrites a text that arrives in pieces; what it returns only grows."""

    def feed(self, delta: str) -> str: ...

    def flush(self) -> str:
        """What was held back; nothing may be fed afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How much goes into one message, and how it is written there."""

    message: int
    smaller: int
    """Tried when the platform finds a message too long that should fit."""
    size: Size = len
    """How the platform measures a text."""
    dialect: Callable[[], Growing] | None = None
    """Turns Markdown that is safe into what the platform shows; None: it shows Markdown."""


class TextFlow:
    """Follows a text that grows. Messages that are full never change again."""

    def __init__(self, limits: Limits) -> None:
        self._stages: list[Growing] = [OutgoingText()]
        if limits.dialect is not None:
            self._stages.append(limits.dialect())
        self._splitter = Splitter(limits.message, limits.size)
        self._seen = 0
        self.full: deque[Piece] = deque()
        """Complete messages that nobody has taken yet, oldest first."""

    def take(self, text: str, *, ended: bool) -> None:
        """`text` is the whole answer so far. Once `ended`, nothing is held back any more."""
        shown = text[self._seen :]
        self._seen = len(text)
        for stage in self._stages:
            shown = stage.feed(shown) if shown else ""
            if ended:
                shown += stage.flush()
        if shown:
            self.full.extend(self._splitter.feed(shown))

    @property
    def growing(self) -> str:
        """The message that is being written; only ever grows, until it is full."""
        piece = self._splitter.open_piece
        return piece.head + piece.source

    @property
    def last(self) -> str:
        """The same, whole in itself: what it says when nothing follows."""
        return self._splitter.open_piece.text
