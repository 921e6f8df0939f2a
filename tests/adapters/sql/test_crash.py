"""The file as a crash leaves it before each single statement, opened by the next process."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import text

from adapters.sql.sqlite.connecting import driver
from tests.adapters.sql.test_group_commit import database_connection, database_of
from tests.contracts.stores import KEY, SqlPlace, accept, begun, closing, message, turn

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.sql.store import SqlStore

COUNTS = text(
    "SELECT c.next_seq, c.finished, count(i.seq) AS places, "
    "count(CASE WHEN i.state = 'open' THEN 1 END) AS open, "
    "(SELECT count(*) FROM turns t WHERE t.conversation_id = c.id) AS turns "
    "FROM conversations c LEFT JOIN inbox i ON i.conversation_id = c.id GROUP BY c.id"
)


class Crashes:
    """Copies the file and its log whenever the writer is about to do something."""

    def __init__(self, store: SqlStore, source: Path, target: Path) -> None:
        self._source = source
        self._target = target
        self.told: list[set[str]] = []
        """What had been acknowledged by then, for each copy."""
        self.acknowledged: set[str] = set()
        driver(database_connection(database_of(store))).set_trace_callback(self._copy)

    def path(self, n: int) -> Path:
        return self._target / str(n) / "store.db"

    def _copy(self, statement: str) -> None:
        del statement
        path = self.path(len(self.told))
        path.parent.mkdir(parents=True)
        for file in self._source.parent.glob("store.db*"):
            if file.suffix != ".lock":
                shutil.copy(file, path.parent / file.name)
        self.told.append(set(self.acknowledged))


async def test_a_crash_before_any_statement_loses_nothing_and_doubles_nothing(
    place: SqlPlace, store: SqlStore, tmp_path: Path
) -> None:
    crashes = Crashes(store, tmp_path / "data" / "store.db", tmp_path / "crashes")
    await a_few_turns(store, crashes)
    assert len(crashes.told) > 40
    for n, acknowledged in enumerate(crashes.told):
        async with closing(SqlPlace(crashes.path(n))) as after:
            await after.restart()
            assert after.sql is not None
            await look_through(after.sql, acknowledged)


async def a_few_turns(store: SqlStore, crashes: Crashes) -> None:
    hold, first = await begun(store, message("1"), turn_id="1")
    crashes.acknowledged.add("1")
    for turn_id in ("2", "3"):
        await accept(store, message(turn_id), turn_id=turn_id)
        crashes.acknowledged.add(turn_id)
    await hold.save_part(first.turn_id, replace(first.message.ref, message_id="part"))
    assert not await hold.record(turn(first))
    second = await hold.begin()
    assert second is not None
    await store.beat()
    await store.delete(message("3").ref)
    assert await hold.record(turn(second))


async def look_through(store: SqlStore, acknowledged: set[str]) -> None:
    database = database_of(store)
    before = await database.read(lambda connection: connection.execute(COUNTS).all())
    for row in before:
        assert row.next_seq == row.places
        assert row.finished == row.places - row.open
    known = {turn_id for turn_id in acknowledged if (await known_already(store, turn_id))}
    assert known == acknowledged
    for hold in await store.adopt(5):
        while (queued := await hold.begin()) is not None:
            await hold.record(turn(queued), release=False)
        assert await hold.release()
    assert (await store.depth())[0] == 0
    answers = [one.turn_id for one in await store.history(KEY, 9)]
    assert answers == sorted(set(answers))


async def known_already(store: SqlStore, turn_id: str) -> bool:
    receipt = await accept(store, message(turn_id), turn_id=f"{turn_id}-again", slot=False)
    return (receipt.status, receipt.turn_id) == ("duplicate", turn_id)
