"""Tokens, scopes, bodies: what the door of the Web API lets through."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.standins_slack.conftest import refused

if TYPE_CHECKING:
    import aiohttp
    from slack_sdk.web.async_client import AsyncWebClient

    from tests.standins.slack import SlackStandIn


async def test_auth_test_tells_who_the_bot_is(client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == ("U0BOT", "B0BOT", "T0ACME")


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (None, "not_authed"),
        ("xoxb-wrong", "invalid_auth"),
        ("xapp-test", "not_allowed_token_type"),
    ],
)
async def test_a_wrong_token_is_refused(
    client: AsyncWebClient, token: str | None, code: str
) -> None:
    client.token = token
    assert await refused(client.chat_postMessage(channel="C0GENERAL", text="x")) == code


async def test_a_revoked_token_is_refused(client: AsyncWebClient, slack: SlackStandIn) -> None:
    slack.api.revoked[slack.bot_token] = "token_revoked"
    assert await refused(client.auth_test()) == "token_revoked"


async def test_a_socket_is_opened_with_the_app_token_only(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    answer = await client.apps_connections_open(app_token=slack.app_token)
    assert answer["url"].startswith("ws://127.0.0.1:")
    refusal = await refused(client.apps_connections_open(app_token=slack.bot_token))
    assert refusal == "not_allowed_token_type"


@pytest.mark.parametrize(
    ("scope", "method", "args"),
    [
        ("chat:write", "chat.postMessage", {"channel": "C0GENERAL", "text": "x"}),
        ("users:read", "users.info", {"user": "U0ALICE"}),
        ("reactions:write", "reactions.add", {"channel": "C0GENERAL", "name": "x"}),
        ("im:write", "conversations.open", {"users": "U0ALICE"}),
        ("groups:history", "conversations.history", {"channel": "C0SECRET"}),
    ],
)
async def test_a_missing_scope_is_named(
    client: AsyncWebClient, slack: SlackStandIn, scope: str, method: str, args: dict[str, str]
) -> None:
    slack.scopes.discard(scope)
    assert await refused(client.api_call(method, params=args)) == "missing_scope"
    assert slack.calls(method)[-1].answer["needed"] == scope


async def test_a_name_of_its_own_needs_a_scope_that_the_bot_has_not(
    client: AsyncWebClient,
) -> None:
    call = client.chat_postMessage(channel="C0GENERAL", text="x", username="Somebody")
    assert await refused(call) == "missing_scope"


async def test_an_unknown_method_is_refused(client: AsyncWebClient) -> None:
    assert await refused(client.api_call("chat.shout")) == "unknown_method"


async def test_a_form_says_the_same_as_json(client: AsyncWebClient, slack: SlackStandIn) -> None:
    blocks = [{"type": "divider"}]
    form = {"channel": "C0GENERAL", "text": "x", "blocks": json.dumps(blocks)}
    await client.api_call("chat.postMessage", data=form)
    assert slack.workspace.messages("C0GENERAL")[0].blocks == blocks


async def test_reading_methods_overlook_json(client: AsyncWebClient) -> None:
    call = client.api_call("conversations.history", json={"channel": "C0GENERAL"})
    assert await refused(call) == "invalid_arguments"


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"{", "application/json", "invalid_json"),
        (b"[]", "application/json", "json_not_object"),
        (b"x", "text/csv", "invalid_post_type"),
    ],
)
async def test_an_unreadable_body_is_refused(
    slack: SlackStandIn, session: aiohttp.ClientSession, body: bytes, kind: str, code: str
) -> None:
    headers = {"Authorization": f"Bearer {slack.bot_token}", "Content-Type": kind}
    url = f"{slack.api_url}chat.postMessage"
    async with session.post(url, data=body, headers=headers) as response:
        assert (await response.json())["error"] == code


async def test_a_token_in_a_json_body_does_not_count(
    slack: SlackStandIn, session: aiohttp.ClientSession
) -> None:
    body: dict[str, Any] = {"token": slack.bot_token, "channel": "C0GENERAL", "text": "x"}
    async with session.post(f"{slack.api_url}chat.postMessage", json=body) as response:
        assert (await response.json())["error"] == "not_authed"


async def test_every_call_is_in_the_log(client: AsyncWebClient, slack: SlackStandIn) -> None:
    await client.chat_postMessage(channel="C0GENERAL", text="x", unfurl_links=False)
    await refused(client.chat_postMessage(channel="C0NOWHERE", text="x"))
    first, second = slack.calls("chat.postMessage")
    assert (first.args["unfurl_links"], first.accepted, first.error) == (False, True, None)
    assert (second.accepted, second.error) == (False, "channel_not_found")
