from __future__ import annotations

import hashlib
import hmac
import io
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack.inbound.gate import Gate, read_body
from adapters.wire.bodies import BODY_LIMIT_BYTES, DEPTH_LIMIT, Refused, is_too_deep
from tests.fakes.clock import START, FakeClock

if TYPE_CHECKING:
    from tests.adapters.slack.conftest import Bot

SECRET = "a-made-up-secret"
NOW = int(START.timestamp())
BODY = b'{"type":"event_callback","event":{"type":"message"}}'


def sign(body: bytes, timestamp: int | str = NOW, secret: str = SECRET) -> str:
    base = b"v0:" + str(timestamp).encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def headers(body: bytes, timestamp: int | str = NOW, secret: str = SECRET) -> dict[str, str]:
    return {
        "X-Slack-Request-Timestamp": str(timestamp),
        "X-Slack-Signature": sign(body, timestamp, secret),
    }


def status_of(body: bytes, sent: dict[str, str], clock: FakeClock | None = None) -> int:
    try:
        Gate(SECRET, clock or FakeClock()).verify(sent, body)
    except Refused as refusal:
        return refusal.status
    return 200


def test_what_slack_signed_gets_in() -> None:
    assert status_of(BODY, headers(BODY)) == 200


def test_the_age_of_a_request_is_bounded_on_both_sides() -> None:
    assert status_of(BODY, headers(BODY, NOW - 300)) == 200
    assert status_of(BODY, headers(BODY, NOW - 301)) == 401
    assert status_of(BODY, headers(BODY, NOW + 301)) == 401


def test_the_clock_of_the_gate_decides_what_is_old() -> None:
    clock = FakeClock()
    clock.set_wall(START + timedelta(hours=1))
    assert status_of(BODY, headers(BODY), clock) == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": "v0="},
        {"X-Slack-Signature": "v1=" + "0" * 64},
        {"X-Slack-Signature": "v0=" + "G" * 64},
        {"X-Slack-Signature": "v0=" + "é" * 64},
        {"X-Slack-Signature": sign(BODY).upper()},
        {"X-Slack-Signature": sign(BODY) + "0"},
        {"X-Slack-Signature": " " + sign(BODY)},
        {"X-Slack-Signature": sign(BODY, secret="another")},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": "now"},
        {"X-Slack-Request-Timestamp": "-1"},
        {"X-Slack-Request-Timestamp": "1e9"},
        {"X-Slack-Request-Timestamp": "٣" * 10},
        {"X-Slack-Request-Timestamp": "9" * 5000},
        {"X-Slack-Request-Timestamp": f"{NOW}.0"},
        {"X-Slack-Request-Timestamp": f"{NOW} "},
        {"X-Slack-Request-Timestamp": str(NOW + 1)},
    ],
)
def test_anything_else_is_401(changes: dict[str, str]) -> None:
    assert status_of(BODY, headers(BODY) | changes) == 401


@given(st.integers(0, len(BODY) * 8 - 1), st.integers(0, 64 * 4 - 1), st.integers(0, 9))
@settings(max_examples=300)
def test_one_flipped_bit_anywhere_is_401(in_body: int, in_signature: int, digit: int) -> None:
    body = bytearray(BODY)
    body[in_body // 8] ^= 1 << in_body % 8
    assert status_of(bytes(body), headers(BODY)) == 401
    signature = sign(BODY)
    place = 3 + in_signature // 4
    flipped = f"{int(signature[place], 16) ^ 1 << in_signature % 4:x}"
    changed = signature[:place] + flipped + signature[place + 1 :]
    assert status_of(BODY, headers(BODY) | {"X-Slack-Signature": changed}) == 401
    stamp = str(NOW)[:digit] + str((int(str(NOW)[digit]) + 1) % 10) + str(NOW)[digit + 1 :]
    assert status_of(BODY, headers(BODY) | {"X-Slack-Request-Timestamp": stamp}) == 401


def test_an_empty_secret_is_no_secret() -> None:
    with pytest.raises(ValueError, match="empty"):
        Gate("", FakeClock())


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b""),
        ("application/json", b"[]"),
        ("application/json", b"null"),
        ("application/json", b"{}"),
        ("application/json", b'{"type":1}'),
        ("application/json", b"\xff\xfe"),
        ("application/json", b'{"type":"a"'),
        ("application/json", b'{"type":"a","x":' + b"[" * 200_000),
        ("application/json", b'{"type":"a","x":' + b"[" * 65 + b"]" * 65 + b"}"),
        ("text/plain", BODY),
        ("multipart/form-data", b"payload=x"),
        ("", BODY),
        ("application/x-www-form-urlencoded", b""),
        ("application/x-www-form-urlencoded", b"payload=%7B"),
        ("application/x-www-form-urlencoded", b"payload=%5B%5D"),
        ("application/x-www-form-urlencoded", b"command=stats"),
        ("application/x-www-form-urlencoded", b"ssl_check=1&token=x"),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(101))),
        ("application/x-www-form-urlencoded", "payload=é".encode()),
    ],
)
def test_a_wrong_shape_is_400(content_type: str, body: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        read_body(content_type, body)
    assert refusal.value.status == 400


def test_brackets_in_strings_are_no_depth() -> None:
    assert not is_too_deep(json.dumps({"type": "a", "text": "[{" * 1000 + '"' * 9}).encode())
    assert not is_too_deep(b"[" * DEPTH_LIMIT + b"]" * DEPTH_LIMIT)
    assert is_too_deep(b"[" * (DEPTH_LIMIT + 1))


async def post(bot: Bot, body: bytes, sent: dict[str, str] | None = None, **more: Any) -> int:
    import time

    secret = bot.slack.signing_secret
    signed = headers(body, int(time.time()), secret) if sent is None else sent
    kind = {"Content-Type": "application/json"} | more.pop("kind", {})
    async with (
        aiohttp.ClientSession() as session,
        session.post(bot.url, data=io.BytesIO(body), headers=signed | kind, **more) as response,
    ):
        return response.status


async def test_over_http_every_odd_request_gets_its_4xx(bot: Bot) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert await post(bot, BODY, {}) == 401
    assert await post(bot, b"ssl_check=1", {}, kind=form) == 401
    assert await post(bot, b"x" * (BODY_LIMIT_BYTES + 1)) == 413
    assert await post(bot, b"{") == 400
    assert await post(bot, b'{"type":"event_callback"}') == 400
    assert await post(bot, b'{"type":"event_callback","event":[]}') == 400
    assert await post(bot, b'{"type":"url_verification","challenge":[]}') == 400
    odd = ["ts", "user", "channel"]
    event = {"type": "message", "user": "U1", "channel": "C1", "ts": "1.2", "text": "x"}
    for name in odd:
        for value in (None, 7, [], {}, "..", "9" * 40 + ".0"):
            body = {"type": "event_callback", "event": event | {name: value}}
            expected = 200 if name == "user" and value is None else 400
            assert await post(bot, json.dumps(body).encode()) == expected, (name, value)
    assert bot.chatbot.accepted == []


async def test_url_verification_is_answered_only_when_signed(bot: Bot) -> None:
    body = b'{"type":"url_verification","challenge":"abc"}'
    assert await post(bot, body, {}) == 401
    assert await post(bot, body) == 200


async def test_what_cannot_be_stored_is_503_and_slack_delivers_it_again(bot: Bot) -> None:
    bot.chatbot.stored = False
    asked = await bot.ask()
    first = bot.slack.outbox.deliveries[0]
    await bot.slack.wait_for(lambda: len(first.attempts) > 1)
    assert first.attempts[0].status == 503

    bot.chatbot.stored = True
    bot.slack.clock.advance(400)
    await bot.slack.wait_for(lambda: bot.slack.workspace.answers_to(asked.ts))
