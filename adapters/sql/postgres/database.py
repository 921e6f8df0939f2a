"""PostgreSQL behind the Database port: each operation in one short transaction."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

from adapters.sql.postgres.connecting import Limits, build_engine, reading
from adapters.sql.postgres.failures import (
    FAILURES,
    READ_ONLY,
    describe,
    may_try_again,
    state_of,
    to_not_stored,
)
from core.errors import NotStored

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from adapters.sql.database import Lane

logger = logging.getLogger(__name__)

LANES: Mapping[Lane, Limits] = {
    "usual": Limits(connections=8),
    "beat": Limits(connections=1),
    "long": Limits(connections=2, within_s=120, answer_s=90, statement_s=60),
}
PAUSES_S = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Between tries: a restart of the server, or a change to its standby, is over soon."""
T = TypeVar("T")
Given = TypeVarTuple("Given")


class PostgresDatabase:
    """adapters.sql.database.Database over connections that are replaced when they break."""

    def __init__(self, address: str) -> None:
        self._limits = LANES
        self._engines = {lane: build_engine(address, limits) for lane, limits in LANES.items()}
        self._readers = {lane: reading(engine) for lane, engine in self._engines.items()}
        self._left: set[asyncio.Task[object]] = set()
        """Operations that go on although their callers were cancelled."""
        self._closed = False

    async def write(
        self, operation: Callable[[Connection, *Given], T], *given: *Given, lane: Lane = "usual"
    ) -> T:
        def run(connection: Connection) -> T:
            return operation(connection, *given)

        if lane == "usual":
            return await self._in_order(run)
        return await self._ask(self._engines, lane, run)

    async def read(
        self, operation: Callable[[Connection, *Given], T], *given: *Given, lane: Lane = "usual"
    ) -> T:
        return await self._ask(
            self._readers, lane, lambda connection: operation(connection, *given)
        )

    async def close(self) -> None:
        """What has been asked is still done."""
        self._closed = True
        if self._left:
            await asyncio.wait(self._left)
        for engine in self._engines.values():
            await engine.dispose()

    async def _in_order(self, run: Callable[[Connection], T]) -> T:
        """A cancelled caller leaves at once, and what it asked for is done first: what it asks for
        next, say to give its turn back, has to find that."""
        if self._left:
            await asyncio.wait(self._left)
        task = asyncio.create_task(self._ask(self._engines, "usual", run))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._left.add(task)
            task.add_done_callback(self._over)
            raise

    def _over(self, task: asyncio.Task[T]) -> None:
        self._left.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.warning("what nobody waits for any more was not done: %s", error)

    async def _ask(
        self, engines: Mapping[Lane, AsyncEngine], lane: Lane, run: Callable[[Connection], T]
    ) -> T:
        if self._closed:
            raise NotStored("the database is closed")
        limits = self._limits[lane]
        try:
            async with asyncio.timeout(limits.within_s):
                return await _run_until_done(limits.answer_s, engines[lane], run)
        except TimeoutError:
            raise NotStored("the database does not answer") from None
        except FAILURES as error:
            raise to_not_stored(error) from error


async def _run_until_done(
    answer_s: float, engine: AsyncEngine, run: Callable[[Connection], T]
) -> T:
    for pause_s in PAUSES_S:
        try:
            return await _run(answer_s, engine, run)
        except FAILURES as error:
            if not may_try_again(error):
                raise
            logger.warning("the database is asked again: %s", describe(error))
        await asyncio.sleep(pause_s)
    return await _run(answer_s, engine, run)


async def _run(answer_s: float, engine: AsyncEngine, run: Callable[[Connection], T]) -> T:
    """Any failure but NotStored says that nothing was changed."""
    async with engine.connect() as connection:
        try:
            async with asyncio.timeout(answer_s):
                result = await connection.run_sync(run)
        except FAILURES as error:
            if state_of(error) == READ_ONLY:
                await connection.invalidate()
            raise
        if not await _is_committed(answer_s, connection):
            del result  # a hold that nobody is told of has to vanish
            raise NotStored("the database did not say whether it has stored this")
        return result


async def _is_committed(answer_s: float, connection: AsyncConnection) -> bool:
    """False: nobody knows, so it must not be tried again here. The caller's second try will meet
    what the first has left."""
    try:
        async with asyncio.timeout(answer_s):
            await connection.commit()
    except FAILURES as error:
        logger.warning("a commit failed: %s", describe(error))
        return False
    return True
