from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.slack.client import build_session
from adapters.slack.web.door import SlackDoor
from adapters.slack.web.errors import SlackRefused, SlackUnreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Slack:
    """Answers every call with `response`, and keeps what came."""

    def __init__(self) -> None:
        self.response = web.json_response({"ok": True})
        self.requests: list[tuple[str, str, str]] = []

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.text()
        self.requests.append((request.method, request.path_qs, body))
        return self.response


@pytest.fixture
def slack() -> Slack:
    return Slack()


@pytest.fixture
async def door(slack: Slack) -> AsyncIterator[SlackDoor]:
    app = web.Application()
    app.router.add_route("*", "/api/{method}", slack.handle)
    async with TestServer(app) as server, build_session() as session:
        yield SlackDoor(session, str(server.make_url("/api/")), "xoxb-test")


async def test_a_read_is_a_get_with_flags_as_numbers(door: SlackDoor, slack: Slack) -> None:
    await door.send("conversations.replies", {"ts": "1.2", "limit": 5, "inclusive": True})
    [(verb, path, body)] = slack.requests
    assert (verb, body) == ("GET", "")
    assert path == "/api/conversations.replies?ts=1.2&limit=5&inclusive=1"


async def test_a_write_is_json(door: SlackDoor, slack: Slack) -> None:
    await door.send("chat.postMessage", {"channel": "C0A", "unfurl_links": False})
    [(verb, path, body)] = slack.requests
    assert (verb, path) == ("POST", "/api/chat.postMessage")
    assert body == '{"channel": "C0A", "unfurl_links": false}'


async def test_the_token_is_not_carried_to_another_address(door: SlackDoor, slack: Slack) -> None:
    slack.response = web.Response(status=307, headers={"Location": "/api/elsewhere"})
    with pytest.raises(SlackUnreachable):
        await door.send("chat.postMessage", {})
    assert len(slack.requests) == 1


async def test_after_the_end_slack_is_out_of_reach(door: SlackDoor, slack: Slack) -> None:
    await door._session.close()
    with pytest.raises(SlackUnreachable, match=r"users\.info: the session is closed"):
        await door.send("users.info", {"user": "U0ALICE"})
    assert slack.requests == []


@pytest.mark.parametrize("text", ["", "<html>", "[]", "null", '{"ok": 1}', '{"ok": true'])
async def test_what_is_no_answer_of_slack_leaves_the_outcome_open(
    door: SlackDoor, slack: Slack, text: str
) -> None:
    slack.response = web.Response(text=text)
    with pytest.raises(SlackUnreachable):
        await door.send("chat.postMessage", {})


async def test_a_limit_says_how_long_to_wait(door: SlackDoor, slack: Slack) -> None:
    slack.response = web.Response(status=429, headers={"retry-after": "7"})
    with pytest.raises(SlackRefused) as refused:
        await door.send("chat.postMessage", {})
    assert refused.value.retry_after_s == 7
