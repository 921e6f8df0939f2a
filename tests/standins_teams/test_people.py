"""What people do, as the bot hears of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from tests.standins.teams.identity.keys import private_key

if TYPE_CHECKING:
    from tests.standins.teams import TeamsStandIn
    from tests.standins_teams.conftest import Connector, Receiver


@pytest.mark.parametrize(
    ("where", "kind", "grouped"),
    [("alice", "personal", None), ("Lunch", "groupChat", True), ("General", "channel", True)],
)
async def test_a_mention_is_told_signed(
    teams: TeamsStandIn, receiver: Receiver, where: str, kind: str, grouped: bool | None
) -> None:
    said = teams.people.say("alice", where, "@bot is 1 < 2?")
    await teams.settled()
    [(headers, told)] = receiver.requests
    assert told == said.activity
    assert told["text"] == "<at>chatbot</at> is 1 &lt; 2?"
    assert told["entities"][0]["mentioned"]["id"] == told["recipient"]["id"]
    assert told["conversation"]["conversationType"] == kind
    assert told["conversation"].get("isGroup") is grouped
    assert told["conversation"]["tenantId"] == told["channelData"]["tenant"]["id"] == teams.tenant
    assert ("team" in told["channelData"]) is (kind == "channel")
    assert told["attachments"][-1]["contentType"] == "text/html"
    claims = jwt.decode(
        headers["Authorization"].removeprefix("Bearer "),
        private_key(teams.keys.current).public_key(),
        algorithms=["RS256"],
        audience=teams.app_id,
    )
    assert claims["serviceurl"] == told["serviceUrl"] == teams.service_url


async def test_a_message_without_the_mention_is_heard_in_personal_chats_only(
    teams: TeamsStandIn, receiver: Receiver
) -> None:
    for where in ("alice", "Lunch", "General"):
        teams.people.say("alice", where, "hello")
    await teams.settled()
    assert [told["conversation"]["conversationType"] for told in receiver.activities] == [
        "personal"
    ]


async def test_a_thread_is_told_by_its_root(teams: TeamsStandIn, receiver: Receiver) -> None:
    root = teams.people.say("alice", "General", "@bot a question")
    teams.people.say("bob", "General", "@bot and @alice?", root.id)
    await teams.settled()
    asked, followed = receiver.activities
    address = f"{root.conversation};messageid={root.id}"
    assert asked["conversation"]["id"] == followed["conversation"]["id"] == address
    assert ("replyToId" in asked, followed["replyToId"]) == (False, root.id)
    names = [e["mentioned"]["name"] for e in followed["entities"] if e["type"] == "mention"]
    assert names == ["chatbot", "Alice"]
    assert followed["text"] == "<at>chatbot</at> and <at>Alice</at>?"


async def test_a_message_is_told_twice(teams: TeamsStandIn, receiver: Receiver) -> None:
    said = teams.people.say("alice", "alice", "hello")
    teams.people.tell_again(said)
    teams.people.tell_again(said, new_id=True)
    await teams.wait_for(lambda: len(receiver.requests) == 2)
    teams.clock.advance(30)
    await teams.settled()
    first, same, other = receiver.activities
    assert first == same == said.activity
    assert other["id"] != first["id"]
    assert {n: v for n, v in other.items() if n != "id"} == {
        n: v for n, v in first.items() if n != "id"
    }


async def test_editing_deleting_and_bringing_back(teams: TeamsStandIn, receiver: Receiver) -> None:
    said = teams.people.say("alice", "alice", "helo")
    unheard = teams.people.say("alice", "Lunch", "hello")
    assert teams.people.edit(unheard, "still") is None
    teams.people.edit(said, "hello")
    assert teams.people.delete(unheard) is None
    teams.people.delete(said)
    assert teams.messages("alice") == []
    teams.people.undelete(said)
    await teams.settled()
    assert [
        (told["type"], told["channelData"].get("eventType"), told.get("text"), told["id"])
        for told in receiver.activities
    ] == [
        ("message", None, "helo", said.id),
        ("messageUpdate", "editMessage", "hello", said.id),
        ("messageDelete", "softDeleteMessage", None, said.id),
        ("messageUpdate", "undeleteMessage", "hello", said.id),
    ]
    assert [version.text for version in said.versions] == ["helo", "hello"]


async def test_reactions_are_told_for_the_bots_messages(
    teams: TeamsStandIn, receiver: Receiver, bot: Connector
) -> None:
    said = teams.people.say("alice", "alice", "hello", told=False)
    posted = await bot.say("alice")
    [answer] = teams.answers("alice")
    assert teams.people.react("alice", said, "like") is None
    teams.people.react("alice", answer, "like")
    teams.people.change_reaction("alice", answer, "like", "1f440_eyes")
    teams.people.unreact("alice", answer, "1f440_eyes")
    await teams.settled()
    assert [
        (told["replyToId"], told.get("reactionsAdded"), told.get("reactionsRemoved"))
        for told in receiver.activities
    ] == [
        (posted, [{"type": "like"}], None),
        (posted, [{"type": "1f440_eyes"}], [{"type": "like"}]),
        (posted, None, [{"type": "1f440_eyes"}]),
    ]


async def test_feedback_needs_buttons(
    teams: TeamsStandIn, receiver: Receiver, bot: Connector
) -> None:
    await bot.say("alice", "plain")
    posted = await bot.say("alice", channelData={"feedbackLoop": {"type": "default"}})
    plain, answer = teams.answers("alice")
    with pytest.raises(LookupError):
        teams.people.feedback("alice", plain, liked=True)
    receiver.answers = [(200, "{}"), (200, "null"), (200, '{"status": 200}'), (501, "")]
    good = teams.people.feedback("alice", answer, liked=False, words="too long")
    await teams.settled()
    null = teams.people.feedback("alice", answer, liked=True, names_message=False)
    await teams.settled()
    full = teams.people.feedback("alice", answer, liked=True)
    await teams.settled()
    unknown = teams.people.invoke("alice", "alice", "composeExtension/query", {})
    await teams.settled()
    told, nameless, *_ = receiver.activities
    assert (told["name"], told["replyToId"]) == ("message/submitAction", posted)
    assert told["value"] == {
        "actionName": "feedback",
        "actionValue": {"reaction": "dislike", "feedback": '{"feedbackText": "too long"}'},
    }
    assert "replyToId" not in nameless
    assert nameless["value"]["actionValue"]["feedback"] == ""
    assert (good.state, good.complaint) == ("acked", None)
    assert null.complaint == "the answer must be an object, not None"
    assert full.complaint == "the answer must be an empty object"
    assert (unknown.state, unknown.status, len(unknown.attempts)) == ("given_up", 501, 1)


CARD: dict[str, Any] = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "Settings"}],
    "actions": [
        {
            "type": "Action.Execute",
            "title": "Save",
            "verb": "save",
            "data": {"a": 1},
            "fallback": {"type": "Action.Submit", "title": "Save the old way"},
        },
        {"type": "Action.Submit", "title": "Send", "data": {"b": 2}},
        {"type": "Action.OpenUrl", "title": "Read", "url": "https://example.com"},
    ],
}


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ({"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": CARD}, ""),
        (
            {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": ""},
            "value must be the text",
        ),
        (
            {
                "statusCode": 200,
                "type": "application/vnd.microsoft.card.adaptive",
                "value": CARD | {"body": None},
            },
            "/body: null is not a value",
        ),
        ({}, "statusCode, type and value are needed"),
    ],
)
async def test_a_button_of_a_card_is_pressed(
    teams: TeamsStandIn, receiver: Receiver, bot: Connector, answer: Any, complaint: str
) -> None:
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": CARD}
    posted = await bot.say("General", attachments=[attachment])
    [shown] = teams.answers("General")
    receiver.answers = [(200, json.dumps(answer))]
    pressed = teams.people.press("alice", shown, "save", {"name": "x"})
    await teams.settled()
    teams.people.press("alice", shown, "Send")
    await teams.settled()
    executed, submitted = receiver.activities
    assert executed["value"] == {
        "action": {
            "type": "Action.Execute",
            "title": "Save",
            "verb": "save",
            "data": {"a": 1, "name": "x"},
        },
        "trigger": "manual",
    }
    assert (submitted["type"], submitted["value"]) == ("message", {"b": 2})
    assert "text" not in submitted
    assert executed["replyToId"] == submitted["replyToId"] == posted
    assert (pressed.complaint or "").startswith(complaint)
    assert bool(pressed.complaint) is bool(complaint)
    for button in ("Read", "Save the old way", "nothing"):
        with pytest.raises(LookupError):
            teams.people.press("alice", shown, button)


async def test_the_rest_of_what_people_do(teams: TeamsStandIn, receiver: Receiver) -> None:
    slash = teams.people.slash("alice", "Lunch", "/chatbot-stats 24h")
    with pytest.raises(LookupError):
        teams.people.slash("alice", "alice", "/chatbot-stats")
    teams.people.typing("alice", "alice")
    teams.people.other_bot_says("Lunch", "@bot hello")
    teams.people.uninstall("alice", "General")
    teams.people.join("carol", "Lunch")
    await teams.settled()
    by_type = {told["type"]: told for told in receiver.activities}
    assert receiver.activities[0]["recipient"]["isTargeted"] is True
    assert (slash.text, teams.messages("Lunch", reader="bob")[0].text) == (
        "/chatbot-stats 24h",
        "<at>chatbot</at> hello",
    )
    assert by_type["message"]["from"]["id"].startswith("28:")
    assert by_type["installationUpdate"]["action"] == "remove"
    updates = [told for told in receiver.activities if told["type"] == "conversationUpdate"]
    assert [{*told} & {"membersAdded", "membersRemoved"} for told in updates] == [
        {"membersRemoved"},
        {"membersAdded"},
    ]
    assert not teams.workspace.conversation("General").installed
    assert "typing" in by_type


async def test_what_is_not_taken_is_told_again(teams: TeamsStandIn, receiver: Receiver) -> None:
    teams.outbox.ack_timeout_s = 0.1
    teams.outbox.retry_waits_s = (60.0, 60.0)
    receiver.answers = [(500, ""), (200, "{}"), (200, "{}")]
    said = teams.people.say("alice", "alice", "hello")
    await teams.wait_for(lambda: teams.outbox.deliveries[0].status == 500)
    receiver.hold.clear()
    teams.clock.advance(60)
    await teams.wait_for(lambda: len(teams.outbox.deliveries[0].attempts) == 2)
    await teams.wait_for(lambda: teams.outbox.deliveries[0].attempts[1].error)
    receiver.hold.set()
    teams.clock.advance(60)
    await teams.settled()
    [delivery] = teams.outbox.deliveries
    assert delivery.state == "acked"
    assert [attempt.status for attempt in delivery.attempts] == [500, None, 200]
    assert delivery.latency_s is not None
    assert receiver.activities == [said.activity] * 3


async def test_a_hostile_token_is_sent_once(teams: TeamsStandIn, receiver: Receiver) -> None:
    receiver.answers = [(401, "")]
    said = teams.people.say("alice", "alice", "hello", told=False)
    delivery = teams.outbox.send(said.activity, token=teams.token(aud="other"))
    await teams.settled()
    assert (delivery.state, delivery.status, len(delivery.attempts)) == ("given_up", 401, 1)
    [(headers, _)] = receiver.requests
    token = headers["Authorization"].removeprefix("Bearer ")
    assert jwt.decode(token, options={"verify_signature": False})["aud"] == "other"
