"""Time and randomness, so that tests can hold them in their hands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """Time, so that tests can hold it in their hands."""

    def now(self) -> datetime:
        """The wall clock, in UTC, aware."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class Ids(Protocol):
    """Randomness that ends in a name."""

    def new(self) -> str:
        """A fresh id: unique, sortable by time of making, safe in a URL; about 26 characters."""
        ...
