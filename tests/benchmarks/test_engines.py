"""The harness in which our store stands beside other engines."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.engines.book import Book, Line
from benchmarks.engines.comparing import OURS
from benchmarks.engines.contenders import living
from benchmarks.engines.environment import LOCK
from benchmarks.processes import ROOT


def book(*words: str) -> Book:
    """`b` and `e` with key and number, one a second."""
    names = {"b": "begin", "e": "end"}
    lines = [
        Line(names[word[0]], (word[1], int(word[2:])), float(at)) for at, word in enumerate(words)
    ]
    return Book(lines)


def test_what_runs_in_order_is_faultless() -> None:
    read = book("bA1", "bB1", "eA1", "bA2", "eB1", "eA2")
    assert (read.overlaps(), read.doubled(), read.out_of_order()) == (0, 0, 0)
    assert read.lost([("A", 1), ("A", 2), ("B", 1)]) == 0
    assert read.lost([("B", 2)]) == 1


def test_faults_are_counted() -> None:
    assert book("bA1", "bA2", "eA1", "eA2").overlaps() == 1
    assert book("bA1", "eA1", "bA1", "eA1").doubled() == 1
    assert book("bA2", "eA2", "bA1", "eA1").out_of_order() == 1
    assert book("bA1").lost([("A", 1)]) == 1


def test_what_a_kill_cut_begins_again_and_nothing_overtakes_it() -> None:
    again = book("bA1", "bA1", "eA1", "bA2", "eA2")
    assert (again.overlaps(), again.doubled()) == (0, 0)
    assert book("bA1", "bA2", "eA2", "bA1", "eA1").overlaps() == 1


async def test_our_store_works_off_and_goes_on_after_a_kill(tmp_path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/engine.db"
    first = [(f"key{n}", 1) for n in range(3)]
    second = [(key, 2) for key, _ in first]
    async with living(OURS, tmp_path, url, works_s=0.5) as life:
        await life.tell(first, 2)
        await life.tell(second, 2)
        await life.begun(first)
        life.kill()
    async with living(OURS, tmp_path, url, works_s=0.0) as life:
        done = await life.done(first + second)
    assert done.lost(first + second) == 0
    assert (done.overlaps(), done.doubled(), done.out_of_order()) == (0, 0, 0)
    assert {len(done.begun()[one]) for one in first} == {2}


def test_engines_are_pinned_and_no_packages_of_the_bot() -> None:
    locked = LOCK.read_text()
    pinned = re.findall(r"^([a-z0-9-]+)==", locked, flags=re.MULTILINE)
    hashed = re.findall(r"^[a-z0-9-]+==[^\n]*\\\n +--hash=sha256:", locked, flags=re.MULTILINE)
    assert len(pinned) == len(hashed) > 5
    assert "://" not in locked
    of_the_bot = (Path(ROOT) / "requirements-dev.lock").read_text()
    assert "\ndbos==" not in of_the_bot
    assert "\nprocrastinate==" not in of_the_bot
