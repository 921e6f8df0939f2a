"""Who is told what the bot does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from core.rating import Rating
    from core.turn import Turn


class TurnObserver(Protocol):
    """Told after a turn is recorded, at most once; must not raise and must not block."""

    def turn_recorded(self, turn: Turn) -> None: ...

    def rated(self, platform: str, rating: Rating) -> None: ...
