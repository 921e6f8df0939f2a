from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.slack.check import check
from adapters.slack.connect import build_link, connect, explain
from adapters.slack.settings import SlackSettings
from tests.standins.slack import SlackStandIn, faults

MANIFEST = Path(__file__).parents[3] / "manifest.json"


class Person:
    """Pastes what it is told to, and reads what is said."""

    def __init__(self, *pastes: str) -> None:
        self.pastes = list(pastes)
        self.read: list[str] = []

    def ask(self, prompt: str) -> str:
        if not self.pastes:
            raise EOFError
        return self.pastes.pop(0)


def test_the_link_carries_the_whole_manifest() -> None:
    query = parse_qs(urlsplit(build_link(MANIFEST)).query)
    assert json.loads(query["manifest_json"][0]) == json.loads(MANIFEST.read_text("utf-8"))


async def test_two_pastes_connect_over_socket_mode(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("# mine\nLLM_MODEL=m\nSLACK_BOT_TOKEN=old\n", "utf-8")
    async with SlackStandIn() as slack:
        person = Person(slack.app_token, f' "{slack.bot_token}" ', slack.app_token)
        done = await connect(
            MANIFEST, env, ask=person.ask, say=person.read.append, api_url=slack.api_url
        )
    assert done
    assert env.read_text("utf-8").splitlines() == [
        "# mine",
        "LLM_MODEL=m",
        f"SLACK_BOT_TOKEN={slack.bot_token}",
        f"SLACK_APP_TOKEN={slack.app_token}",
    ]
    assert env.stat().st_mode & 0o077 == 0
    assert "That is an app-level token; the one needed begins with xoxb-" in person.read


async def test_over_http_the_signing_secret_is_asked_for(tmp_path: Path) -> None:
    async with SlackStandIn() as slack:
        person = Person(slack.bot_token, "0" * 32)
        done = await connect(
            MANIFEST,
            tmp_path / ".env",
            ask=person.ask,
            say=person.read.append,
            http=True,
            api_url=slack.api_url,
        )
    assert done
    assert f"SLACK_SIGNING_SECRET={'0' * 32}" in (tmp_path / ".env").read_text("utf-8")


async def test_after_three_wrong_pastes_nothing_is_written(tmp_path: Path) -> None:
    async with SlackStandIn() as slack:
        person = Person("", "hello", "xoxb-wrong")
        done = await connect(
            MANIFEST,
            tmp_path / ".env",
            ask=person.ask,
            say=person.read.append,
            api_url=slack.api_url,
        )
    assert not done
    assert not (tmp_path / ".env").exists()


async def test_who_leaves_in_the_middle_has_written_nothing(tmp_path: Path) -> None:
    async with SlackStandIn() as slack:
        person = Person(slack.bot_token)
        done = await connect(
            MANIFEST,
            tmp_path / ".env",
            ask=person.ask,
            say=person.read.append,
            api_url=slack.api_url,
        )
    assert not done
    assert "Nothing was written" in person.read[-1]
    assert not (tmp_path / ".env").exists()


@pytest.mark.parametrize(
    ("value", "prefix", "word"),
    [
        ("xoxp-1", "xoxb-", "user token"),
        ("xapp-1", "xoxb-", "app-level"),
        ("xoxb-1", "", "bot token"),
        ("https://x", "xoxb-", "address"),
        ("xoxb-a b", "xoxb-", "white space"),
        ("xoxb-1", "xoxb-", ""),
    ],
)
def test_mistakes_are_explained_without_repeating_the_value(
    value: str, prefix: str, word: str
) -> None:
    said = explain(value, prefix)
    assert word in said
    assert value not in said


async def test_the_check_says_in_a_line_each_what_is_wrong() -> None:
    async with SlackStandIn() as slack:
        good = SlackSettings(slack.bot_token, slack.app_token, api_url=slack.api_url)
        assert [ok for ok, _ in await check(good)] == [True, True]
        slack.faults.on("auth.test", faults.error("token_revoked"))
        (bot, both) = await check(SlackSettings(slack.bot_token, api_url=slack.api_url))
        assert (bot[0], both[0]) == (False, False)
        assert "install the app again" in bot[1]
        url = slack.api_url
    lines = await check(SlackSettings("xoxb-test", signing_secret="x", api_url=url))
    assert [ok for ok, _ in lines] == [False, True]
    assert "cannot be reached" in lines[0][1]
