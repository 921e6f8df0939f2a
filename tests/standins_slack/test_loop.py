"""Somebody speaks, a bot built with Bolt hears it and answers: by HTTP and by Socket Mode."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.standins.slack import SlackStandIn


def build_bot(slack: SlackStandIn, session: aiohttp.ClientSession) -> AsyncApp:
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=session)
    app = AsyncApp(client=client, signing_secret=slack.signing_secret)

    @app.event("app_mention")
    async def answer(event: dict[str, Any], client: AsyncWebClient) -> None:
        await client.chat_postMessage(
            channel=event["channel"], thread_ts=event["ts"], text=f"heard {event['text']}"
        )

    @app.event("message")
    async def overhear() -> None:
        """The second telling of a mention."""

    @app.command("/echo")
    async def echo(ack: Any, command: dict[str, Any]) -> None:
        await ack(f"you said {command['text']}")

    return app


@pytest.fixture
async def http_bot(slack: SlackStandIn, session: aiohttp.ClientSession) -> AsyncIterator[AsyncApp]:
    app = build_bot(slack, session)

    async def handle(request: web.Request) -> web.Response:
        body = (await request.read()).decode()
        answer = await app.async_dispatch(
            AsyncBoltRequest(body=body, headers=dict(request.headers))
        )
        kind = answer.first_headers().get("content-type", "text/plain").split(";")[0]
        return web.Response(status=answer.status, text=answer.body, content_type=kind)

    server = web.Application()
    server.router.add_post("/slack/events", handle)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    yield app
    await runner.cleanup()


@pytest.fixture
async def socket_bot(
    slack: SlackStandIn, session: aiohttp.ClientSession
) -> AsyncIterator[AsyncSocketModeHandler]:
    slack.rates.limits["apps.connections.open"] = 100
    app = build_bot(slack, session)
    handler = AsyncSocketModeHandler(app, slack.app_token, ping_interval=0.2)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # the SDK gives it no types
    await slack.wait_for(lambda: slack.sockets.connections)
    yield handler
    await handler.close_async()  # type: ignore[no-untyped-call]  # the SDK gives it no types


@pytest.mark.usefixtures("http_bot")
async def test_a_mention_is_answered_in_its_thread_over_http(slack: SlackStandIn) -> None:
    slack.announcer.echo = True
    asked = slack.people.say("U0ALICE", "C0GENERAL", f"{slack.people.mention} hello")
    answers = await slack.wait_for(lambda: slack.workspace.answers_to(asked.ts))
    assert [a.shown for a in answers] == [f"heard {slack.people.mention} hello"]
    assert answers[0].thread_ts == asked.ts
    await slack.outbox.settled()
    assert {d.state for d in slack.outbox.deliveries} == {"acked"}


@pytest.mark.usefixtures("http_bot")
async def test_what_a_bot_acknowledges_a_command_with_is_shown_to_its_caller(
    slack: SlackStandIn,
) -> None:
    slack.people.command("U0BOB", "C0GENERAL", "/echo", "a & b")
    shown = await slack.wait_for(lambda: slack.workspace.ephemerals)
    assert [(e.user, e.shown) for e in shown] == [("U0BOB", "you said a & b")]


@pytest.mark.usefixtures("socket_bot")
async def test_a_mention_is_answered_over_socket_mode(slack: SlackStandIn) -> None:
    asked = slack.people.say("U0ALICE", "C0GENERAL", f"{slack.people.mention} hello")
    assert await slack.wait_for(lambda: slack.workspace.answers_to(asked.ts))
    await slack.outbox.settled()
    assert {d.state for d in slack.outbox.deliveries} == {"acked"}


@pytest.mark.usefixtures("socket_bot")
async def test_a_command_is_answered_in_the_acknowledgement_of_its_envelope(
    slack: SlackStandIn,
) -> None:
    slack.people.command("U0BOB", "C0GENERAL", "/echo", "hi")
    shown = await slack.wait_for(lambda: slack.workspace.ephemerals)
    assert shown[0].shown == "you said hi"


async def test_bolt_follows_a_refresh_to_a_new_socket(
    slack: SlackStandIn, socket_bot: AsyncSocketModeHandler
) -> None:
    await slack.sockets.refresh()
    await slack.wait_for(lambda: slack.sockets.opened == 2 and slack.sockets.connections)
    asked = slack.people.say("U0ALICE", "C0GENERAL", f"{slack.people.mention} hello")
    assert await slack.wait_for(lambda: slack.workspace.answers_to(asked.ts))


async def test_what_was_said_without_any_socket_is_told_to_the_next_one(
    slack: SlackStandIn, socket_bot: AsyncSocketModeHandler
) -> None:
    await slack.go_offline()
    asked = slack.people.say("U0ALICE", "C0GENERAL", f"{slack.people.mention} hello")
    await asyncio.sleep(0)
    await slack.go_online()
    assert await slack.wait_for(lambda: slack.workspace.answers_to(asked.ts), 15)


async def test_a_zombie_socket_gets_nothing_and_its_envelopes_go_to_the_next_one(
    slack: SlackStandIn, socket_bot: AsyncSocketModeHandler
) -> None:
    slack.sockets.make_zombies()
    zombie = slack.sockets.connections[0]
    seen = zombie.envelopes
    asked = slack.people.say("U0ALICE", "C0GENERAL", f"{slack.people.mention} hello")
    await slack.wait_for(lambda: all(d.attempts for d in slack.outbox.deliveries))
    assert zombie.envelopes == seen
    await socket_bot.client.connect_to_new_endpoint(force=True)
    assert await slack.wait_for(lambda: slack.workspace.answers_to(asked.ts))
    await slack.outbox.settled()
    assert {d.attempts[-1].retry_num for d in slack.outbox.deliveries} == {1}
