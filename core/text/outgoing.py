"""All that stands between what a model writes and a platform, in the order that keeps it safe."""

from __future__ import annotations

from core.text.clean import clean_delta
from core.text.links.streaming import LinkFilter
from core.text.mentions import MentionFilter


class OutgoingText:
    """Makes a stream of Markdown safe to send: no hidden characters, bad links or mentions.

    What `feed` and `flush` return only grows, and joins to `safe_text` of the whole, so a
    message that was sent is never contradicted by a later one.
    """

    def __init__(self) -> None:
        self._links = LinkFilter()
        self._mentions = MentionFilter()

    def feed(self, delta: str) -> str:
        return self._mentions.feed(self._links.feed(clean_delta(delta)))

    def flush(self) -> str:
        """What was held back; nothing may be fed afterwards."""
        return self._mentions.feed(self._links.flush()) + self._mentions.flush()


def safe_text(markdown: str) -> str:
    """A whole answer, notice or digest line, made safe exactly as its stream would have been."""
    outgoing = OutgoingText()
    return outgoing.feed(markdown) + outgoing.flush()
