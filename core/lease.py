"""Until when this process may write for people to see: after it, its work may be another's."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from core.errors import OwnershipLost

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.ports import Clock

LEASE_MARGIN_S = 2.0
"""A turn writes nothing more so long before its lease ends, so that no write meets a new owner."""
MARGIN_OF_LEASE = 3
"""At most this part of a lease: two thirds of a short one are left to renew it in."""
BEAT_S = 1.0
BEATS_IN_LEASE = 4
"""In a short one; with the margin it stands one beat that is lost or late by half a second."""

_lease: ContextVar[Lease | None] = ContextVar("lease", default=None)


class Lease:
    """Platforms do not check who owns a conversation, so whoever writes looks at his own clock."""

    def __init__(self, clock: Clock, lease_s: float) -> None:
        self._clock = clock
        self._lasts_s = lease_s - min(LEASE_MARGIN_S, lease_s / MARGIN_OF_LEASE)
        self._ends_at = clock.monotonic()  # until a beat is seen there is none

    @property
    def left_s(self) -> float:
        return self._ends_at - self._clock.monotonic()

    def renew(self, sent_at: float) -> None:
        """A beat has reached the store. It counts from when it was sent (monotonic), as the answer
        may have been on its way for long."""
        self._ends_at = sent_at + self._lasts_s

    @contextmanager
    def bounding(self) -> Iterator[None]:
        """What runs inside, and every task begun there, writes only while the lease lasts."""
        token = _lease.set(self)
        try:
            yield
        finally:
            _lease.reset(token)


def beat_s(lease_s: float) -> float:
    """Seconds from one beat to the next."""
    return min(BEAT_S, lease_s / BEATS_IN_LEASE)


def require_lease() -> None:
    """To be called right before each outward write, by whoever sends it: nothing may be waited for
    in between. Raises OwnershipLost when it comes too late; where no turn runs, never."""
    lease = _lease.get()
    if lease is not None and lease.left_s <= 0:
        raise OwnershipLost("the lease is over, so nothing may be written")
