"""Socket Mode, spoken by hand: tickets, hello, envelopes, retries, sick sockets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests.standins.slack import SlackStandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Json = dict[str, Any]


class Bot:
    """Opens sockets with the app token and acknowledges what it is told to."""

    def __init__(self, slack: SlackStandIn, session: aiohttp.ClientSession) -> None:
        self._slack = slack
        self._session = session

    async def ticket(self) -> str:
        headers = {"Authorization": f"Bearer {self._slack.app_token}"}
        url = f"{self._slack.api_url}apps.connections.open"
        async with self._session.post(url, headers=headers) as response:
            return str((await response.json())["url"])

    async def open(self) -> tuple[aiohttp.ClientWebSocketResponse, Json]:
        ws = await self._session.ws_connect(await self.ticket(), autoping=False)
        return ws, await ws.receive_json()


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with SlackStandIn(tiers=False, ack_timeout_s=0.05) as running:
        yield running


@pytest.fixture
async def bot(slack: SlackStandIn, session: aiohttp.ClientSession) -> Bot:
    return Bot(slack, session)


async def ack(ws: aiohttp.ClientWebSocketResponse, envelope: Json, **payload: Any) -> None:
    body: Json = {"envelope_id": envelope["envelope_id"]}
    await ws.send_json(body | ({"payload": payload} if payload else {}))


async def test_hello_tells_how_many_sockets_there_are(slack: SlackStandIn, bot: Bot) -> None:
    (_one, first), (_two, second) = await bot.open(), await bot.open()
    assert (first["type"], first["num_connections"], second["num_connections"]) == ("hello", 1, 2)
    assert first["connection_info"] == {"app_id": "A0APP"}
    assert slack.sockets.most_at_once == 2


async def test_a_ticket_is_good_once_and_for_half_a_minute(
    slack: SlackStandIn, bot: Bot, session: aiohttp.ClientSession
) -> None:
    url = await bot.ticket()
    await session.ws_connect(url)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await session.ws_connect(url)
    late = await bot.ticket()
    slack.clock.advance(31)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await session.ws_connect(late)


async def test_the_eleventh_socket_is_one_too_many(slack: SlackStandIn, bot: Bot) -> None:
    kept = [await bot.open() for _ in range(10)]
    ws, message = await bot.open()
    assert (message["type"], message["reason"]) == ("disconnect", "too_many_websockets")
    assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
    assert len(slack.sockets.connections) == len(kept)


async def test_an_envelope_is_acknowledged_by_its_id(slack: SlackStandIn, bot: Bot) -> None:
    ws, _ = await bot.open()
    slack.people.say("U0ALICE", "C0GENERAL", "x")
    envelope = await ws.receive_json()
    assert (envelope["type"], envelope["retry_attempt"]) == ("events_api", 0)
    assert envelope["accepts_response_payload"] is False
    assert envelope["payload"]["event"]["text"] == "x"
    await ack(ws, envelope)
    await ack(ws, {"envelope_id": "unheard-of"})
    await slack.outbox.settled()
    assert slack.outbox.deliveries[0].state == "acked"
    await slack.wait_for(lambda: slack.sockets.stray_acks)


async def test_a_silent_bot_is_told_again_three_times(slack: SlackStandIn, bot: Bot) -> None:
    ws, _ = await bot.open()
    slack.people.say("U0ALICE", "C0GENERAL", "x")
    told = [await ws.receive_json(), await ws.receive_json()]
    [delivery] = slack.outbox.deliveries
    for wait_s in (60, 300):
        await slack.wait_for(lambda: delivery.attempts[-1].error == "timeout")
        slack.clock.advance(wait_s)
        told.append(await ws.receive_json())
    await slack.outbox.settled()
    assert [t["retry_attempt"] for t in told] == [0, 1, 2, 3]
    assert told[1]["retry_reason"] == "timeout"
    assert delivery.state == "given_up"


async def test_what_a_lost_socket_left_open_goes_to_the_next_one(
    slack: SlackStandIn, bot: Bot
) -> None:
    slack.sockets._ack_timeout_s = 30
    ws, _ = await bot.open()
    slack.people.say("U0ALICE", "C0GENERAL", "x")
    first = await ws.receive_json()
    slack.sockets.cut()
    other, _ = await bot.open()
    second = await other.receive_json()
    assert second["payload"]["event_id"] == first["payload"]["event_id"]
    assert (first["retry_attempt"], second["retry_attempt"]) == (0, 1)
    await ack(other, second)
    await slack.outbox.settled()


async def test_a_zombie_answers_pings_and_nothing_else(slack: SlackStandIn, bot: Bot) -> None:
    ws, _ = await bot.open()
    slack.sockets.make_zombies()
    slack.people.say("U0ALICE", "C0GENERAL", "x")
    await ws.ping(b"sdk")
    frame = await ws.receive(timeout=5)
    assert (frame.type, frame.data) == (aiohttp.WSMsgType.PONG, b"sdk")
    with pytest.raises(TimeoutError):
        await ws.receive(timeout=0.2)
    assert slack.outbox.deliveries[0].state == "open"
    await ws.close()
    other, _ = await bot.open()
    await ack(other, await other.receive_json())
    await slack.outbox.settled()


async def test_a_half_open_socket_answers_not_even_pings(slack: SlackStandIn, bot: Bot) -> None:
    ws, _ = await bot.open()
    slack.sockets.make_deaf()
    await ws.ping(b"sdk")
    with pytest.raises(TimeoutError):
        await ws.receive(timeout=0.1)


async def test_a_warning_comes_before_the_end(slack: SlackStandIn, bot: Bot) -> None:
    ws, _ = await bot.open()
    await slack.sockets.warn()
    assert (await ws.receive_json())["reason"] == "warning"
    slack.people.say("U0ALICE", "C0GENERAL", "still told")
    await ack(ws, await ws.receive_json())
    await slack.outbox.settled()
    slack.clock.advance(10)
    assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_a_refresh_ends_the_socket_at_once(slack: SlackStandIn, bot: Bot) -> None:
    ws, _ = await bot.open()
    refresh = asyncio.ensure_future(slack.sockets.refresh())
    assert (await ws.receive_json())["reason"] == "refresh_requested"
    assert (await ws.receive()).type is aiohttp.WSMsgType.CLOSE
    await refresh


async def test_a_command_is_told_once_and_may_be_answered_in_its_acknowledgement(
    slack: SlackStandIn, bot: Bot
) -> None:
    slack.people.command("U0BOB", "C0GENERAL", "/x")
    await slack.outbox.settled()
    assert slack.outbox.deliveries[0].state == "given_up"
    ws, _ = await bot.open()
    slack.people.command("U0BOB", "C0GENERAL", "/x")
    envelope = await ws.receive_json()
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
    await ack(ws, envelope, text="done")
    shown = await slack.wait_for(lambda: slack.workspace.ephemerals)
    assert shown[0].shown == "done"
