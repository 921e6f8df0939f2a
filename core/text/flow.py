"""The text of an answer on its way out: made safe, cut to the size of a message."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from core.text.outgoing import OutgoingText
from core.text.split import Size, Splitter

if TYPE_CHECKING:
    from core.text.split import Piece


class TextFlow:
    """Follows a text that grows. Messages that are full never change again."""

    def __init__(self, limit: int, size: Size = len) -> None:
        self._outgoing = OutgoingText()
        self._splitter = Splitter(limit, size)
        self._seen = 0
        self.full: deque[Piece] = deque()
        """Complete messages that nobody has taken yet, oldest first."""

    def take(self, text: str, *, ended: bool) -> None:
        """`text` is the whole answer so far. Once `ended`, nothing is held back any more."""
        delta = text[self._seen :]
        self._seen = len(text)
        safe = self._outgoing.feed(delta) if delta else ""
        if ended:
            safe += self._outgoing.flush()
        if safe:
            self.full.extend(self._splitter.feed(safe))

    @property
    def growing(self) -> str:
        """The message that is being written; only ever grows, until it is full."""
        piece = self._splitter.open_piece
        return piece.head + piece.source

    @property
    def last(self) -> str:
        """The same, whole in itself: what it says when nothing follows."""
        return self._splitter.open_piece.text
