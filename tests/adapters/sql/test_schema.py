from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, Delete, Update, create_engine

from adapters.sql.schema.tables import audit, metadata
from adapters.sql.schema.upgrading import MIGRATIONS, VERSION
from adapters.sql.sqlite.connecting import connect_writer
from core.errors import SettingError
from tests.adapters.sql.test_statements import ALL as STATEMENTS
from tests.contracts.stores import SqlPlace, accept, answered, deed, message, ref

ROOT = Path(__file__).parents[3]


async def test_the_migrations_make_the_schema_that_the_statements_expect(tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    place = SqlPlace(tmp_path / "store.db")
    await place.restart()
    engine = create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
    with sqlite3.connect(tmp_path / "store.db") as migrated, sqlite3.connect(":memory:") as fresh:
        wanted = create_engine("sqlite://", creator=lambda: fresh)
        metadata.create_all(wanted)
        assert words(migrated) == words(fresh)
    assert place.sql is not None
    await place.sql.close()


def words(connection: sqlite3.Connection) -> dict[str, str]:
    """What each table and index is declared as, without the spacing."""
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'"
    )
    return {name: " ".join(sql.split()) for name, sql in found}


async def version(place: SqlPlace, number: int, readable_by: int) -> None:
    """Leave a database as another version of the program would."""
    await place.restart()
    assert place.sql is not None
    await accept(place.sql)
    await place.sql.close()
    place.sql = None
    with sqlite3.connect(place.url.removeprefix("sqlite+aiosqlite:///")) as connection:
        connection.execute(
            "UPDATE schema_version SET version = ?, readable_by = ?", (number, readable_by)
        )


async def test_a_newer_database_that_says_it_is_readable_is_used(tmp_path: Path) -> None:
    place = SqlPlace(tmp_path / "store.db")
    await version(place, VERSION + 1, VERSION)
    store = await place.restart()
    assert (await store.depth())[0] == 1
    assert place.sql is not None
    await place.sql.close()


async def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    place = SqlPlace(tmp_path / "store.db")
    await version(place, VERSION + 2, VERSION + 1)
    before = (tmp_path / "store.db").read_bytes()
    with pytest.raises(SettingError, match=r"^DATABASE_URL .*newer version.*update the bot$"):
        await place.restart()
    assert (tmp_path / "store.db").read_bytes() == before


async def test_a_database_of_the_first_version_is_brought_up_and_serves_both_versions(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.db"
    connection = connect_writer(path)
    migrate(connection, "0001")
    connection.close()
    write_turn(path, "before")
    place = SqlPlace(path)
    store = await place.restart()
    await answered(store, message("m1", address="direct"))
    await store.keep_place("teams", "T1", "a", "there")
    assert place.sql is not None
    await place.sql.close()
    place.sql = None
    write_turn(path, "beside")

    with sqlite3.connect(path) as raw:
        versions = raw.execute("SELECT version, readable_by FROM schema_version").fetchall()
        assert versions == [(VERSION, 1)]
        kept = dict(raw.execute("SELECT message_id, address FROM turns"))
    assert kept == {"before": "", "m1": "direct", "beside": ""}
    store = await place.restart()
    assert await store.place_of("teams", "T1", "a") == "there"
    old = await store.of_message(ref("before"))
    assert old is not None
    assert old.address == "mention"
    assert place.sql is not None
    await place.sql.close()


async def test_what_admins_did_can_only_be_added_to(tmp_path: Path) -> None:
    place = SqlPlace(tmp_path / "store.db")
    store = await place.restart()
    await store.note(deed())
    assert place.sql is not None
    await place.sql.close()
    with sqlite3.connect(tmp_path / "store.db") as raw:
        for statement in ("UPDATE audit SET who = 'nobody'", "DELETE FROM audit"):
            with pytest.raises(sqlite3.IntegrityError, match="the audit is only added to"):
                raw.execute(statement)
        assert raw.execute("SELECT count(*) FROM audit").fetchone() == (1,)
    raw.close()


def test_no_statement_of_ours_changes_or_removes_what_admins_did() -> None:
    changing = {
        name
        for name, statement in STATEMENTS.items()
        if isinstance(statement, (Update, Delete)) and statement.table is audit
    }
    assert changing == set()


def migrate(connection: Connection, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    command.upgrade(config, revision)
    connection.exec_driver_sql("COMMIT")


def write_turn(path: Path, name: str) -> None:
    """As the first version of the program does, which names the columns that it knows."""
    turn = {
        "turn_id": name, "conversation_id": 1, "seq": 1, "replaced": 0, "platform": "slack",
        "workspace": "T1", "channel": "C1", "thread": "1", "user_id": "U", "user_name": "U",
        "kind": "question", "outcome": "answered", "received_at_us": 0, "message_id": name,
        "model": "", "input_tokens": 0, "output_tokens": 0, "cached_tokens": 0,
        "reasoning_tokens": 0, "prompt_version": "", "latency_s": 0.0, "attempts": 1,
        "error": "", "incomplete": 0, "correlation_id": "", "question": "", "answer": "",
        "context": "",
    }  # fmt: skip
    part = {
        "platform": "slack", "workspace": "T1", "channel": "C1", "message_id": name,
        "conversation_id": 1, "turn_id": name, "n": 1,
    }  # fmt: skip
    with sqlite3.connect(path) as raw:
        for table, row in (("turns", turn), ("reply_refs", part)):
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            raw.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", [*row.values()])
    raw.close()


async def test_a_migration_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE turns (of TEXT)")
    place = SqlPlace(path)
    with pytest.raises(SettingError, match=r"^DATABASE_URL "):
        await place.restart()
    with sqlite3.connect(path) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert [name for (name,) in tables] == ["turns"]


async def test_opening_a_current_database_does_without_the_migration_tool(tmp_path: Path) -> None:
    place = SqlPlace(tmp_path / "store.db")
    await place.restart()
    assert place.sql is not None
    await place.sql.close()
    source = (
        "import asyncio, sys\n"
        "from adapters.sql.store import SqlStore\n"
        "from tests.fakes.clock import FakeClock\n"
        "async def main():\n"
        "    store = await SqlStore.open(\n"
        "        sys.argv[1], replica_id='me', lease_s=10, clock=FakeClock())\n"
        "    await store.close()\n"
        "    assert 'alembic' not in sys.modules\n"
        "asyncio.run(main())\n"
    )
    await asyncio.to_thread(run, [sys.executable, "-c", source, place.url])


def run(command: list[str]) -> None:
    subprocess.run(command, cwd=ROOT, check=True)
