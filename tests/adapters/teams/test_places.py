"""Where the bot can speak without being asked: chats and people that it has met."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from adapters.teams.place import Place
from core.document import Document, Text
from core.errors import DeliveryError, NotStored
from core.ports import Deed
from tests.adapters.teams.eyes import inbound, words_of
from tests.adapters.teams.test_buttons import queued
from tests.standins.teams import faults

if TYPE_CHECKING:
    from core.conversation import MessageRef
    from tests.adapters.teams.conftest import Bot

REPORT = Document("", (Text("42 requests"),))


async def met(bot: Bot, where: str) -> None:
    await inbound(bot, where)
    await bot.channel._background.drain(5)


async def announce(bot: Bot, channel: str) -> str:
    assert bot.channel.platform.announcer is not None
    return await bot.channel.platform.announcer.place(bot.teams.workspace.tenant, channel)


async def post(bot: Bot, where: str, reply_to: str) -> list[str]:
    saved: list[MessageRef] = []

    async def save(ref: MessageRef) -> None:
        saved.append(ref)

    any_message = bot.chatbot.accepted[0]
    message = replace(any_message, reply_to=reply_to)
    await bot.channel.platform.replies.open(queued(message)).post(REPORT, (), save)
    assert len(saved) == 1
    return [words_of(m) for m in bot.teams.answers(where)]


@pytest.mark.parametrize("where", ["alice", "Lunch", "General"])
async def test_a_chat_that_was_met_can_be_written_to(bot: Bot, where: str) -> None:
    await met(bot, where)
    reply_to = await announce(bot, bot.teams.workspace.conversation(where).id)
    assert await post(bot, where, reply_to) == ["42 requests"]
    (message,) = bot.teams.answers(where)
    assert message.root in (None, message.id)  # a thread of its own
    assert message.targeted_to is None


async def test_a_person_who_was_met_is_found_by_the_directorys_id(bot: Bot) -> None:
    await met(bot, "alice")
    calls = len(bot.teams.calls("POST"))
    reply_to = await announce(bot, bot.teams.workspace.person("alice").aad_id)
    assert len(bot.teams.calls("POST")) == calls
    assert await post(bot, "alice", reply_to) == ["42 requests"]


async def test_a_person_who_was_not_is_opened_a_chat_with_once(bot: Bot) -> None:
    await met(bot, "General")
    bob = bot.teams.workspace.person("bob").aad_id
    reply_to = await announce(bot, bob)
    assert Place.read(reply_to).kind == "personal"
    assert await announce(bot, bob) == reply_to
    assert len(bot.teams.calls("POST", "/v3/conversations")) == 1
    assert await post(bot, "bob", reply_to) == ["42 requests"]


async def test_a_channel_that_was_not_met_is_reached_by_the_address_of_its_tenant(
    bot: Bot,
) -> None:
    await met(bot, "alice")
    reply_to = await announce(bot, bot.teams.workspace.conversation("Random").id)
    assert await post(bot, "Random", reply_to) == ["42 requests"]


async def test_where_nobody_was_met_the_bot_knows_no_address_yet(bot: Bot) -> None:
    general = bot.teams.workspace.conversation("General").id
    with pytest.raises(DeliveryError) as failure:
        await announce(bot, general)
    assert failure.value.retryable
    await met(bot, "alice")
    assert await announce(bot, general)


async def test_a_chat_that_the_bot_may_not_speak_in_is_not_kept(bot: Bot) -> None:
    await met(bot, "General")
    bot.teams.faults.on("GET", "*", faults.error(403, "BotNotInConversationRoster"))
    bob = bot.teams.workspace.person("bob").aad_id
    with pytest.raises(DeliveryError) as failure:
        await announce(bot, bob)
    assert not failure.value.retryable
    assert await bot.store.place_of("teams", bot.teams.tenant, bob) is None
    assert Place.read(await announce(bot, bob)).kind == "personal"


@pytest.mark.parametrize("person", ["nobody", "", "../x", "\ud800"])
async def test_a_stranger_is_no_place(bot: Bot, person: str) -> None:
    await met(bot, "alice")
    with pytest.raises(DeliveryError) as failure:
        await announce(bot, person)
    assert not failure.value.retryable


@pytest.mark.parametrize(
    "fault", [faults.http_status(503), faults.reset_before()], ids=lambda fault: fault.name
)
async def test_trouble_that_passes_can_be_tried_again(bot: Bot, fault: faults.Fault) -> None:
    await met(bot, "General")
    bot.teams.faults.on("POST", "/v3/conversations", fault)
    bob = bot.teams.workspace.person("bob").aad_id
    with pytest.raises(DeliveryError) as failure:
        await announce(bot, bob)
    assert failure.value.retryable
    assert Place.read(await announce(bot, bob)).kind == "personal"


async def test_a_store_that_is_away_is_trouble_that_passes(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object) -> str:
        raise NotStored("told to")

    await met(bot, "General")
    monkeypatch.setattr(bot.store, "place_of", lost)
    with pytest.raises(DeliveryError) as failure:
        await announce(bot, "anything")
    assert failure.value.retryable


async def test_a_place_is_stored_once_and_again_when_its_address_changes(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []
    keep = bot.store.keep_place

    async def count(platform: str, workspace: str, channel: str, place: str) -> None:
        kept.append(channel)
        await keep(platform, workspace, channel, place)

    monkeypatch.setattr(bot.store, "keep_place", count)
    for _ in range(3):
        await met(bot, "Lunch")
    lunch = bot.teams.workspace.conversation("Lunch").id
    assert sorted(kept) == ["", lunch]
    known = bot.channel._side.places
    known.learn(Place("https://new.example/", bot.teams.tenant, lunch, "group", "28:x"), "u")
    await bot.channel._background.drain(5)
    assert kept.count(lunch) == 2


async def test_what_is_kept_of_a_tenant_names_nobodys_chat(bot: Bot) -> None:
    await met(bot, "alice")
    stored = await bot.store.place_of("teams", bot.teams.tenant, "")
    assert stored is not None
    assert Place.read(stored).conversation == ""
    assert bot.teams.workspace.conversation("alice").id not in stored


async def test_no_address_of_a_personal_chat_outlives_the_erasure_of_its_person(bot: Bot) -> None:
    await met(bot, "alice")
    alice, chat = (
        bot.teams.workspace.person("alice").aad_id,
        bot.teams.workspace.conversation("alice"),
    )
    place = Place("https://older.example/", bot.teams.tenant, chat.id, "personal", "28:x")
    assert await bot.channel._side.places.claim_welcome(place)
    await bot.store.erase("teams", bot.teams.tenant, alice, Deed("me", "erase", "alice"))
    for name in (alice, chat.id, f"welcomed/{chat.id}"):
        assert await bot.store.place_of("teams", bot.teams.tenant, name) is None


async def test_a_place_that_was_not_stored_is_with_the_next_message(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = bot.store.keep_place

    async def lost(*_: object) -> None:
        raise NotStored("told to")

    monkeypatch.setattr(bot.store, "keep_place", lost)
    await met(bot, "Lunch")
    monkeypatch.setattr(bot.store, "keep_place", keep)
    await met(bot, "Lunch")
    assert await announce(bot, bot.teams.workspace.conversation("Lunch").id)
