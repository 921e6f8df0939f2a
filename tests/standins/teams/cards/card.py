from __future__ import annotations

from typing import Any


def check_card(card: dict[str, Any]) -> list[str]:
    return [] if card.get("type") == "AdaptiveCard" else ["not a card"]
