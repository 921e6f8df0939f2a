"""Retention among many rows: in small steps, and nobody waits for all of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sqlalchemy import Insert, Select, insert, select

from adapters.sql.schema.tables import inbox, ratings, turns
from tests.adapters.sql.test_group_commit import database_of
from tests.contracts.stores import NOON, accept, answered, message, minutes, ref, thumb

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

    from adapters.sql.store import SqlStore
    from tests.contracts.stores import SqlPlace

BATCH = 500
"""As the documentation says."""
MANY = 5 * BATCH + 1
OLD_WORDS: Select[Any] = select(turns).where(turns.c.question != "")
OLD_NAMES: Select[Any] = select(ratings).where(ratings.c.user_name != "")


def fill(connection: Connection) -> None:
    """Copies of the one row in each table."""
    _copy(connection, turns, "turn_id")
    _copy(connection, inbox, "turn_id", "message_id")
    _copy(connection, ratings, "message_id")


def _copy(connection: Connection, table: Table, *names: str) -> None:
    row = connection.execute(select(table)).one()._asdict()
    copies = [{**row, **dict.fromkeys(names, f"copy {n}")} for n in range(MANY)]
    statement: Insert = insert(table)
    connection.execute(statement, copies)


class Steps:
    """How many rows each writing step of the store has changed."""

    def __init__(self, store: SqlStore) -> None:
        self.sizes: list[int] = []
        self._database = database_of(store)
        self._write = self._database.write

    async def write(self, operation: Any, *given: Any, lane: Any = "usual") -> Any:
        def counted(connection: Connection) -> Any:
            before = _changes(connection)
            result = operation(connection, *given)
            self.sizes.append(_changes(connection) - before)
            return result

        return await self._write(counted, lane=lane)


def _changes(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT total_changes()").scalar_one())


async def test_many_old_rows_go_in_small_steps_between_which_questions_are_taken(
    place: SqlPlace, store: SqlStore
) -> None:
    await answered(store, message("m1"))
    await store.rate(thumb(ref("m1"), "+1", reason="secret"))
    await database_of(store).write(fill)
    steps = Steps(store)
    database_of(store).write = steps.write  # type: ignore[method-assign]  # it only counts
    taken = 0

    async def ask() -> None:
        nonlocal taken
        while True:
            await accept(store, message(f"new {taken}"), slot=False)
            taken += 1

    await place.clock.advance(3600)
    asking = asyncio.create_task(ask())
    assert await store.prune(NOON + minutes(1)) == 2 * (MANY + 1)
    asking.cancel()
    assert taken > 10
    assert max(steps.sizes) <= BATCH
    assert len(await rows(store, OLD_WORDS)) == len(await rows(store, OLD_NAMES)) == 0
    assert len(await rows(store, select(ratings).where(ratings.c.value == 1))) == MANY + 1
    assert (await store.depth())[0] >= taken


async def rows(store: SqlStore, statement: Select[Any]) -> list[Any]:
    return await database_of(store).read(lambda connection: [*connection.execute(statement)])
