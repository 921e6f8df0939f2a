from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

from adapters.web.http import guard
from tests.adapters.web.visitor import OWN

if TYPE_CHECKING:
    from adapters.web.channel import WebChannel
    from tests.adapters.web.scripted_bot import ScriptedBot
    from tests.adapters.web.visitor import Visitor

GOOD: dict[str, Any] = {"as": "mira", "room": "general", "text": "hello", "nonce": "n"}
POSTS = [
    "messages",
    "reactions",
    "stop",
    "again",
    "delete",
    "commands",
    "models",
    "faults",
    "files",
]


async def test_the_page_is_there_before_the_bot(visitor: Visitor) -> None:
    response = await visitor.client.get("/")
    assert response.status == 200
    assert "Playground" in await response.text()


async def test_the_api_asks_to_wait_until_the_bot_is_connected(
    visitor: Visitor, channel: WebChannel
) -> None:
    assert (await visitor.get("state"))[0] == 503
    assert (await visitor.post("messages", GOOD))[0] == 503
    assert await channel.ready() == "the playground is not open yet"
    await channel.start()
    assert (await visitor.get("events"))[0] == 503
    assert await channel.ready() == "the playground has no bot yet"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[", "10.0.0.1:80"])
@pytest.mark.parametrize("path", ["/", "/playground/app.js", "/playground/state"])
async def test_a_foreign_host_is_refused(
    visitor: Visitor, bot: ScriptedBot, host: str, path: str
) -> None:
    response = await visitor.client.get(path, headers={"Host": host})
    assert response.status in (400, 403)


@pytest.mark.parametrize("host", ["localhost:3978", "127.0.0.1", "[::1]:3978"])
async def test_a_loopback_host_is_let_in(visitor: Visitor, bot: ScriptedBot, host: str) -> None:
    assert (await visitor.get("state", headers={"Host": host}))[0] == 200


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {**OWN, "Origin": "https://evil.example"},
        {**OWN, "Origin": "null"},
        {**OWN, "Origin": "http://127.0.0.1:1"},
        {**OWN, "X-Playground": "0"},
    ],
)
async def test_another_site_cannot_post(
    visitor: Visitor, bot: ScriptedBot, path: str, headers: dict[str, str]
) -> None:
    assert (await visitor.post(path, GOOD, headers))[0] == 403
    assert bot.accepted == []


async def test_the_own_origin_may_post(visitor: Visitor, bot: ScriptedBot) -> None:
    origin = str(visitor.client.make_url("")).rstrip("/")
    assert (await visitor.post("messages", GOOD, {**OWN, "Origin": origin}))[0] == 200


@pytest.mark.parametrize("path", [path for path in POSTS if path != "files"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b"\xff\xfe",
        b"\x00",
        b'{"as": NaN}',
        b"[" * 100_000,
        b'{"as":' * 30_000,
        b'{"as": "\\ud800", "room": "\\ud800"}',
        b'{"as": {"mira": 1}, "room": ["general"], "text": 1, "nonce": null}',
        b'{"as": "mira", "message": "gone", "click": "c", "emoji": "+1", "on": true}',
    ],
)  # fmt: skip - one row a kind of nonsense
async def test_nonsense_is_answered_with_4xx(
    visitor: Visitor, bot: ScriptedBot, path: str, body: bytes
) -> None:
    status, answer = await visitor.post(path, body)
    assert status in (400, 404)
    assert answer["error"]


@pytest.mark.parametrize(
    "change",
    [
        {"as": "chatbot"},
        {"room": "nowhere"},
        {"text": " \u200b\n"},
        {"text": None},
        {"nonce": "../x"},
        {"nonce": "n" * 65},
        {"thread": "unknown"},
        {"thread": 7},
        {"files": "f"},
        {"files": ["unknown"]},
        {"files": [1, 2, 3, 4, 5]},
    ],
)
async def test_each_field_of_a_message_is_checked(
    visitor: Visitor, bot: ScriptedBot, change: dict[str, Any]
) -> None:
    assert (await visitor.post("messages", {**GOOD, **change}))[0] == 400
    assert await visitor.messages() == []


async def test_too_much_is_refused_with_413(visitor: Visitor, bot: ScriptedBot) -> None:
    assert (await visitor.post("messages", {**GOOD, "text": "x" * 40_001}))[0] == 413
    assert (await visitor.post("messages", b" " * (guard.BODY_MAX_BYTES + 1)))[0] == 413


async def test_a_bomb_of_zeros_is_stopped_at_the_limit(visitor: Visitor, bot: ScriptedBot) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    headers = {**OWN, "Content-Encoding": "gzip"}
    assert (await visitor.post("messages", bomb, headers))[0] == 413
    assert (await visitor.post("messages", b"no gzip", headers))[0] == 400


async def test_hidden_writing_and_lone_surrogates_do_no_harm(
    visitor: Visitor, bot: ScriptedBot
) -> None:
    body = json.dumps({**GOOD, "text": "@chatbot \ud800\x00hi"}).encode()
    assert (await visitor.post("messages", body))[0] == 200
    assert bot.accepted[0].text == "\ufffdhi"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
field_names = st.sampled_from(
    ["as", "room", "text", "nonce", "thread", "files", "message", "emoji", "on", "command"]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.dictionaries(field_names, json_values, max_size=6))
async def test_no_json_object_leads_to_a_server_error(
    visitor: Visitor, bot: ScriptedBot, fields: dict[str, Any]
) -> None:
    for path in POSTS:
        if path != "files":
            status, _ = await visitor.post(path, {**GOOD, **fields})
            assert status < 500


async def test_every_answer_forbids_other_sources(visitor: Visitor, bot: ScriptedBot) -> None:
    page = await visitor.client.get("/")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    state = await visitor.client.get("/playground/state")
    assert state.headers["X-Content-Type-Options"] == "nosniff"
    assert state.headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_the_page_is_not_sent_again_while_it_is_the_same(visitor: Visitor) -> None:
    first = await visitor.client.get("/playground/app.js")
    again = await visitor.client.get(
        "/playground/app.js", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (again.status, await again.read()) == (304, b"")


@pytest.mark.parametrize("path", ["README.md", "docs/slack.md", ".env.example"])
async def test_the_documents_that_answers_link_to_are_there(visitor: Visitor, path: str) -> None:
    response = await visitor.client.get(f"/{path}")
    assert response.status == 200
    assert response.content_type == "text/html"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


async def test_a_heading_of_a_document_can_be_linked_to(visitor: Visitor) -> None:
    response = await visitor.client.get("/docs/slack.md")
    assert re.search(r'<h2 id="[\w-]+">', await response.text())


@pytest.mark.parametrize(
    "path", ["NONE.md", "docs/..%2f..%2fpyproject.md", "docs/%2e%2e%2fREADME.md", ".env", "run"]
)
async def test_nothing_but_documents_is_served(visitor: Visitor, path: str) -> None:
    url = URL(f"/{path}", encoded=True)
    assert (await visitor.client.get(url)).status == 404
