from __future__ import annotations

import re
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import BindParameter, Delete, Dialect, Insert, Select, String, Update, event
from sqlalchemy.dialects import postgresql, sqlite

from adapters.sql import (
    completions,
    hold,
    inbox,
    owners,
    people,
    stops,
    summary,
    turns,
    upkeep,
)
from adapters.sql.operating import audit, dead_letters, pauses, person
from adapters.sql.postgres import opening as opening_postgres
from adapters.sql.schema.columns import ExactText
from adapters.sql.sqlite import opening as opening_sqlite
from tests.adapters.sql.test_group_commit import database_of

if TYPE_CHECKING:
    from sqlite3 import Cursor

    from sqlalchemy import Connection

    from adapters.sql.store import SqlStore

DIALECTS: tuple[Dialect, Dialect] = (postgresql.dialect(), sqlite.dialect())  # type: ignore[no-untyped-call]  # so SQLAlchemy
MODULES = (
    audit, completions, dead_letters, hold, inbox, opening_postgres, opening_sqlite,
    owners, pauses, people, person, stops, summary, turns, upkeep,
)  # fmt: skip
Statement = Select[Any] | Insert | Update | Delete


def statements(module: ModuleType) -> dict[str, Statement]:
    found = {
        f"{module.__name__.rpartition('.')[2]}.{name}": value
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, (Select, Insert, Update, Delete))
    }
    if module is completions:
        found |= {f"completions.COUNTS {key}": value for key, value in module.COUNTS.items()}
    if module is person:
        found |= {f"person.COUNTS {name}": value for name, value in person.COUNTS.items()}
    return found


ALL = {name: value for module in MODULES for name, value in statements(module).items()}
OF_ONE_PERSON = {
    *("TURNS", "CALLS", "QUOTES", "RATINGS", "SOLE", "PRIVATE"),
    *("FORGET_TOLD", "COUNTS turns", "COUNTS calls", "COUNTS ratings"),
}
RARE = {
    "upkeep.OLD_MESSAGES",
    "upkeep.OLD_CALLS",
    "upkeep.OLD_RATINGS",
    "upkeep.EMPTY",
    "dead_letters.DEAD",
    "pauses.PAUSES",
    "pauses.ANY_PAUSE",
    *(f"person.{name}" for name in OF_ONE_PERSON),
    "opening.FORGET_REPLICAS",
    "owners.ALIVE",
    "opening.FORGET_LONG_GONE",
}
"""Once a day, or at the start, or over a table that is always small: these may scan."""
SCAN = r"SCAN (?!CONSTANT|\(?subquery|anon|given)"
WHOLE_INDEX = {
    "owners.WAITING": "SCAN conversations USING INDEX conversations_waiting",
    "inbox.DEPTH": "SCAN inbox USING INDEX inbox_open",
    "pauses.UNTOLD": "SCAN inbox USING INDEX inbox_open",
}
"""These hold nothing but what is asked for."""
INDEXES = {
    "owners.WAITING": "conversations_waiting",
    "owners.STOP_MARKS": "conversations_owned",
    "inbox.DEPTH": "inbox_open",
    "inbox.KNOWN": "inbox_twin",
    "hold.BEGIN": "inbox_open",
    "hold.PARTS": "reply_refs_of_turn",
    "stops.OPEN_QUESTIONS": "inbox_open",
    "upkeep.OLD_WORDS": "turns_by_time",
    "person.WAITING": "inbox_by_author",
    "person.MESSAGES": "inbox_by_author",
    "audit.DEEDS": "audit_by_time",
    "stops.OVERHEARD": "turns_of_channel",
    "turns.HISTORY": "turns_of_conversation",
    "opening.DISOWN": "conversations_owned",
    "completions.SPENT": "completions_by_workspace",
    "completions.COUNTS (False, False)": "inbox_by_workspace",
    "completions.COUNTS (False, True)": "inbox_by_author",
    "completions.COUNTS (True, False)": "inbox_by_channel",
    "summary.TOTALS": "COVERING INDEX turns_by_time",
    "summary.STEPS": "COVERING INDEX turns_by_time",
    "summary.ERRORS": "COVERING INDEX turns_by_time",
    "summary.LATENCIES": "COVERING INDEX turns_by_time",
    "summary.FIRST_VISIBLE": "COVERING INDEX turns_by_time",
    "summary.MODELS": "COVERING INDEX turns_by_time",
    "summary.RATINGS": "COVERING INDEX turns_by_time",
}


def test_there_are_statements_to_check() -> None:
    assert len(ALL) > 50
    assert set(INDEXES) | RARE <= set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_a_statement_is_understood_by_both_databases(name: str) -> None:
    for dialect in DIALECTS:
        columns = insert_columns(ALL[name])
        assert str(ALL[name].compile(dialect=dialect, column_keys=columns))


def insert_columns(statement: Statement) -> list[str] | None:
    if isinstance(statement, Insert) and not statement._values and statement.select is None:
        return [column.name for column in statement.table.columns]
    return None


class Explained(Exception):
    pass


def explain(connection: Connection, statement: Statement) -> str:
    """How SQLite would run it, a step a line."""

    def instead(_: Connection, cursor: Cursor, sql: str, values: Any, *__: object) -> None:
        rows = cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        raise Explained("\n".join(row[3] for row in rows))

    event.listen(connection, "before_cursor_execute", instead)
    try:
        connection.execute(statement, samples(statement))
    except Explained as explained:
        return str(explained)
    finally:
        event.remove(connection, "before_cursor_execute", instead)
    raise AssertionError("nothing was executed")


def samples(statement: Statement) -> dict[str, Any]:
    """A value for each parameter."""
    columns = insert_columns(statement)
    compiled = statement.compile(dialect=DIALECTS[1], column_keys=columns)
    return {
        name: [sample(bind)] if bind.expanding else sample(bind)
        for bind, name in compiled.bind_names.items()
        if bind.required
    }


def sample(bind: BindParameter[Any]) -> Any:
    return "x" if isinstance(bind.type, ExactText | String) else 1


async def test_statements_go_by_indexes(store: SqlStore) -> None:
    database = database_of(store)
    plans = {name: await database.write(explain, statement) for name, statement in ALL.items()}
    scans = {
        name: plan
        for name, plan in plans.items()
        if name not in RARE and re.search(SCAN, plan.replace(WHOLE_INDEX.get(name, "-"), ""))
    }
    assert scans == {}
    wrong = {name: plans[name] for name, index in INDEXES.items() if index not in plans[name]}
    assert wrong == {}
