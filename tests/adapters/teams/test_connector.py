"""Calls of the Bot Connector: where they may go, and which are made again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from adapters.teams.hosts import ServiceHosts
from adapters.teams.outbound.activities import to_message
from adapters.teams.outbound.connector import RATE_LIMIT_TRIES, RETRY_WAITS_S
from adapters.teams.outbound.errors import TeamsRefused, TeamsUnreachable
from adapters.teams.place import Place
from core.document import Document, Text
from core.errors import DeliveryError
from tests.adapters.teams.conftest import FastClock, running_bot
from tests.adapters.teams.eyes import inbound
from tests.adapters.teams.scripts import ACTIVITIES
from tests.adapters.teams.test_buttons import queued
from tests.adapters.teams.test_gate import URL_TRICKS
from tests.standins.teams import faults

if TYPE_CHECKING:
    from tests.adapters.teams.conftest import Bot

GOOD = [
    "https://smba.trafficmanager.net/emea/",
    "https://smba.trafficmanager.net:443/emea/",
    "https://SMBA.TrafficManager.net/emea/",
    "https://smba.infra.gov.teams.microsoft.us/x",
    "https://europe.botframework.com/",
]


async def place_in(bot: Bot, where: str = "General") -> Place:
    return Place.read((await inbound(bot, where)).reply_to)


def test_the_token_goes_to_microsoft_and_to_what_a_setting_names() -> None:
    hosts = ServiceHosts()
    assert all(hosts.allow(url) for url in GOOD)
    assert not any(hosts.allow(url) for url in [*URL_TRICKS, "http://127.0.0.1:80/"])
    extra = ServiceHosts(["Bot.Example", "127.0.0.1:3979", "plain.example"])
    assert extra.allow("https://bot.example/x")
    assert extra.allow("http://127.0.0.1:3979/x")
    assert not extra.allow("http://127.0.0.1:3980/x")
    assert not extra.allow("http://plain.example/x")
    local = ServiceHosts(any_loopback=True)
    assert local.allow("http://localhost:56150/_connector")
    assert not local.allow("http://localhost.evil.example/")
    assert not local.allow("http://192.168.0.1/")


@pytest.mark.parametrize("url", URL_TRICKS)
async def test_a_stored_place_with_another_address_is_not_written_to(bot: Bot, url: str) -> None:
    message = await inbound(bot, "General")
    place = replace(Place.read(message.reply_to), service_url=url)
    stored = replace(message, reply_to=place.to_reply_to())
    calls = (bot.teams.login.calls, len(bot.teams.calls_made))
    reply = bot.channel.platform.replies.open(queued(stored))
    with pytest.raises(DeliveryError) as failure:
        await reply.whisper(Document("", (Text("x"),)))
    assert not failure.value.retryable
    assert (bot.teams.login.calls, len(bot.teams.calls_made)) == calls


async def test_no_redirect_is_followed(bot: Bot) -> None:
    place = await place_in(bot)
    away = faults.Fault("away", 307, {}, {"Location": "https://evil.example/"})
    bot.teams.faults.on("POST", ACTIVITIES, away)
    with pytest.raises(TeamsUnreachable):
        await bot.channel.connector.create(place, to_message(place, "Hi"))


@pytest.mark.parametrize(
    "fault",
    [faults.reset_before(), faults.reset_after(), faults.http_status(503), faults.http_status(408)],
    ids=lambda fault: fault.name,
)
async def test_a_post_without_a_clear_answer_is_not_made_again(
    bot: Bot, fault: faults.Fault
) -> None:
    place = await place_in(bot)
    rule = bot.teams.faults.on("POST", ACTIVITIES, fault, times=None)
    with pytest.raises(TeamsUnreachable):
        await bot.channel.connector.create(place, to_message(place, "Hi"))
    assert rule.hits == 1


async def test_an_edit_without_a_clear_answer_is(bot: Bot) -> None:
    place = await place_in(bot)
    made = await bot.channel.connector.create(place, to_message(place, "Hi"))
    rule = bot.teams.faults.on("PUT", "*", faults.http_status(503), times=len(RETRY_WAITS_S))
    await bot.channel.connector.update(place, made, to_message(place, "Ho"))
    assert rule.hits == len(RETRY_WAITS_S)
    rule = bot.teams.faults.on("PUT", "*", faults.http_status(503), times=None)
    with pytest.raises(TeamsUnreachable):
        await bot.channel.connector.update(place, made, to_message(place, "Ha"))
    assert rule.hits == len(RETRY_WAITS_S) + 1
    assert [m.text for m in bot.teams.answers("General")] == ["Ho"]


async def test_what_never_left_may_be_sent_again(bot: Bot) -> None:
    place = await place_in(bot)
    await bot.channel.connector.authorization()
    await bot.teams.go_offline()
    await FastClock().sleep(0.2)  # until the end of the old connection is known
    posting = asyncio.create_task(bot.channel.connector.create(place, to_message(place, "Hi")))
    await FastClock().sleep(0.2)
    await bot.teams.go_online()
    assert await posting
    assert [m.text for m in bot.teams.answers("General")] == ["Hi"]


@pytest.mark.parametrize("asked", ["1", "0.2", "soon", None])
async def test_a_rate_limit_is_waited_for_by_all_who_write_there(
    bot: Bot, asked: str | None
) -> None:
    place = await place_in(bot)
    rule = bot.teams.faults.on("POST", ACTIVITIES, faults.throttled(asked))
    connector = bot.channel.connector
    await connector.pace.take(place.conversation)
    with pytest.raises(TeamsRefused):
        await connector.say(place, to_message(place, "first"))
    began = FastClock().monotonic()
    await asyncio.gather(*(connector.create(place, to_message(place, "x")) for _ in range(5)))
    expected_s = {"1": 1.0, "0.2": 0.2}.get(asked or "", 5.0)
    assert FastClock().monotonic() - began >= expected_s * 0.98
    assert rule.hits == 1
    assert len(bot.teams.answers("General")) == 5


async def test_a_rate_limit_without_an_end_is_given_up(bot: Bot) -> None:
    place = await place_in(bot)
    rule = bot.teams.faults.on("POST", ACTIVITIES, faults.throttled("0"), times=None)
    with pytest.raises(TeamsRefused):
        await bot.channel.connector.create(place, to_message(place, "Hi"))
    assert rule.hits == RATE_LIMIT_TRIES + 1


@pytest.mark.parametrize(
    "fault",
    [
        faults.garbage(),
        faults.html(),
        faults.Fault("deep", 200, "[" * 100_000),
        faults.Fault("large", 200, {"id": "x" * 1_000_000}),
        faults.Fault("list", 200, [1]),
        faults.Fault("no text", 200, {"id": 7}),
    ],
    ids=lambda fault: fault.name,
)
async def test_an_answer_that_cannot_be_read_is_no_answer(bot: Bot, fault: faults.Fault) -> None:
    place = await place_in(bot)
    bot.teams.faults.on("POST", ACTIVITIES, fault)
    with pytest.raises(TeamsUnreachable):
        await bot.channel.connector.create(place, to_message(place, "Hi"))


async def test_odd_ids_stay_in_their_place_in_the_address(bot: Bot) -> None:
    place = replace(await place_in(bot), conversation="../../a?b#c\ud800/é%2F")
    with pytest.raises(TeamsRefused):
        await bot.channel.connector.create(place, to_message(place, "Hi"))
    assert bot.teams.calls_made[-1].path.startswith("/v3/conversations/../../a?b#c")


async def test_a_targeted_message_can_be_edited_and_removed(bot: Bot) -> None:
    bot.chatbot.platform = None
    bot.teams.people.slash("alice", "General", "what is up")
    await bot.teams.wait_for(lambda: bot.chatbot.accepted)
    place = Place.read(bot.chatbot.accepted[0].reply_to)
    connector = bot.channel.connector
    made = await connector.create(place, to_message(place, "Hi"))
    await connector.update(place, made, to_message(place, "Ho"))
    assert [m.text for m in bot.teams.answers("General")] == ["Ho"]
    await connector.delete(place, made)
    assert bot.teams.answers("General") == []


async def test_a_call_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.teams.outbound.connector.TIMEOUT_S", 0.05)
    async with running_bot() as bot:
        place = await place_in(bot)
        bot.teams.faults.on("POST", ACTIVITIES, faults.black_hole())
        with pytest.raises(TeamsUnreachable):
            await bot.channel.connector.create(place, to_message(place, "Hi"))
