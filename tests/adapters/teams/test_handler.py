"""What each kind of activity leads to: edits, deletions, installations, and what is not stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.teams.place import Place
from core.errors import NotStored
from tests.adapters.chatbot import says
from tests.adapters.teams.conftest import FastClock, running_bot
from tests.adapters.teams.eyes import PLACES, answered, card_words, ended, inbound
from tests.adapters.teams.requests import changed, send, typed
from tests.adapters.teams.scripts import slowly
from tests.standins.teams import faults, payloads

if TYPE_CHECKING:
    from tests.adapters.teams.conftest import Bot
    from tests.standins.teams import Message


def greetings(bot: Bot, where: str = "alice") -> list[Message]:
    return [m for m in bot.teams.answers(where) if "Good to meet you" in card_words(m)]


async def known(bot: Bot, where: str = "alice", person: str = "") -> str | None:
    workspace = bot.teams.workspace
    channel = person or workspace.conversation(where).id
    return await bot.store.place_of("teams", workspace.tenant, channel)


async def settled(bot: Bot) -> None:
    """Deliveries are taken, and what they began in the background is done."""
    await bot.teams.settled()
    await bot.channel._background.drain(5)


@pytest.mark.parametrize("where", PLACES.values(), ids=PLACES)
async def test_an_edit_of_a_question_is_told_and_asks_nothing_new(bot: Bot, where: str) -> None:
    first = await inbound(bot, where)
    asked = bot.teams.workspace.conversation(where).messages[first.ref.message_id]
    mention = "" if where == "alice" else "@bot "
    await bot.teams.people.edit(asked, f"{mention}other words").done.wait()
    assert bot.chatbot.edits == [(first.ref, "other words")]
    assert bot.chatbot.accepted == [first]


async def test_an_edit_that_adds_the_mention_is_a_question(bot: Bot) -> None:
    message = bot.teams.people.say("alice", "General", "who knows?")
    await bot.teams.people.edit(message, "@bot who knows?").done.wait()
    await ended(bot)
    assert [m.text for m in bot.teams.answers("General", root=message.root)] == ["Hello."]
    await bot.teams.people.edit(message, "@bot who knows now?").done.wait()
    assert [text for _, text in bot.chatbot.edits] == ["who knows now?"]
    assert len(bot.chatbot.turns) == 1


@pytest.mark.parametrize(
    ("hours", "asks"), [(11, True), (13, False)], ids=["within half a day", "later"]
)
async def test_an_old_message_becomes_no_question(bot: Bot, hours: int, asks: bool) -> None:
    told = payloads.edited(typed(bot, "General"), "<at>chatbot</at> other words")
    written_at = int(told["id"]) - hours * 3_600_000
    assert await send(bot, changed(told, "id", str(written_at))) == 200
    assert (len(bot.chatbot.accepted), len(bot.chatbot.edits)) == (asks, not asks)


async def test_an_edit_that_takes_the_mention_away_is_an_edit(bot: Bot) -> None:
    first = await inbound(bot, "General")
    asked = bot.teams.workspace.conversation("General").messages[first.ref.message_id]
    await bot.teams.people.edit(asked, "never mind").done.wait()
    assert bot.chatbot.edits == [(first.ref, "never mind")]


async def test_an_edit_comes_back_to_life_as_nothing_new(bot: Bot) -> None:
    first = await inbound(bot)
    asked = bot.teams.workspace.conversation("alice").messages[first.ref.message_id]
    await bot.teams.people.delete(asked).done.wait()
    await bot.teams.people.undelete(asked).done.wait()
    assert bot.chatbot.deletions == [first.ref]
    assert (bot.chatbot.edits, bot.chatbot.accepted) == ([], [first])


@pytest.mark.parametrize("where", PLACES.values(), ids=PLACES)
async def test_a_deleted_question_takes_its_answer_along(bot: Bot, where: str) -> None:
    answers = await answered(bot, where)
    message = bot.chatbot.accepted[0]
    asked = bot.teams.workspace.conversation(where).messages[message.ref.message_id]
    bot.chatbot.to_remove = bot.chatbot.saved[message.ref.message_id]
    assert len(answers) == 1
    await bot.teams.people.delete(asked).done.wait()
    await bot.teams.wait_for(lambda: not bot.teams.answers(where))
    assert bot.chatbot.deletions == [message.ref]


async def test_what_cannot_be_removed_is_no_trouble(bot: Bot) -> None:
    await answered(bot)
    message = bot.chatbot.accepted[0]
    asked = bot.teams.workspace.conversation("alice").messages[message.ref.message_id]
    bot.chatbot.to_remove = bot.chatbot.saved[message.ref.message_id] * 2
    bot.teams.faults.on("DELETE", "*", faults.error(403, "Forbidden"))
    await bot.teams.people.delete(asked).done.wait()
    await bot.teams.wait_for(lambda: not bot.teams.answers("alice"))


@pytest.mark.parametrize("where", PLACES.values(), ids=PLACES)
async def test_an_installation_is_welcomed_once_although_it_is_told_twice(
    bot: Bot, where: str
) -> None:
    told = bot.teams.people.install("alice", where)
    await settled(bot)
    bot.teams.outbox.send(told[0].payload)
    await settled(bot)
    assert [one.status for one in told] == [200, 200]
    (greeting,) = greetings(bot, where)
    assert "stats" in " ".join(card_words(greeting)) + str(greeting.cards)
    assert await known(bot, where) is not None


async def test_who_removes_the_bot_and_takes_it_back_is_welcomed_again(bot: Bot) -> None:
    bot.teams.people.install("alice", "alice")
    await settled(bot)
    alice = bot.teams.workspace.person("alice").aad_id
    assert await known(bot, person=alice) is not None
    told = bot.teams.people.uninstall("alice", "alice")
    await settled(bot)
    assert [one.status for one in told] == [200, 200]
    assert await known(bot) is await known(bot, person=alice) is None
    bot.teams.people.install("alice", "alice")
    await settled(bot)
    assert len(greetings(bot)) == 2
    assert await known(bot, person=alice) is not None


async def test_a_restart_between_the_two_ways_of_telling_welcomes_nobody_twice() -> None:
    async with running_bot() as first:
        first.teams.people.install("alice", "Lunch")
        await settled(first)
        assert len(greetings(first, "Lunch")) == 1
    async with running_bot(store=first.store) as second:
        told = second.teams.people.install("alice", "Lunch")
        await settled(second)
        assert [one.status for one in told] == [200, 200]
        assert greetings(second, "Lunch") == []


async def test_a_slow_welcome_keeps_nobody_waiting(bot: Bot) -> None:
    bot.teams.faults.on("POST", "*", faults.latency(0.6), times=None)
    told = bot.teams.people.install("alice", "alice")
    for one in told:
        await one.done.wait()
        assert one.latency_s is not None
        assert one.latency_s < 0.5


async def test_a_person_who_comes_into_a_channel_is_not_the_bot(bot: Bot) -> None:
    await bot.teams.people.join("guest", "General").done.wait()
    await settled(bot)
    assert bot.teams.answers("General") == []


async def test_where_a_chat_is_reached_is_kept_from_the_first_message(bot: Bot) -> None:
    await answered(bot)
    await settled(bot)
    tenant = bot.teams.workspace.tenant
    of_tenant = await bot.store.place_of("teams", tenant, "")
    assert of_tenant is not None
    chat = bot.teams.workspace.conversation("alice").id
    assert await known(bot) == Place.read(of_tenant).moved_to(chat).to_reply_to()
    assert bot.teams.workspace.person("alice").id not in str(await known(bot))


async def test_other_bots_are_not_listened_to(bot: Bot) -> None:
    bot.teams.people.other_bot_says("General", "@bot hello")
    await bot.teams.settled()
    assert bot.chatbot.accepted == []


async def test_overheard_messages_are_passed_on_and_not_answered(bot: Bot) -> None:
    bot.teams.people.hears_everything = True
    bot.teams.people.say("bob", "Lunch", "pizza?")
    await bot.teams.settled()
    assert [one.address for one in bot.chatbot.accepted] == ["thread"]
    assert bot.chatbot.turns == []


async def test_what_cannot_be_stored_is_told_again_until_it_is(bot: Bot) -> None:
    bot.chatbot.stored = False
    bot.teams.people.say("alice", "alice", "question")
    (delivery,) = bot.teams.outbox.deliveries
    await bot.teams.wait_for(lambda: delivery.attempts and delivery.attempts[0].status)
    assert delivery.attempts[0].status == 503
    bot.chatbot.stored = True
    bot.teams.clock.advance(2)
    await ended(bot)
    assert delivery.state == "acked"
    assert [m.text for m in bot.teams.answers("alice")] == ["Hello."]


async def test_so_is_everything_else(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lost(*_: object) -> None:
        raise NotStored("told to")

    await answered(bot)
    (answer,) = bot.teams.answers("alice")
    scene = bot.teams.people.scene("alice")
    account = bot.teams.workspace.person("alice").account()
    for name in ("accept", "react", "edited", "deleted", "again"):
        monkeypatch.setattr(bot.chatbot, name, lost)
    for name in ("keep_place", "forget_place"):
        monkeypatch.setattr(bot.store, name, lost)
    told = {
        "edit": payloads.edited(typed(bot), "words"),
        "deletion": payloads.deleted(typed(bot)),
        "reaction": payloads.reaction(scene, account, answer.id, added=["like"]),
        "feedback": payloads.feedback(scene, account, True, None, answer.id),
        "again": payloads.execute(scene, account, {"data": {"verb": "again"}}, answer.id),
        "again, from a client without invokes": payloads.submit(
            scene, account, {"verb": "again"}, activity_id="8", reply_to=answer.id
        ),
        "installation": payloads.installation(scene, account, added=True),
        "removal": payloads.installation(scene, account, added=False),
    }
    got = {name: await send(bot, payload) for name, payload in told.items()}
    assert got == dict.fromkeys(told, 503)


async def test_the_acknowledgement_does_not_wait_for_the_answer(bot: Bot) -> None:
    bot.chatbot.script = says("word " * 2_000)
    bot.teams.faults.on("POST", "/v3/*", faults.latency(0.3), times=None)
    bot.teams.people.say("alice", "alice", "question")
    await bot.teams.settled()
    (delivery,) = bot.teams.outbox.deliveries
    assert delivery.latency_s is not None
    assert delivery.latency_s < 0.25


async def test_an_edit_that_overtakes_its_question_is_the_question(bot: Bot) -> None:
    message = bot.teams.people.say("alice", "alice", "first words", told=False)
    original = dict(message.activity)
    await bot.teams.people.edit(message, "last words").done.wait()
    await ended(bot)
    assert await send(bot, original) == 200
    assert [one.text for one in bot.chatbot.accepted] == ["last words"]
    assert [one.text for one in bot.chatbot.duplicates] == ["first words"]
    assert len(bot.teams.answers("alice")) == 1


async def test_an_edit_while_the_answer_grows_is_told(bot: Bot) -> None:
    bot.chatbot.script = slowly(FastClock(), "One ", "two ", "three.")
    asked = bot.teams.people.say("alice", "General", "@bot first words")
    await bot.teams.wait_for(lambda: bot.teams.answers("General"))
    await bot.teams.people.edit(asked, "@bot last words").done.wait()
    await ended(bot)
    assert [text for _, text in bot.chatbot.edits] == ["last words"]
    assert [m.text for m in bot.teams.answers("General")] == ["One two three."]
