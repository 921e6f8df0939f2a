"""Commands, buttons, reactions and ratings: what people press, and what they get for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.document import Document, Text
from core.draft import Ending
from core.errors import DeliveryError
from core.feedback import STOP_BUTTON
from core.turn import QueuedMessage
from tests.adapters.chatbot import says
from tests.adapters.teams.eyes import PLACES, answered, buttons_of, ended, inbound, words_of
from tests.standins.teams import faults, payloads

if TYPE_CHECKING:
    from core.conversation import InboundMessage
    from tests.adapters.teams.conftest import Bot
    from tests.standins.teams import Delivery, Message

Json = dict[str, Any]
STATS: Json = {"data": {"verb": "command", "command": "stats 7d"}}
WAITING = Ending(None, Document("", (Text("It waits."),)), can_cancel=True)
FAILED = Ending("failed", Document("", (Text("It broke."),)), can_retry=True)


async def told(bot: Bot, payload: Json) -> Delivery:
    delivery = bot.teams.outbox.send(payload)
    await delivery.done.wait()
    return delivery


def alice(bot: Bot) -> Json:
    return bot.teams.workspace.person("alice").account()


async def failed(bot: Bot, where: str) -> Message:
    """An answer with a button to try again."""
    bot.chatbot.script = says("Half", ending=FAILED)
    (answer,) = await answered(bot, where)
    assert [button["title"] for button in buttons_of(answer)] == ["Try again"]
    return answer


# --- commands -----------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["stats", "chatbot-stats 24h", "/chatbot-stats", "help"])
@pytest.mark.parametrize("where", PLACES.values(), ids=PLACES)
async def test_a_typed_command_goes_the_way_of_a_message(bot: Bot, where: str, line: str) -> None:
    assert (await inbound(bot, where, line)).text == line
    assert bot.chatbot.calls == []


@pytest.mark.parametrize("line", ["/stats 7d", "chatbot-stats 7d", "/chatbot-stats 7d", "stats 7d"])
@pytest.mark.parametrize("where", ["Lunch", "General"])
async def test_a_slash_command_is_answered_to_who_typed_it(bot: Bot, where: str, line: str) -> None:
    bot.teams.people.slash("bob", where, line)
    (answer,) = await bot.teams.wait_for(lambda: bot.teams.answers(where))
    bob = bot.teams.workspace.person("bob")
    assert answer.targeted_to == bob.id
    (call,) = bot.chatbot.calls
    assert (call.arguments, call.author.user_id) == (("7d",), bob.aad_id)
    assert (call.from_slash, call.direct) == (True, False)
    assert bot.chatbot.accepted == []


async def test_where_teams_shows_nothing_to_one_alone_all_see_it(bot: Bot) -> None:
    def is_targeted(activity: Json) -> bool:
        return "recipient" in activity

    bot.teams.faults.on("POST", "*", faults.error(400, "BadArgument"), where=is_targeted, times=9)
    message = await inbound(bot, "General")
    reply = bot.channel.platform.replies.open(queued(message))
    await reply.whisper(Document("", (Text("for you"),)))
    (answer,) = bot.teams.answers("General")
    assert (answer.targeted_to, words_of(answer)) == (None, "for you")


async def test_a_rate_limit_is_no_reason_to_say_it_to_all(bot: Bot) -> None:
    message = await inbound(bot, "General")
    bot.teams.faults.on("POST", "*", faults.throttled("0"), times=None)
    reply = bot.channel.platform.replies.open(queued(message))
    with pytest.raises(DeliveryError):
        await reply.whisper(Document("", (Text("for you"),)))
    assert {bool(call.query) for call in bot.teams.calls("POST") if call.conversation} == {True}


async def test_a_question_behind_a_slash_is_answered_to_who_asked(bot: Bot) -> None:
    bot.chatbot.script = says("One ", "two ", "three.")
    bot.teams.people.slash("alice", "General", "what is up")
    await ended(bot)
    (answer,) = bot.teams.answers("General")
    assert (answer.targeted_to, answer.text) == (alice(bot)["id"], "One two three.")


# --- buttons ------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", PLACES.values(), ids=PLACES)
async def test_a_pressed_command_takes_the_place_of_its_card(bot: Bot, where: str) -> None:
    (answer,) = await answered(bot, where)
    scene = bot.teams.people.scene(where, answer.root)
    delivery = await told(bot, payloads.execute(scene, alice(bot), STATS, answer.id))
    assert delivery.response["statusCode"] == 200
    assert delivery.response["type"] == "application/vnd.microsoft.card.adaptive"
    assert delivery.response["value"]["type"] == "AdaptiveCard"
    (call,) = bot.chatbot.calls
    assert (call.name, call.arguments) == ("stats", ("7d",))
    assert (call.from_slash, call.direct) == (False, where == "alice")


async def test_a_client_without_invokes_is_answered_by_a_message(bot: Bot) -> None:
    (answer,) = await answered(bot)
    scene = bot.teams.people.scene("alice")
    value = {"verb": "command", "command": "stats"}
    await told(bot, payloads.submit(scene, alice(bot), value, activity_id="77", reply_to=answer.id))
    said = await bot.teams.wait_for(lambda: bot.teams.answers("alice")[1:])
    assert words_of(said[0]) == "Title Body"
    assert len(bot.chatbot.accepted) == 1


@pytest.mark.parametrize("where", PLACES.values(), ids=PLACES)
async def test_trying_again_tells_which_message_and_which_press(bot: Bot, where: str) -> None:
    answer = await failed(bot, where)
    (button,) = buttons_of(answer)
    scene = bot.teams.people.scene(where, answer.root)
    pressed = payloads.execute(scene, alice(bot), {"data": button["data"]}, answer.id)
    delivery = await told(bot, pressed)
    assert delivery.response["value"] == "Trying again."
    again = payloads.submit(
        scene, alice(bot), button["fallback"]["data"], activity_id="77", reply_to=answer.id
    )
    await told(bot, again)
    await bot.teams.wait_for(lambda: len(bot.chatbot.retries) == 2)
    (ref, who, first), (same, _, second) = bot.chatbot.retries
    assert ref == same
    assert (ref.message_id, who) == (answer.id, alice(bot)["aadObjectId"])
    assert ref.channel == bot.teams.workspace.conversation(where).id
    assert first != second


async def test_a_press_in_vain_is_answered_too(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    async def no(*_: object) -> bool:
        return False

    answer = await failed(bot, "alice")
    monkeypatch.setattr(bot.chatbot, "again", no)
    scene = bot.teams.people.scene("alice")
    again: Json = {"verb": "again"}
    delivery = await told(bot, payloads.execute(scene, alice(bot), {"data": again}, answer.id))
    assert "nothing to try again" in delivery.response["value"]
    await told(bot, payloads.submit(scene, alice(bot), again, activity_id="8", reply_to=answer.id))
    said = await bot.teams.wait_for(lambda: bot.teams.answers("alice")[1:])
    assert "nothing to try again" in words_of(said[0])


@pytest.mark.parametrize("where", PLACES.values(), ids=PLACES)
async def test_cancel_stops_the_question_that_waits_in_that_message(bot: Bot, where: str) -> None:
    bot.chatbot.script = says("", ending=WAITING)
    (answer,) = await answered(bot, where)
    (button,) = buttons_of(answer)
    scene = bot.teams.people.scene(where, answer.root)
    pressed = payloads.execute(scene, alice(bot), {"data": button["data"]}, answer.id)
    delivery = await told(bot, pressed)
    assert (button["title"], delivery.response["value"]) == ("Cancel", "Cancelled.")
    data = button["fallback"]["data"]
    await told(bot, payloads.submit(scene, alice(bot), data, activity_id="7", reply_to=answer.id))
    first, second = await bot.teams.wait_for(
        lambda: bot.chatbot.reactions[1:] and bot.chatbot.reactions
    )
    assert (first.ref.message_id, first.emoji, first.added) == (answer.id, STOP_BUTTON, True)
    assert (second.ref, second.emoji) == (first.ref, first.emoji)


# --- reactions and ratings ----------------------------------------------------------------------


async def test_reactions_are_told_with_who_and_where_and_when(bot: Bot) -> None:
    (answer,) = await answered(bot, "General")
    people = bot.teams.people
    people.react("bob", answer, "like")
    people.unreact("bob", answer, "like")
    people.react("carol", answer, "1f44d_thumbsup-tone3", "made_up")
    await bot.teams.settled()
    seen = sorted((r.emoji, r.added) for r in bot.chatbot.reactions)
    assert seen == [
        ("1f44d_thumbsup-tone3", True),
        ("like", False),
        ("like", True),
        ("made_up", True),
    ]
    refs = {r.ref for r in bot.chatbot.reactions}
    assert refs == {bot.chatbot.saved[bot.chatbot.accepted[0].ref.message_id][0]}
    names = {r.author.user_id for r in bot.chatbot.reactions}
    assert names == {bot.teams.workspace.person(name).aad_id for name in ("bob", "carol")}


async def test_of_a_change_of_mind_the_new_one_comes_last(bot: Bot) -> None:
    (answer,) = await answered(bot)
    bot.teams.people.change_reaction("alice", answer, "like", "sad")
    await bot.teams.settled()
    assert [(r.emoji, r.added) for r in bot.chatbot.reactions] == [("like", False), ("sad", True)]


@pytest.mark.parametrize("reply_to", ["named", "left out"])
async def test_a_rating_below_an_answer_is_told(bot: Bot, reply_to: str) -> None:
    await answered(bot)
    _, answer = await answered(bot)
    named = answer.id if reply_to == "named" else None
    scene = bot.teams.people.scene("alice")
    delivery = await told(bot, payloads.feedback(scene, alice(bot), False, "Too long", named))
    assert (delivery.status, delivery.response) == (200, {})
    (rating,) = bot.chatbot.reactions
    assert (rating.emoji, rating.added, rating.reason) == ("button:down", True, "Too long")
    assert rating.ref.message_id == answer.id


async def test_a_rating_of_nobody_knows_what_is_refused(bot: Bot) -> None:
    await answered(bot, "General")
    elsewhere = bot.teams.people.scene("alice")
    delivery = await told(bot, payloads.feedback(elsewhere, alice(bot), True, None, None))
    assert delivery.status == 400
    assert bot.chatbot.reactions == []


def queued(message: InboundMessage) -> QueuedMessage:
    return QueuedMessage("t", 1, "question", message, message.sent_at)
