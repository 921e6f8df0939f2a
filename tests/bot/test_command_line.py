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

from bot.__main__ import main as command_line
from bot.commands.connect import write_package
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
        "digest",
        "teams-package",
        "migrate",
        "dead-letters",
        "backup",
        "erase",
        "audit",
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


def test_a_package_with_other_content_is_replaced_only_when_somebody_says_so(tmp_path):
    output = tmp_path / "app.zip"
    asked = []

    def answer(*, yes):
        return lambda path: asked.append(path) or yes

    assert write_package(output, b"one", answer(yes=False))[0]
    assert write_package(output, b"one", answer(yes=False))[0]
    assert asked == []
    is_there, line = write_package(output, b"two", answer(yes=False))
    assert (is_there, output.read_bytes(), asked) == (True, b"one", [output])
    assert "as it was" in line
    assert write_package(output, b"two", answer(yes=True))[0]
    assert output.read_bytes() == b"two"


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


@pytest.fixture
def main(tmp_path, monkeypatch):
    """In this process: quicker, where nothing is opened."""
    monkeypatch.chdir(tmp_path)

    def main(*arguments, **settings):
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        return command_line(arguments)

    return main


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("dead-letters", "usage: "),
        ("dead-letters dance", "invalid choice"),
        ("dead-letters retry", "ID"),
        ("backup", "FILE"),
        ("erase", "--user"),
    ],
)
def test_what_is_missing_on_the_line_is_said(main, capsys, line, said):
    with pytest.raises(SystemExit) as ended:
        main(*line.split())
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("erase --user ada", "--user: each entry has the form platform:workspace:id"),
        ("audit --since soon", "--since: write it like"),
        ("dead-letters list", "there is no database yet"),
        ("dead-letters retry a", "there is no database yet"),
        ("erase --user slack:T:U", "there is no database yet"),
        ("erase --user slack:T:U --dry-run", "there is no database yet"),
        ("audit", "there is no database yet"),
        ("backup a.db", "there is no database yet"),
    ],
)
def test_an_operators_command_that_cannot_be_done_is_a_line(main, capsys, line, said, tmp_path):
    assert main(*line.split()) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.err.count("\n") == 1
    assert shown.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_told(main, capsys, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/chatbot.db").write_text("Dear diary, " * 100)
    for line in ("dead-letters list", "dead-letters drop a", "audit", "backup a.db"):
        assert main(*line.split()) in (1, 2)
        assert capsys.readouterr().err.endswith("file is not a database\n")


@pytest.mark.parametrize("option", [(), ("--dry-run",)])
def test_a_digest_for_nobody_names_the_setting(main, capsys, option):
    assert main("digest", *option) == 2
    said = capsys.readouterr().err
    assert said.startswith("DIGEST_CHANNELS: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("date", ["yesterday", "2026-13-01", "2026-03-02T09:00"])
def test_a_date_that_is_none_is_a_usage_line(main, capsys, date):
    with pytest.raises(SystemExit) as ended:
        main("digest", "--date", date, DIGEST_CHANNELS="slack:T1:C1")
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: ")
    assert "write it like 2026-03-02" in said


@pytest.mark.parametrize(
    ("date", "said"),
    [("9999-12-31", "is still to come"), ("0001-01-01", "there was no bot before")],
)
def test_a_date_without_a_digest_is_refused(main, capsys, date, said):
    assert main("digest", "--date", date, DIGEST_CHANNELS="slack:T1:C1") == 2
    shown = capsys.readouterr().err
    assert shown.startswith("--date: ")
    assert said in shown


def test_a_digest_of_a_platform_that_is_not_connected_is_not_posted(main, capsys):
    channels = "slack:T1:C1, web:playground:nowhere"
    assert main("digest", DIGEST_CHANNELS=channels, PLAYGROUND="true") == 1
    assert capsys.readouterr().out.count("was not posted: ") == 2


def test_a_digest_can_be_posted_into_the_playground(main, capsys):
    wanted = {"DIGEST_CHANNELS": "web:playground:general", "PLAYGROUND": "true"}
    for said in ("was posted\n", "was posted already\n"):
        assert main("digest", **wanted) == 0
        assert capsys.readouterr().out.endswith(said)
    assert main("digest", "--dry-run", **wanted) == 0
    assert "nobody in this workspace" in capsys.readouterr().out
