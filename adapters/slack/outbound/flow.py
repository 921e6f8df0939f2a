"""The text of an answer on its way to Slack: links made safe, mentions broken, cut to size."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from core.text.links.streaming import LinkFilter
from core.text.mentions import MentionFilter
from core.text.split import Splitter

if TYPE_CHECKING:
    from core.text.split import Piece


class TextFlow:
    """Follows a text that grows. Messages that are full never change again."""

    def __init__(self, limit: int) -> None:
        self._links = LinkFilter()
        self._mentions = MentionFilter()
        self._splitter = Splitter(limit)
        self._seen = 0
        self.full: deque[Piece] = deque()
        """Complete messages that nobody has taken yet, oldest first."""

    def take(self, text: str, *, ended: bool) -> None:
        """`text` is the whole answer so far. Once `ended`, nothing is held back any more."""
        delta = text[self._seen :]
        self._seen = len(text)
        safe = self._links.feed(delta) if delta else ""
        if ended:
            safe += self._links.flush()
        # Last, so that nothing that comes out can call people.
        safe = self._mentions.feed(safe) if safe else ""
        if ended:
            safe += self._mentions.flush()
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
