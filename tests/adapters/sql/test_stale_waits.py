"""A process of the version before answers what waits for the model, and leaves the mark there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from tests.adapters.sql.test_group_commit import database_of
from tests.contracts.stores import SqlPlace, accept, begun, opened, turn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import Connection

    from adapters.sql.store import SqlStore

MARK = text("UPDATE conversations SET parked_until_us = :later, retry_at_us = :later")
MARKS = text("SELECT parked_until_us FROM conversations")


@pytest.fixture(params=["sql", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore]:
    async with opened(request.param, tmp_path) as place:
        assert isinstance(place, SqlPlace)
        assert place.sql is not None
        yield place.sql


async def leave_mark(store: SqlStore) -> None:
    def operation(connection: Connection) -> None:
        connection.execute(MARK, {"later": 2**60})

    await database_of(store).write(operation)


async def marks(store: SqlStore) -> list[int]:
    return await database_of(store).read(lambda one: list(one.execute(MARKS).scalars()))


async def test_the_next_question_does_not_wait_for_nothing(store: SqlStore) -> None:
    hold, first = await begun(store)
    assert await hold.record(turn(first))
    await leave_mark(store)
    hold, _ = await begun(store)
    assert await marks(store) == [0]
    assert await hold.release(force=True)
    assert len(await store.adopt(5, parked="left")) == 1


async def test_a_question_that_was_behind_it_is_adopted(store: SqlStore) -> None:
    hold, first = await begun(store)
    behind = await accept(store)
    assert not await hold.record(turn(first))
    assert await hold.release(force=True)
    await leave_mark(store)
    [hold] = await store.adopt(5, parked="left")
    queued = await hold.begin()
    assert queued is not None
    assert queued.turn_id == behind.turn_id
    assert await marks(store) == [0]
