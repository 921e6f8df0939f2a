"""What people attach: fetched from where it may be, with the token for the Bot Connector alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from adapters.teams.outbound.attachments import TeamsAttachments, _Source
from core.errors import DeliveryError
from tests.standins.teams import TeamsFile, faults

if TYPE_CHECKING:
    from core.conversation import InboundMessage
    from tests.adapters.teams.conftest import Bot

DATA = bytes(range(256)) * 4
SHAREPOINT = "https://acme.sharepoint.com/x"


async def sent(bot: Bot, kind: str) -> InboundMessage:
    file = TeamsFile("a.csv" if kind == "files" else "a.png", DATA)
    bot.chatbot.platform = None
    before = len(bot.chatbot.accepted)
    bot.teams.people.say("alice", "alice", "look", **{kind: [file]})
    await bot.teams.wait_for(lambda: bot.chatbot.accepted[before:])
    return bot.chatbot.accepted[before]


async def read(bot: Bot, message: InboundMessage, url: str = "", limit: int = 10_000) -> bytes:
    attachment = message.attachments[0]
    if url:
        locator = json.loads(attachment.locator) | {"url": url}
        attachment = replace(attachment, locator=json.dumps(locator))
    return await bot.channel.platform.attachments.read(message, attachment, limit)


@pytest.mark.parametrize("kind", ["images", "files"])
async def test_pictures_need_the_token_and_files_must_not_see_it(bot: Bot, kind: str) -> None:
    message = await sent(bot, kind)
    assert await read(bot, message) == DATA
    assert bot.teams.files.leaked == []


async def test_a_file_whose_address_is_the_connectors_still_gets_no_token(bot: Bot) -> None:
    picture = json.loads((await sent(bot, "images")).attachments[0].locator)["url"]
    message = await sent(bot, "files")
    with pytest.raises(DeliveryError, match="401"):
        await read(bot, message, picture)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/x",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:1/x",
        "https://smba.trafficmanager.net@evil.example/x",
        "https://sharepoint.com.evil.example/x",
        "https://evilsharepoint.com/x",
        "http://acme.sharepoint.com/x",
        "https://acme.sharepoint.com:8443/x",
        "https://user@acme.sharepoint.com/x",
        "file:///etc/passwd",
        "//evil.example",
        "https://[",
    ],
)
@pytest.mark.parametrize("kind", ["images", "files"])
async def test_nothing_is_fetched_from_elsewhere_directly_or_by_redirect(
    bot: Bot, kind: str, target: str
) -> None:
    message = await sent(bot, kind)
    with pytest.raises(DeliveryError):
        await read(bot, message, target)
    away = faults.Fault("away", 302, {}, {"Location": target})
    rule = bot.teams.faults.on("GET", "*", away)
    with pytest.raises(DeliveryError):
        await read(bot, message)
    assert rule.hits == 1


async def test_a_redirect_to_a_file_store_goes_without_the_token(bot: Bot) -> None:
    message = await sent(bot, "images")
    assert isinstance(bot.channel.platform.attachments, TeamsAttachments)
    attachments = bot.channel.platform.attachments
    source = _Source(attachments._hosts, attachments._connector)
    own = json.loads(message.attachments[0].locator)["url"]
    assert "Authorization" in await source.headers(own)
    assert source.may_fetch(SHAREPOINT)
    assert await source.headers(SHAREPOINT) == {}


async def test_a_chain_of_redirects_has_an_end(bot: Bot) -> None:
    message = await sent(bot, "files")
    url = json.loads(message.attachments[0].locator)["url"]
    again = faults.Fault("again", 302, {}, {"Location": url})
    rule = bot.teams.faults.on("GET", "*", again, times=None)
    with pytest.raises(DeliveryError, match="redirects"):
        await read(bot, message)
    assert rule.hits == 4


async def test_more_than_the_limit_is_not_read(bot: Bot) -> None:
    message = await sent(bot, "files")
    assert await read(bot, message, limit=len(DATA)) == DATA
    with pytest.raises(DeliveryError, match="too large"):
        await read(bot, message, limit=len(DATA) - 1)


async def test_a_page_to_sign_in_is_no_file(bot: Bot) -> None:
    message = await sent(bot, "files")
    bot.teams.faults.on("GET", "*", faults.html())
    with pytest.raises(DeliveryError, match="web page"):
        await read(bot, message)


@pytest.mark.parametrize(
    ("fault", "retryable"),
    [
        (faults.http_status(404), False),
        (faults.http_status(503), True),
        (faults.reset_before(), True),
    ],
    ids=lambda value: value.name if isinstance(value, faults.Fault) else "",
)
async def test_a_refusal_says_whether_it_may_pass(
    bot: Bot, fault: faults.Fault, retryable: bool
) -> None:
    message = await sent(bot, "files")
    bot.teams.faults.on("GET", "*", fault, times=None)
    with pytest.raises(DeliveryError) as failure:
        await read(bot, message)
    assert failure.value.retryable is retryable


async def test_without_a_token_a_picture_is_not_fetched(bot: Bot) -> None:
    message = await sent(bot, "images")
    bot.teams.faults.on("POST", "/*/oauth2/*", faults.http_status(503), times=None)
    bot.channel.connector._token.forget(await bot.channel.connector._token.get())
    with pytest.raises(DeliveryError):
        await read(bot, message)
