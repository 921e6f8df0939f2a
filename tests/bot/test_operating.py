"""An operator's commands, beside a process that has the database."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from adapters.sql.sqlite import backing_up
from adapters.sql.sqlite.backing_up import BackupFailedError, back_up
from adapters.sql.store import SqlStore, open_beside
from bot.commands import check
from bot.commands.acting import describe_pauses
from bot.commands.audit import print_audit
from bot.commands.backup import backup, to_pg_dump
from bot.commands.dead_letters import change_dead_letters, print_dead_letters
from bot.commands.erase import erase
from bot.commands.stats import print_stats
from bot.settings import read_settings
from core.errors import SettingError
from tests.adapters.langfuse.facts import new_keys, tracing
from tests.adapters.langfuse.facts import turn as traced
from tests.adapters.sql.test_group_commit import database_of
from tests.adapters.sql.test_schema import migrate
from tests.contracts.stores import (
    ANN,
    KEY,
    LONG_AGO,
    NOON,
    SqlPlace,
    accept,
    answered,
    begun,
    deed,
    message,
    opened,
    ref,
    turn,
)
from tests.fakes.clock import FakeClock
from tests.standins.langfuse import Fault, LangfuseStandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import Connection

    from tests.contracts.stores import Store


@pytest.fixture(params=["sql", "postgres"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Store]:
    """Of a process that runs; the commands find it by its setting."""
    monkeypatch.chdir(tmp_path)
    async with opened(request.param, tmp_path) as place:
        assert isinstance(place, SqlPlace)
        monkeypatch.setenv("DATABASE_URL", place.url)
        yield place.store


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SqlPlace]:
    """The same on SQLite alone, where it can be looked into."""
    monkeypatch.chdir(tmp_path)
    async with opened("sql", tmp_path) as place:
        assert isinstance(place, SqlPlace)
        monkeypatch.setenv("DATABASE_URL", place.url)
        yield place


async def dead(store: Store, message_id: str, reason: str = "delivery: it failed too often") -> str:
    hold, first = await begun(store, message(message_id, text="My secret question\nin two lines"))
    await hold.save_part(first.turn_id, ref(f"notice of {message_id}"))
    await hold.bury(first.turn_id, reason)
    assert await hold.release()
    return first.turn_id


# Dead letters


async def test_dead_letters_are_listed_without_what_people_wrote(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await print_dead_letters(as_json=False, with_text=False) == 0
    assert capsys.readouterr().out == "There are no dead letters.\n"
    await print_dead_letters(as_json=True, with_text=False)
    assert capsys.readouterr().out == "[]\n"

    first = await dead(store, "m1")
    await dead(store, "m2", "it failed too often")
    await print_dead_letters(as_json=False, with_text=False)
    shown = capsys.readouterr().out
    assert "secret" not in shown
    for word in (
        first,
        "2026-03-02 12:00 UTC",
        "slack",
        "channel",
        "delivery: it failed too often",
    ):
        assert word in shown
    await print_dead_letters(as_json=True, with_text=False)
    letters = json.loads(capsys.readouterr().out)
    assert letters[0] == {
        "id": first,
        "received_at": NOON.isoformat(),
        "platform": "slack",
        "channel_kind": "channel",
        "category": "delivery",
        "why": "it failed too often",
        "tries": 1,
        "age_s": letters[0]["age_s"],
    }
    assert [one["category"] for one in letters] == ["delivery", "internal"]


async def test_their_text_is_shown_when_it_is_asked_for(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    await dead(store, "m1")
    await print_dead_letters(as_json=False, with_text=True)
    assert "My secret question in two lines" in capsys.readouterr().out
    await print_dead_letters(as_json=True, with_text=True)
    (letter,) = json.loads(capsys.readouterr().out)
    assert letter["text"] == "My secret question\nin two lines"


async def test_a_retried_one_is_begun_by_the_running_process_in_the_same_message(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    first = await dead(store, "m1")
    assert await change_dead_letters("retry", [first, "nonsense", first]) == 1
    said = capsys.readouterr()
    assert said.out == f"{first}: put back: a running bot answers it, in the same message\n"
    assert said.err == "nonsense: there is no such dead letter\n"
    (hold,) = await store.adopt(9)
    queued = await hold.begin()
    assert queued is not None
    assert (queued.turn_id, queued.parts) == (first, (ref("notice of m1"),))
    assert await hold.record(turn(queued))
    ((_, noted),) = await store.deeds(LONG_AGO)
    assert (noted.what, noted.subject) == ("dead-letter retry", first)
    assert noted.who.startswith("command line (")


async def test_a_dropped_one_is_gone_and_on_record(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    first = await dead(store, "m1")
    assert await change_dead_letters("drop", [first]) == 0
    assert capsys.readouterr().out == f"{first}: dropped for good\n"
    assert await store.dead_letters() == []
    assert await change_dead_letters("retry", [first]) == 1
    await print_audit("30d", as_json=True)
    (noted,) = json.loads(capsys.readouterr().out)
    assert (noted["what"], noted["on"]) == ("dead-letter drop", first)


# The record, and pauses


async def test_what_was_done_is_printed_and_what_is_too_old_is_not(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    await print_audit("30d", as_json=False)
    assert capsys.readouterr().out == "No admin has done anything in the last 30d.\n"
    beside = await open_beside_of(store)
    await beside.note(deed("pause"))
    await beside.close()
    await print_audit("1h", as_json=False)
    shown = capsys.readouterr().out
    for word in ("when", "who", "slack:T1:U-admin", "pause", "slack:T1:C1"):
        assert word in shown
    await store.note(deed("resume"))  # at its own time, years ago
    await print_audit("1h", as_json=True)
    assert [one["what"] for one in json.loads(capsys.readouterr().out)] == ["pause"]


async def open_beside_of(store: Store) -> Store:
    from bot.clock import SystemClock
    from bot.settings import read_settings

    return await open_beside(read_settings().database_url, SystemClock())


async def test_pauses_are_described_in_a_line_each(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await describe_pauses(store) == []
    await store.pause("slack", "T1", "", "a fire", deed())
    await store.pause("slack", "T1", "C1", "", deed())
    assert await describe_pauses(store) == [
        "paused: slack:T1 since 2026-03-02 12:00 UTC (a fire)",
        "paused: slack:T1:C1 since 2026-03-02 12:00 UTC",
    ]
    await print_stats("24h", as_json=False)
    assert capsys.readouterr().out.endswith("\n\npaused: slack:T1:C1 since 2026-03-02 12:00 UTC\n")


# Forgetting a person


async def test_a_person_is_forgotten_and_the_counts_are_printed(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    await answered(store, message("m1"))
    assert await erase("slack:T1:U-ann", dry_run=True) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Would forget slack:T1:U-ann:\n")
    assert "     1 turns" in shown
    assert len(await store.history(KEY, 9)) == 1
    assert await store.deeds(LONG_AGO) == []

    assert await erase("slack:T1:U-ann", dry_run=False) == 0
    assert capsys.readouterr().out == shown.replace("Would forget", "Forgot")
    assert await store.history(KEY, 9) == []
    await erase("slack:T1:U-ann", dry_run=False)
    assert "     0 turns" in capsys.readouterr().out


async def test_traces_are_deleted_too_and_a_failure_there_leaves_the_rest_forgotten(
    store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await answered(store, message("m1"))
    async with LangfuseStandIn(**new_keys()) as langfuse:
        for name, value in langfuse.environment().items():
            monkeypatch.setenv(name, value)
        async with tracing(langfuse) as tracer:
            tracer.turn_recorded(traced(author=ANN))
        langfuse.fault = Fault("status", 403)
        assert await erase("slack:T1:U-ann", dry_run=False) == 1
        said = capsys.readouterr()
        assert "     1 turns" in said.out
        assert said.err.startswith("Langfuse: http://127.0.0.1")
        assert "answers 403; run this again" in said.err
        assert await store.history(KEY, 9) == []
        langfuse.fault = None
        assert await erase("slack:T1:U-ann", dry_run=True) == 0
        assert langfuse.observations != {}
        assert await erase("slack:T1:U-ann", dry_run=False) == 0
        assert capsys.readouterr().out.count("     1 traces in Langfuse\n") == 2
        assert langfuse.observations == {}


# Backup


async def test_a_backup_of_a_running_bot_is_whole_and_of_one_moment(
    place: SqlPlace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await answered(place.store, message("before"))
    writing = asyncio.create_task(write_on(place.store))
    target = tmp_path / "copy.db"
    for force in (False, True, True):
        assert await backup(target, force=force) == 0
    writing.cancel()
    assert "checked and complete" in capsys.readouterr().out
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert not (tmp_path / "copy.db.partial").exists()
    with closing(sqlite3.connect(target)) as copied:
        asked, ordered = copied.execute(
            "SELECT count(*), (SELECT sum(next_seq) FROM conversations) FROM inbox"
        ).fetchone()
        noted = copied.execute("SELECT what, subject FROM audit").fetchall()
    assert asked == ordered > 0
    assert noted == [("backup", str(target))] * 3


async def write_on(store: Store) -> None:
    while True:
        await accept(store)


async def test_what_is_there_is_replaced_only_when_it_is_said(
    place: SqlPlace, tmp_path: Path
) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")
    with pytest.raises(SettingError, match="FILE exists"):
        await backup(target, force=False)
    assert target.read_text() == "precious"
    assert await place.store.deeds(LONG_AGO) == []
    for own in ("store.db", "store.db-wal", "store.db.lock"):
        with pytest.raises(SettingError, match="is the database itself"):
            await backup(tmp_path / own, force=True)
    with pytest.raises(SettingError, match="is a folder"):
        await backup(tmp_path, force=True)


async def test_a_backup_that_fails_leaves_what_was_there(
    place: SqlPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")

    def damage(source: Path, partial: Path) -> None:
        whole = (tmp_path / "whole.db").read_bytes()
        partial.write_bytes(whole[:8192] + b"\xff" * 4096 + whole[12288:])

    await asyncio.to_thread(back_up, tmp_path / "store.db", tmp_path / "whole.db")
    monkeypatch.setattr(backing_up, "_copy", damage)
    with pytest.raises(BackupFailedError):
        await asyncio.to_thread(back_up, tmp_path / "store.db", target)
    assert target.read_text() == "precious"
    assert not (tmp_path / "copy.db.partial").exists()
    assert await backup(tmp_path / "nowhere" / "copy.db", force=False) == 1


async def test_a_restored_backup_goes_on_with_what_was_interrupted_and_answers_nothing_twice(
    place: SqlPlace, tmp_path: Path
) -> None:
    store = place.store
    await answered(store, message("done"))
    hold, cut = await begun(store, message("running"))
    await hold.save_part(cut.turn_id, ref("half an answer"))
    waiting = await accept(store, message("waiting"))
    assert await backup(tmp_path / "copy.db", force=False) == 0
    await hold.record(turn(cut))
    await place.close()
    (tmp_path / "store.db").unlink()
    (tmp_path / "copy.db").replace(tmp_path / "store.db")

    store = await place.restart()
    (hold,) = await store.adopt(9)
    first = await hold.begin()
    assert first is not None
    assert (first.turn_id, first.recovered, first.parts) == (
        cut.turn_id,
        True,
        (ref("half an answer"),),
    )
    assert not await hold.record(turn(first))
    second = await hold.begin()
    assert second is not None
    assert second.turn_id == waiting.turn_id
    assert await hold.record(turn(second))
    assert await store.adopt(9) == []
    for name in ("done", "running", "waiting"):
        assert (await accept(store, message(name))).status == "duplicate"


def test_the_line_for_postgres_names_all_but_the_password(tmp_path: Path) -> None:
    url = "postgresql+asyncpg://chat:s%40cret@db.example.org:5433/bot?ssl=require&password=s"
    line = to_pg_dump(url, tmp_path / "a b.dump")
    assert line == (
        f"pg_dump --format=custom '--file={tmp_path}/a b.dump' "
        "'postgresql://chat@db.example.org:5433/bot?sslmode=require'"
    )


async def test_postgres_is_backed_up_by_its_own_tool(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://chat:secret@db.example.org/bot")
    assert await backup(tmp_path / "copy.dump", force=False) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "pg_dump --format=custom" in said.err
    assert "secret" not in said.err


# An older database


async def old_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqlPlace:
    from adapters.sql.sqlite.connecting import connect_writer

    monkeypatch.chdir(tmp_path)
    connection = connect_writer(tmp_path / "old.db")
    migrate(connection, "0002")
    connection.close()
    place = SqlPlace(tmp_path / "old.db")
    monkeypatch.setenv("DATABASE_URL", place.url)
    return place


async def test_a_backup_before_an_update_does_not_migrate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await old_database(tmp_path, monkeypatch)
    assert await backup(tmp_path / "copy.db", force=False) == 0
    for name in ("old.db", "copy.db"):
        with closing(sqlite3.connect(tmp_path / name)) as raw:
            assert raw.execute("SELECT version FROM schema_version").fetchone() == (2,)


async def test_other_commands_migrate_unless_an_older_bot_has_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adapters.sql.sqlite.file import FileLock

    place = await old_database(tmp_path, monkeypatch)
    lock = FileLock(tmp_path / "old.db.lock")
    lock.acquire()
    with pytest.raises(SettingError, match="a bot of an older version"):
        await open_beside(place.url, FakeClock())
    lock.release()
    store = await open_beside(place.url, FakeClock())
    await store.note(deed())
    await store.close()


async def test_a_check_is_no_replica_with_whom_budgets_are_shared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def counted(_: SqlStore) -> None:
        raise AssertionError("a replica more")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(SqlStore, "beat", counted)
    assert await check._database(read_settings()) == (True, "database: can be written")


async def test_a_write_beside_leaves_the_file_to_its_owner_for_as_long(place: SqlPlace) -> None:
    clock = FakeClock()
    beside = await open_beside(place.url, clock)

    def work(_: Connection) -> None:
        clock._move_to(clock.monotonic() + 0.5)

    writing = asyncio.create_task(database_of(beside).write(work))
    await clock.until_asleep()
    assert clock.sleeps == [0.5]
    assert (await accept(place.store, slot=False)).status == "accepted"
    assert not writing.done()
    await clock.advance(0.5)
    await writing
