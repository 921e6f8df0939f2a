"""The elements that every part of a card is made of."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

EMPTY: Final = "—"
"""An element without text would be dropped, and what stands beside it would move."""


def text_block(text: str) -> Json:
    """`text` as to_card_text or escape made it."""
    return {"type": "TextBlock", "text": text or EMPTY, "wrap": True}


def small(text: str) -> Json:
    return text_block(text) | {"size": "Small", "isSubtle": True}
