"""What may leave for Langfuse: every string passes here, and none leaves with a secret in it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from adapters.langfuse.ids import short_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.completion import ChatMessage

MAX_CHARS = 50_000
"""Of one message; a longer one is cut, with a word about it."""
LABELS_KEPT, PROMPTS_KEPT = 1_000, 4
ID_MAX_CHARS = 190
"""The SDK drops ids, tags and metadata of more than 200 characters, quotes included."""
# A file as text would be taken out and uploaded by the SDK.
_FILE = re.compile(r"data:[A-Za-z0-9.+/-]{1,100};base64,[A-Za-z0-9+/=_-]*+")


class Texts:
    """`shown` False: only ids and categories leave."""

    def __init__(self, scrub: Callable[[str], str], *, shown: bool) -> None:
        self._scrub = scrub
        self.shown = shown
        # Models, versions, people and prompts come again and again; masking them anew would be a
        # third of all the work.
        self.label = lru_cache(LABELS_KEPT)(self._label)
        self._prompt = lru_cache(PROMPTS_KEPT)(self._masked)

    def words(self, text: str) -> str | None:
        """What somebody said; None where words stay here."""
        return self._masked(text) if self.shown else None

    def _label(self, text: str) -> str:
        """An id or a category. One that is too long, or looks like a secret, becomes a short id:
        two that differ stay different."""
        masked = self._masked(text)
        if masked == text and len(text) <= ID_MAX_CHARS:
            return text
        return short_id(text)

    def status(self, category: str, said: str) -> str:
        """What went wrong: the category, and what the error said where words may leave."""
        words = self.words(said)
        return f"{self.label(category)}: {words}" if words else self.label(category)

    def message(self, message: ChatMessage) -> dict[str, str]:
        """As chat models take it; its pictures have become words before."""
        mask = self._prompt if message.role == "system" else self._masked
        return {"role": message.role, "content": mask(message.text)}

    def _masked(self, text: str) -> str:
        masked = _FILE.sub("[a file]", self._scrub(text))
        if len(masked) > MAX_CHARS:
            masked = f"{masked[:MAX_CHARS]} [cut: {len(masked)} characters in all]"
        # Half of a surrogate pair, as platforms deliver them, cannot be sent.
        return masked.encode("utf-8", errors="replace").decode("utf-8")
