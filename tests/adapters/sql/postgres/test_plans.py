"""How PostgreSQL reads a large database: by indexes, whatever is asked while a turn runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event
from sqlalchemy.types import NullType

from adapters.sql.schema.tables import metadata
from tests.adapters.sql.test_group_commit import database_of
from tests.adapters.sql.test_statements import ALL, DIALECTS, INDEXES, RARE, insert_columns, sample
from tests.contracts.stores import SqlPlace, closing
from tests.tooling.databases import connect, new_database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import BindParameter, Connection

    from adapters.sql.store import SqlStore

ROWS = 100_000
FEWER = {"conversations": ROWS // 5, "ratings": ROWS // 10, "audit": ROWS // 10}
BIG = {"audit", "conversations", "inbox", "turns", "completions", "reply_refs", "ratings"}
KEYS = {
    "platform": "'slack'", "workspace": "'T1'", "channel": "'C' || n % 500", "thread": "n::text",
    "turn_id": "'t' || n", "message_id": "'m' || n", "user_id": "'U' || n % 3000",
    "author_id": "'U' || n % 3000", "conversation_id": "1 + n / 5", "seq": "1 + n % 5",
    "twin": "CASE WHEN n % 2 = 0 THEN 'w' || n ELSE '' END",
    "kind": "'question'", "outcome": "'answered'", "state": "'done'", "n": "1",
    "owner": "CASE WHEN n % 1000 = 0 THEN 'somebody' END",
    "next_seq": "5", "finished": "CASE WHEN n % 1000 = 0 THEN 4 ELSE 5 END",
    "runs": "1", "emoji": "'+1'", "active": "true", "answer": "repeat('word ', 40)",
    **dict.fromkeys(
        (
            "at_us", "received_at_us", "called_at_us", "marked_at_us",
            "waiting_since_us", "sent_at_us",
        ),
        "n",
    ),
}  # fmt: skip
"""One workspace, 500 channels, 3,000 people; one conversation of a thousand is at work."""
KNOWN = {
    "since_us": ROWS * 99 // 100, "until_us": ROWS + 1, "before_us": ROWS // 100,
    "at_platform": "slack", "platform": "slack", "at_workspace": "T1", "workspace": "T1",
    "channel": "", "user_id": "", "at_channel": "C7",
    "at_author_id": "U7", "at_user_id": "U7", "at_thread": "77",
    "at_conversation_id": 77,
}  # fmt: skip
"""A part of what is there: the last day of a hundred, one channel, one person."""
JOINS = {"summary.MODELS", "summary.RATINGS"}
"""They join a thousand turns to their calls and ratings: to read all of those can cost less than to
look each up, and PostgreSQL knows when. Reports have a lane of their own."""
FEW_OPEN = "UPDATE inbox SET state = 'open' WHERE seq = 5 AND (conversation_id - 1) % 1000 = 0"
SCAN = re.compile(rf"Seq Scan on ({'|'.join(BIG)})\b")


@pytest.fixture
async def large() -> AsyncIterator[SqlStore]:
    """In a database that nothing else has left its pages in."""
    async with new_database() as url, closing(SqlPlace(url)) as place:
        await place.restart()
        connection = await connect(url.rpartition("/")[2])
        for name in sorted(BIG):
            await connection.execute(filling(name))
        await connection.execute(FEW_OPEN)
        await connection.execute(f"VACUUM ANALYZE {', '.join(sorted(BIG))}")
        await connection.close()
        assert place.sql is not None
        yield place.sql


def filling(name: str) -> str:
    columns = [column for column in metadata.tables[name].columns if column.name != "id"]
    values = [KEYS.get(column.name) or _plain(column) for column in columns]
    return (
        f"INSERT INTO {name} ({', '.join(column.name for column in columns)}) "
        f"SELECT {', '.join(values)} FROM generate_series(1, {FEWER.get(name, ROWS)}) AS n"
    )


def _plain(column: Any) -> str:
    if column.nullable:
        return "NULL"
    return {"TEXT": "''", "BOOLEAN": "false"}.get(str(column.type), "1")


def known(bind: BindParameter[Any], key: str) -> Any:
    """Columns give their types to parameters only later."""
    if key in KNOWN:
        return [KNOWN[key]] if bind.expanding else KNOWN[key]
    value = "x" if isinstance(bind.type, NullType) and key not in NUMBERS else sample(bind)
    return [value] if bind.expanding else value


NUMBERS = {"most", "place", "now_us", "conversation_id", "received_at_us", "turn_ids", "n", "steps"}


class Explained(Exception):
    pass


def explain(connection: Connection, name: str) -> str:
    def instead(_: Connection, cursor: Any, sql: str, values: Any, *__: object) -> None:
        cursor.execute(f"EXPLAIN {sql}", values)
        raise Explained("\n".join(row[0] for row in cursor.fetchall()))

    statement = ALL[name]
    compiled = statement.compile(dialect=DIALECTS[0], column_keys=insert_columns(statement))
    given = {key: known(bind, key) for bind, key in compiled.bind_names.items() if bind.required}
    event.listen(connection, "before_cursor_execute", instead)
    try:
        connection.execute(statement, given)
    except Explained as explained:
        return str(explained)
    finally:
        event.remove(connection, "before_cursor_execute", instead)
    raise AssertionError("nothing was executed")


async def test_no_statement_of_a_turn_reads_a_whole_table(large: SqlStore) -> None:
    database = database_of(large)
    plans = {name: await database.write(explain, name) for name in ALL}
    scans = {name: plan for name, plan in plans.items() if SCAN.search(plan)}
    assert {name: plan for name, plan in scans.items() if name not in RARE | JOINS} == {}
    wrong = {
        name: plans[name]
        for name, index in INDEXES.items()
        if name not in JOINS and index.split()[-1] not in plans[name]
    }
    assert wrong == {}
