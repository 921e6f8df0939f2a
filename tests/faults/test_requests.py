"""What strangers send to the port of events, and what Slack itself would never send."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from tests.standins.slack import sign

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.e2e.team import Team

pytestmark = pytest.mark.asyncio(loop_scope="module")
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def event(**fields: Any) -> dict[str, Any]:
    """A mention as Slack tells it, with some fields changed."""
    said = {
        "type": "app_mention",
        "user": "U0ALICE",
        "text": "<@U0BOT> hello",
        "ts": "1700000000.000100",
        "channel": "C0GENERAL",
        "event_ts": "1700000000.000100",
    }
    return {
        "type": "event_callback",
        "team_id": "T0ACME",
        "api_app_id": "A0APP",
        "event_id": "Ev1",
        "event_time": 1700000000,
        "authorizations": [{"team_id": "T0ACME", "user_id": "U0BOT", "is_bot": True}],
        "event": said | fields,
    }


def without(*names: str) -> dict[str, Any]:
    body = event()
    return body | {"event": {k: v for k, v in body["event"].items() if k not in names}}


def to_json(value: object) -> tuple[bytes, str]:
    return json.dumps(value).encode(), JSON


def to_form(**fields: object) -> tuple[bytes, str]:
    pairs = {k: v if isinstance(v, str) else json.dumps(v) for k, v in fields.items()}
    return urlencode(pairs, errors="surrogatepass").encode(), FORM


def press(**fields: Any) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "user": {"id": "U0ALICE"},
        "team": {"id": "T0ACME"},
        "container": {"type": "message", "message_ts": "1.1", "channel_id": "C0GENERAL"},
        "channel": {"id": "C0GENERAL"},
        "actions": [{"type": "button", "action_id": "try-again", "block_id": "b", "value": "x"}],
        **fields,
    }


def command(**fields: str) -> tuple[bytes, str]:
    usual = {
        "command": "/chatbot-stats",
        "text": "",
        "user_id": "U0ALICE",
        "team_id": "T0ACME",
        "channel_id": "C0GENERAL",
    }
    return to_form(**(usual | fields))


ODD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", JSON),
    "an open brace": (b"{", JSON),
    "null": (b"null", JSON),
    "true": (b"true", JSON),
    "a number": (b"1e999", JSON),
    "not a number": (b"NaN", JSON),
    "a list": (b"[]", JSON),
    "a string": (b'"hello"', JSON),
    "an empty object": (b"{}", JSON),
    "no utf-8": (b"\xff\xfe{}", JSON),
    "a byte order mark": (b"\xef\xbb\xbf{}", JSON),
    "utf-16": ('{"type":"x"}'.encode("utf-16"), JSON),
    "null bytes": (b"\0" * 100, JSON),
    "a long number": (b'{"type":"x","n":' + b"9" * 10_000 + b"}", JSON),
    "deep lists": (b"[" * 200_000, JSON),
    "deep objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, JSON),
    "a deep event": (
        b'{"type":"event_callback","event":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        JSON,
    ),
    "a type that is a list": to_json({"type": ["event_callback"]}),
    "no event": to_json({"type": "event_callback"}),
    "an event that is null": to_json({"type": "event_callback", "event": None}),
    "an event that is a string": to_json({"type": "event_callback", "event": "app_mention"}),
    "an event of no type": to_json({"type": "event_callback", "event": {}}),
    "an event whose type is a list": to_json(event(type=["message"])),
    "no channel": to_json(without("channel")),
    "a channel that is an object": to_json(event(channel={"id": "C0GENERAL"})),
    "a channel with a slash": to_json(event(channel="C0/GENERAL")),
    "a channel that is very long": to_json(event(channel="C" * 70_000)),
    "no user": to_json(without("user")),
    "a user that is a number": to_json(event(user=7)),
    "a user with a line break": to_json(event(user="U0\nALICE")),
    "no ts": to_json(without("ts")),
    "a ts that is a word": to_json(event(ts="yesterday")),
    "a ts that is infinite": to_json(event(ts="inf")),
    "a ts that is huge": to_json(event(ts="9" * 400 + ".000001")),
    "a ts below zero": to_json(event(ts="-1.000000")),
    "a ts of other digits": to_json(event(ts="١٧٠٠٠٠٠٠٠٠.٠٠٠١٠٠")),
    "a thread that is a word": to_json(event(thread_ts="today")),
    "authorizations of strings": to_json(event() | {"authorizations": ["U0BOT"]}),
    "a reaction on nothing": to_json(event(type="reaction_added", item=None, reaction="+1")),
    "a reaction on a list": to_json(event(type="reaction_added", item=["x"], reaction="+1")),
    "a reaction without a time": to_json(
        event(
            type="reaction_added",
            item={"type": "message", "channel": "C0GENERAL", "ts": "1.1"},
            reaction="+1",
            event_ts="soon",
        )
    ),
    "an edit of nothing": to_json(event(type="message", subtype="message_changed")),
    "an edit of a list": to_json(event(type="message", subtype="message_changed", message=[])),
    "a deletion of nothing": to_json(event(type="message", subtype="message_deleted")),
    "a stop without a thread": to_json(event(type="agent_session_stopped", thread_ts=None)),
    "a stop of a list": to_json(event(type="agent_session_stopped", thread_ts=["1.1"])),
    "an unknown event": to_json(event(type="comet_sighted")),
    "an unknown type": to_json({"type": "comet_sighted"}),
    "a challenge that is missing": to_json({"type": "url_verification"}),
    "a challenge that is a list": to_json({"type": "url_verification", "challenge": ["x"]}),
    "ssl_check": (b"ssl_check=1", FORM),
    "an empty form": (b"", FORM),
    "a form of nothing": (b"&&&===&", FORM),
    "a form that is no text": (b"payload=\xff\xfe", FORM),
    "a form with broken escapes": (b"payload=%zz%u0041", FORM),
    "a form with a thousand fields": ("&".join(f"a{n}=1" for n in range(1000)).encode(), FORM),
    "a payload that is no JSON": to_form(payload="{"),
    "a payload that is a list": to_form(payload=[]),
    "a payload of surrogates": (b"payload=%7B%22type%22%3A%22%ED%A0%80%22%7D", FORM),
    "a deep payload": to_form(payload="[" * 50_000),
    "a press without actions": to_form(payload=press(actions=[])),
    "a press with a list for actions": to_form(payload=press(actions=[["x"]])),
    "a press without a user": to_form(payload=press(user=None)),
    "a press without a message": to_form(payload=press(container=None, channel=None)),
    "a press of feedback without a time": to_form(
        payload=press(actions=[{"type": "button", "action_id": "rate-up", "value": "up"}])
    ),
    "a press whose value is a list": to_form(
        payload=press(actions=[{"type": "button", "action_id": "command-0", "value": ["stats"]}])
    ),
    "a view submission of nothing": to_form(payload={"type": "view_submission"}),
    "a view submission of a list": to_form(payload={"type": "view_submission", "view": []}),
    "a shortcut of nothing": to_form(payload={"type": "shortcut"}),
    "an options request": to_form(payload={"type": "block_suggestion", "action_id": ["x"]}),
    "a dialog": to_form(payload={"type": "dialog_submission", "callback_id": {}}),
    "a command without a name": command(command=""),
    "an unknown command": command(command="/comet"),
    "a command of our prefix alone": command(command="/chatbot-"),
    "a command without a user": command(user_id=""),
    "a command in no channel": command(channel_id=""),
    "a command with a long text": command(text="7d " * 20_000),
    "a command with null bytes": command(text="7d\0me"),
    "plain text": (b"hello", "text/plain"),
    "xml": (b"<x/>", "application/xml"),
    "a content type of nonsense": (b"{}", "application/json; charset=utf-99"),
    "multipart": (b"--x\r\n\r\n", "multipart/form-data; boundary=x"),
    "no content type": (b"{}", ""),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def signed(team: Team, body: bytes, content_type: str = JSON) -> dict[str, str]:
    now = int(time.time())
    return {
        "X-Slack-Request-Timestamp": str(now),
        "X-Slack-Signature": sign(team.slack.signing_secret, now, body),
        "Content-Type": content_type,
    }


def stored(team: Team) -> list[dict[str, Any]]:
    return team.ledger(
        "SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM ratings), "
        "(SELECT count(*) FROM conversations), (SELECT count(*) FROM preferences)"
    )


async def answers_still(team: Team) -> None:
    await team.answer_to(team.ask("repeat: still here"), "still here")
    assert [one for one in team.running.log if one.get("level") == "ERROR"] == []


async def test_unsigned_requests_are_all_refused(shared: Team, http: aiohttp.ClientSession) -> None:
    before = stored(shared)
    for name, (body, content_type) in ODD.items():
        headers = {"Content-Type": content_type}
        async with http.post(shared.events_url, data=body, headers=headers) as response:
            assert response.status in (401, 413), name
            assert len(await response.read()) < 100, name
    async with http.post(shared.events_url, data=to_json(event())[0]) as response:
        assert response.status == 401
    assert stored(shared) == before
    await answers_still(shared)


async def test_signed_nonsense_is_neither_stored_nor_an_error_of_ours(
    shared: Team, http: aiohttp.ClientSession
) -> None:
    before = stored(shared)
    for name, (body, content_type) in ODD.items():
        headers = signed(shared, body, content_type)
        async with http.post(shared.events_url, data=body, headers=headers) as response:
            assert response.status < 500, name
            assert b"Traceback" not in await response.read(), name
    assert stored(shared) == before
    await answers_still(shared)


async def test_a_body_is_bounded_whatever_it_claims(
    shared: Team, http: aiohttp.ClientSession
) -> None:
    large = b"x" * 1_150_000

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield large

    async with http.post(shared.events_url, data=large, headers=signed(shared, large)) as response:
        assert response.status == 413
    try:
        async with http.post(shared.events_url, data=endless()) as response:
            assert response.status == 413
    except aiohttp.ClientError:
        pass  # hung up on us before all of it was sent: bounded just as well
    await answers_still(shared)


async def test_other_methods_and_paths_are_refused(
    shared: Team, http: aiohttp.ClientSession
) -> None:
    url = shared.running.url
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        async with http.request(method, shared.events_url) as response:
            assert response.status == 405, method
    for path in ("/", "/slack", "/slack/events/", "/../etc/passwd", "/%00", "/metrics", "/monitor"):
        async with http.get(url + path) as response:
            assert response.status in (400, 404), path
    await answers_still(shared)


async def test_the_address_is_verified_only_for_slack(
    shared: Team, http: aiohttp.ClientSession
) -> None:
    body, _ = to_json({"type": "url_verification", "challenge": "c-1"})
    async with http.post(shared.events_url, data=body) as response:
        assert response.status == 401
    async with http.post(shared.events_url, data=body, headers=signed(shared, body)) as response:
        assert await response.json() == {"challenge": "c-1"}


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://127.0.0.1:{port}/took",
        "http://localhost:{port}/took",
        "http://[::1]:{port}/took",
        "http://{slack}@127.0.0.1:{port}/took",
        "http://{slack}.example.org:{port}/took",
        "//127.0.0.1:{port}/took",
        "file:///etc/passwd",
        "ftp://{slack}/took",
        "http://{slack}:99999999/",
        "http://[::1",
        "javascript:alert(1)",
        "",
    ],
)
async def test_an_answer_goes_to_slack_alone_whatever_address_a_payload_names(
    shared: Team, http: aiohttp.ClientSession, elsewhere: str
) -> None:
    taken: list[str] = []

    async def take(request: web.Request) -> web.Response:
        taken.append(await request.text())
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack = shared.slack.base_url.removeprefix("http://")
    url = elsewhere.format(port=runner.addresses[0][1], slack=slack)
    try:
        for body, content_type in (
            command(response_url=url),
            to_form(payload=press(response_url=url)),
            to_form(
                payload=press(
                    response_url=url,
                    actions=[{"type": "button", "action_id": "command-0", "value": "stats"}],
                )
            ),
        ):
            headers = signed(shared, body, content_type)
            async with http.post(shared.events_url, data=body, headers=headers) as response:
                assert response.status == 200
        await shared.stats()
        assert taken == []
        await answers_still(shared)
    finally:
        await runner.cleanup()


def changed(payload: Any, odd: object) -> list[Any]:
    """The payload with each value in it replaced once, at any depth."""
    if isinstance(payload, dict):
        pairs = payload.items()
        inner = [{**payload, key: one} for key, value in pairs for one in changed(value, odd)]
        return [*inner, odd]
    if isinstance(payload, list):
        inner = [
            [*payload[:at], one, *payload[at + 1 :]]
            for at, value in enumerate(payload)
            for one in changed(value, odd)
        ]
        return [*inner, odd]
    return [odd]


SAMPLES: dict[str, dict[str, Any]] = {
    "a mention": event(),
    "an edit": event(
        type="message",
        subtype="message_changed",
        message={"type": "message", "user": "U0ALICE", "text": "hi", "ts": "1700000000.000100"},
        previous_message={"type": "message", "user": "U0ALICE", "text": "ho", "ts": "1.1"},
    ),
    "a reaction": event(
        type="reaction_added",
        item={"type": "message", "channel": "C0GENERAL", "ts": "1.1"},
        reaction="+1",
    ),
    "a file": event(files=[{"id": "F1", "name": "a.txt", "mimetype": "text/plain", "size": 3}]),
    "the home": event(type="app_home_opened", tab="messages"),
    "a pane": event(type="assistant_thread_started", assistant_thread={"channel_id": "D1"}),
    "a press": press(response_url="https://hooks.slack.com/x"),
    "a view": {"type": "view_submission", "view": {"callback_id": "x", "state": {"values": {}}}},
    "a shortcut": {"type": "message_action", "callback_id": "x", "trigger_id": "1.1.x"},
}


@pytest.mark.parametrize("sample", SAMPLES)
async def test_whatever_stands_in_a_field_it_is_no_error_of_ours(
    shared: Team, http: aiohttp.ClientSession, sample: str
) -> None:
    payload = SAMPLES[sample]
    is_event = payload["type"] == "event_callback"
    for odd in (None, [], {}, 7, True, "", "x" * 300, [None], {"a": 1}, "\ud800\0"):
        for one in changed(payload, odd):
            body, content_type = to_json(one) if is_event else to_form(payload=one)
            headers = signed(shared, body, content_type)
            async with http.post(shared.events_url, data=body, headers=headers) as response:
                assert response.status < 500, one
    await answers_still(shared)
