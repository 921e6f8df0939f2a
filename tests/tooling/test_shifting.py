"""The clock of a child process that jumps, while its monotonic one goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.tooling.children.shifting import CLOCK, write_shift

if TYPE_CHECKING:
    from pathlib import Path

CHILD = """
import datetime, json, sys, time
from bot.clock import SystemClock
def look():
    now = SystemClock().now()
    assert isinstance(now, datetime.datetime) and issubclass(datetime.datetime, datetime.date)
    return [time.time(), time.time_ns() / 1e9, now.timestamp(), time.monotonic()]
before = look()
print("ready", flush=True)
sys.stdin.readline()
print(json.dumps([before, look()]))
"""


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0])
def test_it_jumps_while_it_runs(tmp_path: Path, jump_s: float) -> None:
    write_shift(tmp_path / "clock", 0.0)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD],
        env={**os.environ, CLOCK: str(tmp_path / "clock")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        write_shift(tmp_path / "clock", jump_s)
        told, _ = child.communicate("go on\n", timeout=30)
    before, after = json.loads(told)
    *wall, monotonic = [later - earlier for earlier, later in zip(before, after, strict=True)]
    assert all(abs(moved - jump_s) < 30 for moved in wall)
    assert 0 <= monotonic < 30
    assert abs(before[0] - time.time()) < 60
