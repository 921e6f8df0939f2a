"""What people think of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from core.conversation import Author, MessageRef

Value = Literal[1, -1]
Source = Literal["emoji", "button"]


@dataclass(frozen=True, slots=True)
class Mark:
    """One thumb of one person on one message, put on or taken off.

    A store keeps one row per (ref, author, emoji); a newer `at` wins. A person's rating of a turn
    is the newest active mark on any message of its answer; a withdrawn mark does not count.
    """

    ref: MessageRef
    author: Author
    emoji: str
    value: Value
    active: bool
    at: datetime
    source: Source
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rating:
    """A person's opinion of a turn after a mark; None: withdrawn."""

    turn_id: str
    author: Author
    value: Value | None
    asked_at: datetime | None = None
    """When the question of the turn was stored: the same for every rating of it. None: the store
    has forgotten."""
    reason: str = ""
    """What the person said about it, where the platform asks."""
