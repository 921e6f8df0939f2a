"""Settings that are wrong, and a schema that several processes find at once."""

from __future__ import annotations

import asyncio
import re
import ssl
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.sql.postgres import opening
from adapters.sql.postgres.address import is_postgres, read_address
from adapters.sql.postgres.opening import MIGRATION_LOCK, to_setting_error
from adapters.sql.schema.tables import metadata
from adapters.sql.schema.upgrading import VERSION
from adapters.sql.store import SqlStore, look_into
from core.errors import NotStored, SettingError
from tests.contracts.stores import KEY, SqlPlace, accept, answered, closing, deed
from tests.contracts.test_store_turns import EVER
from tests.fakes.clock import FakeClock
from tests.tooling.databases import connect, lent_database, new_database, postgres_server
from tests.tooling.postgres import ASKED_FOR_PASSWORD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[4]


async def open_store(url: str) -> SqlStore:
    return await SqlStore.open(url, replica_id="me", lease_s=10, clock=FakeClock())


@pytest.fixture
async def stranger() -> AsyncIterator[str]:
    """A user with a password, and no right in anybody's schema."""
    connection = await connect()
    await connection.execute(f"CREATE ROLE {ASKED_FOR_PASSWORD} LOGIN PASSWORD 'right-secret'")
    yield ASKED_FOR_PASSWORD
    await connection.execute(f"DROP ROLE {ASKED_FOR_PASSWORD}")
    await connection.close()


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("{user}:wrong-secret@127.0.0.1:{port}/postgres", "the password is wrong"),
        ("{user}:right-secret@127.0.0.1:{port}/secret", "there is no database of that name"),
        ("{user}:right-secret@127.0.0.1:{port}/postgres", "the user may not do this there"),
        ("{user}:secret@127.0.0.1:1/postgres", "the server cannot be reached"),
        ("/postgres?host=/tmp/no-secret", "the server cannot be reached"),
        ("{user}:secret@127.0.0.1:{port}/postgres?ssl=require", "the server speaks no TLS"),
        ("{user}:secret@127.0.0.1:port/postgres", "cannot be read"),
        ("{user}:secret@127.0.0.1:{port}/postgres?sslmode=secret", "must be one of"),
        ("{user}:secret@[127.0.0.1:{port}/postgres", "is not a URL"),
        ("{user}:secret@127.0.0.1:{port}", "must name a database"),
        ("{user}:secret@127.0.0.1:{port}/", "must name a database"),
    ],
)
async def test_a_wrong_url_is_one_line_that_says_what_is_wrong_and_no_secret(
    stranger: str, where: str, words: str
) -> None:
    url = "postgresql+asyncpg://" + where.format(user=stranger, port=postgres_server().port)
    with pytest.raises(SettingError, match=words) as caught:
        await open_store(url)
    said = str(caught.value)
    assert said.startswith("DATABASE_URL ")
    assert re.search(r"secret|stranger|127\.0|\n", said) is None
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_certificate_that_is_not_trusted_is_told_as_that() -> None:
    refused = ssl.SSLCertVerificationError(1, "for db.example.org")
    refused.reason = "CERTIFICATE_VERIFY_FAILED"
    assert str(to_setting_error(refused)).endswith("TLS failed (CERTIFICATE_VERIFY_FAILED)")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgresql+asyncpg://u:p@h:1/d", "postgresql://u:p@h:1/d"),
        ("postgres://u:p%40x@h/d?ssl=verify-full", "postgresql://u:p%40x@h/d?sslmode=verify-full"),
        ("postgresql://u@a:1,b:2/d?x=y%26z", "postgresql://u@a:1,b:2/d?x=y%26z"),
    ],
)
def test_the_driver_gets_the_url_in_its_own_words(url: str, address: str) -> None:
    assert is_postgres(url)
    assert read_address(url) == address


async def test_of_several_hosts_the_one_that_takes_writes_is_used() -> None:
    async with lent_database() as url:
        dead_first = url.replace("127.0.0.1:", "127.0.0.1:1,127.0.0.1:")
        store = await open_store(f"{dead_first}?target_session_attrs=read-write")
        assert await store.ready() == ""
        await store.close()


# The schema


async def test_the_migrations_make_the_schema_that_the_statements_expect() -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    async with new_database() as url:
        await (await open_store(url)).close()
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            found = await connection.run_sync(
                lambda plain: compare_metadata(MigrationContext.configure(plain), metadata)
            )
        await engine.dispose()
    assert found == []


async def test_processes_that_start_at_once_migrate_once() -> None:
    async with new_database() as url:
        stores = await asyncio.gather(*(open_store_as(url, str(n)) for n in range(5)))
        for store in stores:
            assert (await accept(store, slot=False)).status == "accepted"
        assert (await stores[0].depth())[0] == 5
        await asyncio.gather(*(store.close() for store in stores))
        connection = await connect(url.rpartition("/")[2])
        rows = await connection.fetch("SELECT version, readable_by FROM schema_version")
        await connection.close()
    assert [tuple(row) for row in rows] == [(VERSION, 1)]


async def open_store_as(url: str, replica_id: str) -> SqlStore:
    return await SqlStore.open(url, replica_id=replica_id, lease_s=10, clock=FakeClock())


async def test_a_migration_that_fails_leaves_no_trace() -> None:
    async with new_database() as url:
        connection = await connect(url.rpartition("/")[2])
        await connection.execute("CREATE TABLE turns (of_events text)")
        with pytest.raises(SettingError, match=r"already exists$"):
            await open_store(url)
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        await connection.close()
    assert [row["tablename"] for row in tables] == ["turns"]


@pytest.mark.parametrize(
    ("version", "readable_by"), [(VERSION + 1, VERSION), (VERSION + 2, VERSION + 1)]
)
async def test_a_newer_database_is_used_only_if_it_says_that_it_can_be(
    version: int, readable_by: int
) -> None:
    async with new_database() as url:
        await (await open_store(url)).close()
        connection = await connect(url.rpartition("/")[2])
        await connection.execute(
            "UPDATE schema_version SET version = $1, readable_by = $2", version, readable_by
        )
        await connection.close()
        if readable_by > VERSION:
            with pytest.raises(
                SettingError, match=r"^DATABASE_URL .*newer version.*update the bot$"
            ):
                await open_store(url)
            return
        store = await open_store(url)
        assert (await accept(store)).status == "accepted"
        await store.close()


async def test_who_waited_for_another_to_migrate_looks_at_what_it_made() -> None:
    """The other one may have been a newer version of the program."""
    async with new_database() as url:
        await (await open_store(url)).close()
        connection = await connect(url.rpartition("/")[2])
        await connection.execute("UPDATE schema_version SET version = 1, readable_by = 1")
        await connection.execute("BEGIN")
        await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
        opening = asyncio.create_task(open_store(url))
        while not await connection.fetchval(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        ):
            await connection.execute("SELECT pg_sleep(0.01)")
        newer = VERSION + 1
        await connection.execute(f"UPDATE schema_version SET version = 9, readable_by = {newer}")
        await connection.execute("COMMIT")
        with pytest.raises(SettingError, match="newer version"):
            await opening
        await connection.close()


@pytest.mark.parametrize("ends", [True, False])
async def test_a_table_that_pg_dump_reads_is_tried_again_a_few_times(
    ends: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with new_database() as url:
        await (await open_store(url)).close()
        dump = await connect(url.rpartition("/")[2])
        for name in ("parked", "told", "kept"):
            await dump.execute(f"ALTER TABLE inbox DROP COLUMN {name}")
        for name in ("parked_until_us", "retry_at_us"):
            await dump.execute(f"ALTER TABLE conversations DROP COLUMN {name}")
        await dump.execute("UPDATE schema_version SET version = 3")
        await dump.execute("UPDATE alembic_version SET version_num = '0003'")
        await dump.execute("BEGIN")
        await dump.execute("LOCK TABLE inbox IN ACCESS SHARE MODE")  # as pg_dump does

        async def others_go_on(_: float) -> None:
            await dump.execute("SELECT count(*) FROM inbox, conversations")
            if ends:
                await dump.execute("COMMIT")

        monkeypatch.setattr(opening, "MIGRATING", replace(opening.MIGRATING, lock_s=0.05))
        monkeypatch.setattr(opening, "_pause", others_go_on)
        if ends:
            await (await open_store(url)).close()
        else:
            with pytest.raises(SettingError, match="when pg_dump, or whatever it is, has ended"):
                await open_store(url)
        version = await dump.fetchval("SELECT version FROM schema_version")
        await dump.close()
    assert version == (VERSION if ends else 3)


# A look from beside


async def test_the_ledger_is_read_beside_a_running_bot_and_cannot_be_written() -> None:
    async with lent_database() as url, closing(SqlPlace(url)) as place:
        await place.restart()
        await answered(place.store)
        ledger = look_into(url, FakeClock())
        assert (await ledger.summary(EVER)).requests == 1
        with pytest.raises(NotStored, match="reading only"):
            await ledger.forget(KEY)


async def test_a_ledger_that_is_not_there_yet_is_one_line() -> None:
    async with new_database() as url:
        with pytest.raises(SettingError, match="there is no database yet; it is made by `run`"):
            await look_into(url, FakeClock()).summary(EVER)
    with pytest.raises(SettingError, match="cannot be reached"):
        await look_into("postgresql://127.0.0.1:1/x", FakeClock()).summary(EVER)


async def test_the_commands_work_on_it() -> None:
    async with new_database() as url:
        assert await run("migrate", url) == "the database is up to date\n"
        async with closing(SqlPlace(url)) as place:
            await place.restart()
            await answered(place.store)
            assert '"requests": 1' in await run("stats", url, "--json", "--since", "9999d")
            assert "database: can be written" in await run("check", url)


async def run(command: str, url: str, *options: str) -> str:
    def call() -> str:
        return subprocess.run(
            [sys.executable, "-m", "bot", command, *options],
            cwd=ROOT, env={"DATABASE_URL": url, "PATH": ""}, capture_output=True, text=True,
            check=False,
        ).stdout  # fmt: skip

    return await asyncio.to_thread(call)


async def test_what_admins_did_can_only_be_added_to() -> None:
    async with lent_database() as url:
        store = await open_store(url)
        await store.note(deed())
        await store.close()
        connection = await connect(url.rpartition("/")[2])
        for statement in ("UPDATE audit SET who = 'me'", "DELETE FROM audit", "TRUNCATE audit"):
            with pytest.raises(asyncpg.RaiseError, match="the audit is only added to"):
                await connection.execute(statement)
        assert await connection.fetchval("SELECT count(*) FROM audit") == 1
        await connection.close()
