"""Posting, replying, changing and deleting in the three kinds of conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.standins_teams.conftest import code

if TYPE_CHECKING:
    from tests.standins.teams import TeamsStandIn
    from tests.standins_teams.conftest import Connector


@pytest.mark.parametrize("where", ["alice", "Lunch", "General"])
async def test_a_message_is_posted_changed_and_deleted(
    teams: TeamsStandIn, bot: Connector, where: str
) -> None:
    posted = await bot.say(where, "one")
    status, body = await bot.change("PUT", where, posted, {"type": "message", "text": "two"})
    assert (status, body) == (200, {"id": posted})
    [message] = teams.answers(where)
    assert [version.text for version in message.versions] == ["one", "two"]
    assert (await bot.change("DELETE", where, posted))[0] == 200
    assert teams.messages(where) == []
    assert teams.messages(where, deleted=True) == [message]


async def test_posting_twice_makes_two_messages(teams: TeamsStandIn, bot: Connector) -> None:
    assert await bot.say("alice") != await bot.say("alice")
    assert len(teams.answers("alice")) == 2


async def test_a_channel_has_threads(teams: TeamsStandIn, bot: Connector) -> None:
    root = await bot.say("General", "a new post")
    reply = await bot.say(f"General;messageid={root}", "in its thread")
    status, body = await bot.change(
        "POST", "General", reply, {"type": "message", "text": "a reply to the reply"}
    )
    assert status == 201
    assert [m.id for m in teams.messages("General", root=root)] == [root, reply, body["id"]]


async def test_what_is_not_there_cannot_be_changed(teams: TeamsStandIn, bot: Connector) -> None:
    alices = teams.people.say("alice", "alice", "mine", told=False)
    gone = await bot.say("alice")
    await bot.change("DELETE", "alice", gone)
    message = {"type": "message", "text": "x"}
    for activity_id in (alices.id, gone, "1700000000000"):
        for method, body in (("PUT", message), ("DELETE", None)):
            answer = await bot.change(method, "alice", activity_id, body)
            assert code(answer) == (404, "ActivityNotFoundInConversation")
    thread = await bot.post("General;messageid=1", message)
    assert code(thread) == (404, "ActivityNotFoundInConversation")


async def test_what_is_changed_or_answered_is_named_rightly(
    teams: TeamsStandIn, bot: Connector
) -> None:
    posted = await bot.say("alice")
    message = {"type": "message", "text": "x"}
    info = {"type": "streaminfo", "streamType": "final", "streamId": posted}
    for method, body in (
        ("PUT", message | {"id": "1"}),
        ("PUT", {"type": "typing"}),
        ("PUT", message | {"entities": [info]}),
        ("POST", message | {"replyToId": "1"}),
    ):
        answer = await bot.change(method, "alice", posted, body)
        assert code(answer) == (400, "BadArgument")
    answer = await bot.change("POST", "alice", "1700000000000", message)
    assert code(answer) == (404, "ActivityNotFoundInConversation")
    assert (await bot.change("PUT", "alice", posted, message | {"id": posted}))[0] == 200
    status, _ = await bot.change("POST", "alice", posted, message | {"replyToId": posted})
    assert (status, len(teams.answers("alice"))) == (201, 2)


async def test_a_conversation_without_the_bot_is_closed(bot: Connector) -> None:
    answer = await bot.post("Outside", {"type": "message", "text": "x"})
    assert code(answer) == (403, "BotNotInConversationRoster")
    status, body, _ = await bot.call(
        "POST", "conversations/19%3Ano%40thread.v2/activities", {"type": "message", "text": "x"}
    )
    assert (status, body["error"]["code"]) == (404, "ConversationNotFound")


async def test_typing_leaves_no_message(teams: TeamsStandIn, bot: Connector) -> None:
    assert await bot.post("Lunch", {"type": "typing"}) == (202, {})
    assert (len(teams.typing("Lunch")), teams.typing("General")) == (1, [])
    assert teams.messages("Lunch") == []


async def test_a_chat_belongs_to_one_person(teams: TeamsStandIn) -> None:
    with pytest.raises(LookupError):
        teams.people.say("bob", "alice", "hello", told=False)
