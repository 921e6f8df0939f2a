"""What `tests/conftest.py` promises, shown on suites of one test in their own process."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.tooling.command import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Suite = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    def run(source: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "test_it.py").write_text(source, "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "--rootdir=."]
        return subprocess.run(
            [*command, "-c", str(ROOT / "pyproject.toml"), *arguments, str(tmp_path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


NO_BROWSER = {"CHROMIUM": "", "PATH": "/nowhere", "HOME": "/nowhere", "LOCALAPPDATA": ""}


def test_the_last_lines_name_the_real_parts_and_the_count(suite: Suite) -> None:
    lines = suite("def test_one(): import sqlalchemy").stdout.splitlines()
    assert lines[-1].startswith("1 passed in ")
    assert "Python 3." in lines[-2]
    assert "SQLite 3." in lines[-2]
    assert "sqlalchemy 2." in lines[-2]


def test_a_missing_part_is_said_loudly_and_fails_the_run(suite: Suite) -> None:
    outcome = suite("def test_one(): pass", REQUIRED_PARTS="chromedom")
    assert outcome.returncode == 1
    assert "MISSING: CHROMEDOM" in outcome.stdout
    assert "1 passed in" in outcome.stdout.splitlines()[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a browser has its fixed place")
def test_a_browser_that_may_be_missing_skips_its_tests(suite: Suite) -> None:
    outcome = suite(
        "def test_one(chromium): pass",
        REQUIRED_PARTS="chromium",
        ALLOW_MISSING="postgresql, Chromium",
        **NO_BROWSER,
    )
    assert outcome.returncode == 0, outcome.stdout
    assert "1 skipped in" in outcome.stdout.splitlines()[-1]


def test_a_browser_that_was_used_is_named(suite: Suite) -> None:
    outcome = suite("def test_one(chromium): assert chromium", ALLOW_MISSING="chromium")
    assert outcome.returncode == 0, outcome.stdout
    assert "Chromium 1" in outcome.stdout or "1 skipped" in outcome.stdout


def test_a_part_that_may_be_missing_skips_its_test_and_is_named(suite: Suite) -> None:
    source = "def test_one(agents_playground): pass"
    outcome = suite(source, PATH="/nowhere", HOME="/nowhere", XDG_CACHE_HOME="/nowhere")
    assert outcome.returncode == 0, outcome.stdout
    assert "1 skipped in" in outcome.stdout.splitlines()[-1]
    assert "may be missing: Agents Playground (no node and npm)" in outcome.stdout


def test_a_hidden_call_to_another_host_fails_the_test(suite: Suite) -> None:
    outcome = suite(
        "import socket\n"
        "def test_one():\n"
        "    try:\n"
        "        socket.create_connection(('192.0.2.1', 443), timeout=1)\n"
        "    except Exception:\n"
        "        pass\n"
    )
    assert outcome.returncode == 1
    assert "asked for other hosts than loopback" in outcome.stdout


@pytest.mark.parametrize(("arguments", "rounds"), [((), 3), (("--long",), 5)])
def test_long_raises_the_counts(suite: Suite, arguments: tuple[str, ...], rounds: int) -> None:
    outcome = suite(f"def test_one(count): assert count(short=3, long=5) == {rounds}", *arguments)
    assert outcome.returncode == 0, outcome.stdout


def test_long_tests_run_only_when_asked_for(suite: Suite) -> None:
    source = "import pytest\n@pytest.mark.long\ndef test_one(): pass"
    assert "1 skipped in" in suite(source).stdout
    assert "1 passed in" in suite(source, "--long").stdout


def test_settings_of_the_person_at_the_keyboard_do_not_reach_a_test(suite: Suite) -> None:
    source = "import os\ndef test_one(): assert 'SLACK_BOT_TOKEN' not in os.environ"
    assert suite(source, SLACK_BOT_TOKEN="xoxb-mine").returncode == 0
