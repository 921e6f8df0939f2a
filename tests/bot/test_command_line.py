"""The command line as a person meets it: a process, what it prints, its exit code."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path):
    """In a folder without `.env`, and without the settings of this machine."""

    def run(*arguments, typed="", **settings):
        ours = {name.upper() for name in Settings.model_fields}
        kept = {name: value for name, value in os.environ.items() if name not in ours}
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=tmp_path,
            env={**kept, "PYTHONPATH": str(ROOT), **settings},
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


def test_without_a_command_all_of_them_are_listed(run):
    done = run()
    assert done.returncode == 2
    for command in ("run", "demo", "connect", "check", "stats", "migrate", "env-example"):
        assert f"\n    {command}" in done.stderr


def test_a_wizard_that_nobody_answers_ends_politely(run, tmp_path):
    done = run("connect", "slack", typed="nonsense\n")
    assert done.returncode == 1
    assert "begins with xoxb-" in done.stdout
    assert "Nothing was written" in done.stdout
    assert done.stderr == ""
    assert not (tmp_path / ".env").exists()


def test_a_missing_setting_is_a_line_and_not_a_traceback(run):
    done = run("run")
    assert done.returncode == 2
    assert done.stderr.startswith("LLM_MODEL: ")
    assert done.stderr.count("\n") == 1


def test_the_check_goes_on_after_what_is_wrong(run):
    done = run("check", LLM_PROVIDER="demo", SYSTEM_PROMPT_FILE="gone.txt", PLAYGROUND="true")
    wrong = [line for line in done.stdout.splitlines() if line.startswith("WRONG")]
    assert done.returncode == 1
    assert len(wrong) == 1
    assert "SYSTEM_PROMPT_FILE" in wrong[0]
    assert "model demo: answers" in done.stdout


def test_a_model_that_says_nothing_does_not_hold_the_check_up(run):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        done = run(
            "check",
            LLM_MODEL="openai/silent",
            LLM_API_KEY="test",
            LLM_BASE_URL=f"http://127.0.0.1:{port}/v1",
            REQUEST_TIMEOUT="0.5",
            PLAYGROUND="true",
        )
    assert done.returncode == 1
    assert "WRONG  model openai/silent: timeout" in done.stdout
