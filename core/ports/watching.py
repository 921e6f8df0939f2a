"""Who is told what the bot does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from core.completion import Call
    from core.rating import Rating
    from core.turn import Turn


class TurnObserver(Protocol):
    """Told after a turn is recorded, at most once; must not raise and must not block."""

    def turn_recorded(self, turn: Turn) -> None: ...

    def rated(self, platform: str, rating: Rating) -> None: ...


class CallObserver(Protocol):
    """Told when a model call has ended, before its turn is recorded, if it ever is; must not raise
    and must not block."""

    def called(self, call: Call) -> None: ...
