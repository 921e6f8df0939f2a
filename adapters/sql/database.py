"""What the statements need of a database, whichever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeVar, TypeVarTuple

from core.errors import NotStored

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from core.ports import Clock

Lane = Literal["usual", "beat", "long"]
"""`beat` waits behind nobody, as a process that cannot beat is taken for dead; `long` may take long
and is in nobody's way. A database that has a lane for all of them ignores it."""
T = TypeVar("T")
Given = TypeVarTuple("Given")


class Database(Protocol):
    """Runs operations: plain functions that get a connection inside a transaction.

    An operation that raises changes nothing. Every failure of the database itself is NotStored.
    Cancelling the caller does not undo an operation: it may still happen, but then before whatever
    is asked later.
    """

    async def write(
        self, operation: Callable[[Connection, *Given], T], *given: *Given, lane: Lane = "usual"
    ) -> T:
        """Returns once the change is durable."""
        ...

    async def read(
        self, operation: Callable[[Connection, *Given], T], *given: *Given, lane: Lane = "usual"
    ) -> T:
        """Sees everything that `write` has returned for."""
        ...

    async def close(self) -> None: ...


class ReadOnly:
    """A Database for commands that look once and end: nothing is open between two reads."""

    async def write(
        self,
        operation: Callable[[Connection, *Given], T],  # noqa: ARG002 - the port has it
        *given: *Given,  # noqa: ARG002 - the port has it
        lane: Lane = "usual",  # noqa: ARG002 - the port has it
    ) -> T:
        raise NotStored("the database was opened for reading only")

    async def close(self) -> None:
        """As said above."""


class Part:
    """What each part of the store works with."""

    def __init__(self, database: Database, clock: Clock, replica_id: str, lease_s: float) -> None:
        self._database = database
        self._clock = clock
        self._replica_id = replica_id
        self._lease_us = int(lease_s * 1_000_000)
