from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from adapters.sql.sqlite.file import FileLock, read_path
from adapters.sql.store import SqlStore
from core.errors import SettingError
from tests.contracts.stores import SqlPlace, accept
from tests.fakes.clock import FakeClock


async def open_store(url: str) -> SqlStore:
    return await SqlStore.open(url, replica_id="me", lease_s=10, clock=FakeClock())


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite+aiosqlite:///data/chatbot.db", Path.cwd() / "data/chatbot.db"),
        ("sqlite:///data/chatbot.db", Path.cwd() / "data/chatbot.db"),
        ("sqlite+pysqlite:////var/lib/bot.db", Path("/var/lib/bot.db")),
    ],
)
def test_the_url_names_a_file(url: str, path: Path) -> None:
    assert read_path(url) == path


@pytest.mark.parametrize(
    "url",
    [
        "",
        "secret",
        "://secret",
        "postgresql+psycopg://bot:secret@db/bot",
        "mysql://bot:secret@db/bot",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite://secret/bot.db",
        "sqlite+aiosqlite:////proc/secret/bot.db",
        "sqlite+aiosqlite:////dev/null/secret.db",
    ],
)
async def test_a_wrong_url_is_one_line_that_names_the_setting_and_not_its_value(url: str) -> None:
    with pytest.raises(SettingError) as caught:
        await open_store(url)
    words = str(caught.value)
    assert words.startswith("DATABASE_URL ")
    assert "secret" not in words
    assert "\n" not in words
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret.db"
    path.write_bytes(b"minutes of a meeting" * 100)
    with pytest.raises(SettingError, match=r"^DATABASE_URL .*not a database"):
        await open_store(f"sqlite:///{path}")
    assert path.read_bytes() == b"minutes of a meeting" * 100


async def test_folders_are_made(tmp_path: Path) -> None:
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path}/a/b/chatbot.db")
    await store.close()
    assert (tmp_path / "a/b/chatbot.db").exists()


async def test_a_second_opening_is_refused_until_the_first_is_closed(tmp_path: Path) -> None:
    place = SqlPlace(tmp_path / "secret.db")
    await place.restart()
    assert place.sql is not None
    with pytest.raises(SettingError, match="another process") as caught:
        await open_store(place.url)
    assert "secret" not in str(caught.value)
    assert (await accept(place.store)).status == "accepted", "the first one goes on"
    await place.sql.close()
    store = await open_store(place.url)
    await store.close()


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    hold = (
        "import pathlib, sys, time\n"
        "from adapters.sql.sqlite.file import FileLock\n"
        "kept = FileLock(pathlib.Path(sys.argv[1])); kept.acquire()\n"
        "print('locked', flush=True); time.sleep(60)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", hold, str(path)],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == "locked\n"
        lock = FileLock(path)
        with pytest.raises(SettingError):
            lock.acquire()
        child.kill()
        child.wait()
    lock.acquire()
    lock.release()


def test_a_lock_whose_file_was_deleted_is_taken_anew(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "x.lock")
    lock.acquire()
    (tmp_path / "x.lock").unlink()
    lock.acquire()
    with pytest.raises(SettingError):
        FileLock(tmp_path / "x.lock").acquire()
    lock.release()


def test_a_deleted_lock_that_another_process_took_is_not_ours(tmp_path: Path) -> None:
    lock, other = FileLock(tmp_path / "x.lock"), FileLock(tmp_path / "x.lock")
    lock.acquire()
    (tmp_path / "x.lock").unlink()
    other.acquire()
    with pytest.raises(SettingError):
        lock.acquire()
    other.release()
    lock.release()
