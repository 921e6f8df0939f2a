"""The command line as a person meets it: a process, what it prints, its exit code."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

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
    commands = (
        "run",
        "demo",
        "connect",
        "check",
        "stats",
        "teams-package",
        "migrate",
        "env-example",
    )
    for command in commands:
        assert f"\n    {command}" in done.stderr


def test_a_wizard_that_nobody_answers_ends_politely(run, tmp_path):
    done = run("connect", "slack", typed="nonsense\n")
    assert done.returncode == 1
    assert "begins with xoxb-" in done.stdout
    assert "Nothing was written" in done.stdout
    assert done.stderr == ""
    assert not (tmp_path / ".env").exists()


def test_the_wizard_for_teams_begins_with_where_to_go(run, tmp_path):
    done = run("connect", "teams", typed="nonsense\n")
    assert done.returncode == 1
    assert "https://YOUR-HOST/api/messages" in done.stdout
    assert "Nothing was written" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_teams_package_is_written_for_the_app(run, tmp_path):
    app_id = "22222222-2222-4222-8222-222222222222"
    done = run("teams-package", "--output", "app.zip", "--name", "Ask", MICROSOFT_APP_ID=app_id)
    assert done.returncode == 0
    assert "app.zip" in done.stdout
    assert "Upload an app" in done.stdout
    with ZipFile(tmp_path / "app.zip") as package:
        manifest = json.loads(package.read("manifest.json"))
    assert (manifest["id"], manifest["name"]) == (app_id, {"short": "Ask"})


def test_a_teams_package_without_an_app_id_is_a_line(run, tmp_path):
    done = run("teams-package")
    assert done.returncode == 2
    assert done.stderr.startswith("MICROSOFT_APP_ID: ")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_told(run):
    app_id = "22222222-2222-4222-8222-222222222222"
    done = run("teams-package", "--output", "gone/app.zip", MICROSOFT_APP_ID=app_id)
    assert done.returncode == 1
    assert done.stderr.startswith("gone/app.zip cannot be written")


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
