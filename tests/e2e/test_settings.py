"""A setting that is wrong or missing stops the start with one line, and never says its value."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.process import ROOT, run_command

if TYPE_CHECKING:
    from tests.e2e.team import Team

RIGHT = {
    "SLACK_BOT_TOKEN": "xoxb-test",
    "SLACK_SIGNING_SECRET": "a-made-up-secret",
    "SLACK_API_URL": "http://127.0.0.1:9/api/",
    "LLM_MODEL": "openai/demo",
    "LLM_API_KEY": "a-made-up-key",
    "LLM_BASE_URL": "http://127.0.0.1:9/v1",
}
CANARY = "canary-in-a-setting"
SOON_S = 2.0
BUSY_MACHINE_S = 10.0
"""A start is measured beside everything else that runs here: the promise is SOON_S."""

WRONG: dict[str, dict[str, str]] = {
    "LLM_MODEL": {"LLM_MODEL": ""},
    "LLM_BASE_URL": {"LLM_BASE_URL": f"http://{CANARY}.example.org/v1"},
    "SLACK_BOT_TOKEN": {"SLACK_BOT_TOKEN": ""},
    "SLACK_API_URL": {"SLACK_API_URL": f"http://{CANARY}.example.org/api/"},
    "HOST": {"HOST": "192.0.2.1"},
    "PRICES_FILE": {"LLM_MODEL": "openai/unheard-of", "BUDGET_USER_USD_DAY": "1"},
    "SYSTEM_PROMPT_FILE": {"SYSTEM_PROMPT_FILE": "missing.txt"},
    "SYSTEM_PROMPT_FILE  ": {"SYSTEM_PROMPT_FILE": "large.txt"},
    "DATABASE_URL  ": {"DATABASE_URL": "sqlite+aiosqlite:////proc/nowhere/chatbot.db"},
    "DATABASE_URL   ": {"DATABASE_URL": "sqlite+aiosqlite:///garbage.db"},
    "LOG_DIR": {"LOG_DIR": "/proc/nowhere"},
    "PLAYGROUND": {"PLAYGROUND": "true", "HOST": "0.0.0.0"},
}
WRONG_LIKEWISE: dict[str, dict[str, str]] = {
    "BASE_MODEL_ID": {"LLM_MODEL": "", "LLM_PROVIDER": "gemini"},
    "LLM_TEMPERATURE": {"LLM_TEMPERATURE": CANARY},
    "SLACK_APP_TOKEN": {"SLACK_APP_TOKEN": CANARY},
    "SLACK_PACING": {"SLACK_PACING": CANARY},
    "PORT ": {"PORT": CANARY},
    "METRICS_PORT": {"METRICS_PORT": "-1"},
    "REQUEST_TIMEOUT": {"REQUEST_TIMEOUT": "0"},
    "ANSWER_TIMEOUT": {"ANSWER_TIMEOUT": "nan"},
    "RETRY_ATTEMPTS": {"RETRY_ATTEMPTS": "-1"},
    "BUDGET_USER_USD_DAY": {"BUDGET_USER_USD_DAY": "inf"},
    "ALLOWED_USERS": {"ALLOWED_USERS": CANARY},
    "ADMIN_USERS": {"ADMIN_USERS": f"slack::{CANARY}"},
    "THREAD_FOLLOW_UPS": {"THREAD_FOLLOW_UPS": "never"},
    "LOG_LEVEL": {"LOG_LEVEL": "LOUD"},
    "LEASE_S": {"LEASE_S": "1"},
    "LLM_BASE_URL ": {"LLM_BASE_URL": f"{CANARY}:not an address"},
    "SLACK_BOT_TOKEN ": {"SLACK_BOT_TOKEN": CANARY},
    "SLACK_SIGNING_SECRET": {"SLACK_SIGNING_SECRET": " "},
    "PORT": {"PORT": "70000"},
    "RATE_LIMIT_USER": {"RATE_LIMIT_USER": "many"},
    "PRICES_FILE ": {"PRICES_FILE": "missing.json"},
    "SYSTEM_PROMPT_FILE ": {"SYSTEM_PROMPT_FILE": "empty.txt"},
    "DATABASE_URL": {"DATABASE_URL": CANARY},
    "DATABASE_URL ": {"DATABASE_URL": f"postgresql://ada:{CANARY}@db.example.org/bot"},
}
"""Seen in the same places as those above."""
CASES = [
    *WRONG,
    *(pytest.param(name, marks=pytest.mark.long) for name in WRONG_LIKEWISE),
]


@pytest.mark.parametrize("name", CASES)
async def test_a_wrong_setting_stops_the_start_with_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty.txt").write_text("\n")
    (tmp_path / "large.txt").write_text("x" * 10_000_000)
    (tmp_path / "garbage.db").write_bytes(b"this is no database at all" * 1_000)
    wrong = (WRONG | WRONG_LIKEWISE)[name]
    ended = await run_command(tmp_path, "run", environment=RIGHT | wrong)
    assert (ended.code, ended.out) == (2, "")
    [line] = ended.err.splitlines()
    assert name.strip() in line
    assert CANARY not in line
    assert ended.took_s < BUSY_MACHINE_S


async def test_a_wrong_price_table_says_where(tmp_path: Path) -> None:
    (tmp_path / "prices.json").write_text('{"openai/demo": {"input": "cheap"}}')
    ended = await run_command(tmp_path, "run", environment=RIGHT | {"PRICES_FILE": "prices.json"})
    assert ended.code == 2
    [line] = ended.err.splitlines()
    assert "PRICES_FILE" in line
    assert "openai/demo" in line


@pytest.mark.parametrize("name", ["PORT", "METRICS_PORT"])
async def test_a_port_that_is_taken_is_said(tmp_path: Path, name: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = await run_command(tmp_path, "run", environment=RIGHT | {name: port})
    assert (ended.code, ended.out) == (2, "")
    [line] = ended.err.splitlines()
    assert line.startswith(f"{name}:")


async def test_a_second_process_on_the_same_database_does_not_start(team: Team) -> None:
    async with team.bot():
        settings = team.settings()
        ended = await run_command(team.folder, "run", environment=settings)
        assert (ended.code, ended.out) == (2, "")
        [line] = ended.err.splitlines()
        assert "DATABASE_URL" in line
        await team.answer_to(team.ask("How do I connect Slack?"))


async def test_a_file_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "data").mkdir(mode=0o500)
    url = "sqlite+aiosqlite:///data/chatbot.db"
    ended = await run_command(tmp_path, "run", environment=RIGHT | {"DATABASE_URL": url})
    assert ended.code == 2
    assert "DATABASE_URL" in ended.err


async def test_settings_are_read_from_a_file_and_the_environment_wins(tmp_path: Path) -> None:
    lines = [f"{name}={value}" for name, value in RIGHT.items()]
    (tmp_path / ".env").write_text("\n".join([*lines, "RATE_LIMIT_USER=many", ""]))
    ended = await run_command(tmp_path, "run", environment={"LLM_MODEL": "openai/demo"})
    assert "RATE_LIMIT_USER" in ended.err
    ended = await run_command(
        tmp_path, "run", environment={"RATE_LIMIT_USER": "1/minute", "PORT": "70000"}
    )
    assert ended.err.startswith("PORT")


async def test_the_list_of_settings_in_the_repository_is_the_one_that_is_printed(
    tmp_path: Path,
) -> None:
    ended = await run_command(tmp_path, "env-example", environment={})
    assert ended.code == 0
    assert ended.out == (ROOT / ".env.example").read_text("utf-8")
