"""Activities of the bot that Teams would refuse, or drop a part of without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.standins_teams.conftest import code

if TYPE_CHECKING:
    import aiohttp

    from tests.standins.teams import TeamsStandIn
    from tests.standins_teams.conftest import Connector

Json = dict[str, Any]
AI = {
    "type": "https://schema.org/Message",
    "@type": "Message",
    "@context": "https://schema.org",
    "additionalType": ["AIGeneratedContent"],
}
CLAIM = {
    "@type": "Claim",
    "position": 1,
    "appearance": {"@type": "DigitalDocument", "name": "A page"},
}


def message(**fields: Any) -> Json:
    return {"type": "message", "text": "hello [1]", **fields}


def mention(person: Json, text: str = "<at>Bob</at>") -> Json:
    return {"type": "mention", "mentioned": person, "text": text}


@pytest.mark.parametrize(
    ("activity", "says"),
    [
        ({"text": "x"}, "Unknown activity type: None"),
        ({"type": "event", "text": "x"}, "Unknown activity type: 'event'"),
        ({"type": "message"}, "neither text nor attachments"),
        ({"type": "message", "text": " \n"}, "neither text nor attachments"),
        (message(id="1"), "gets its id from Teams"),
        (message(test=1), "drops this field silently: test"),
        (message(text=5), "text must be a str"),
        (message(textFormat="html"), "textFormat cannot be"),
        (message(channelId="emulator"), "channelId cannot be"),
        ({"from": {"id": "28:other"}, **message()}, "from.id is not the bot's"),
        (message(conversation={"id": "a:other"}), "conversation.id is not"),
        (message(recipient={"id": "29:other"}), "not in the conversation"),
        (message(channelData={"feedbackLoop": {"type": "form"}}), "feedbackLoop must be"),
        (message(channelData={"feedbackLoopEnabled": True}), "channelData.feedbackLoopEnabled"),
        (message(attachments=[{"content": {}}]), "needs a contentType"),
        (message(attachments=[{"contentType": "text/html", "content": "x"}]), "attachment type"),
        (message(attachments=[{"contentType": "image/png", "contentUrl": "http://x"}]), "https"),
        (message(entities=[{"type": "clientInfo"}]), "Unknown entity type"),
        (message(entities=[AI, AI]), "Multiple root message entities"),
        (message(entities=[AI | {"label": "x"}]), "Error parsing message entity"),
        (message(entities=[AI | {"additionalType": ["AI"]}]), "AIGeneratedContent"),
        (message(text="uncited", entities=[AI | {"citation": [CLAIM]}]), "does not cite [1]"),
        (message(entities=[AI | {"citation": [CLAIM, CLAIM]}]), "same position"),
        (message(entities=[AI | {"citation": [CLAIM | {"appearance": {}}]}]), "is empty"),
        (message(entities=[AI | {"citation": [CLAIM] * 21}]), "more than 20 citations"),
        (message(entities=[{"type": "streaminfo", "stream": 1}]), "field of streaminfo: stream"),
        (message(entities=[mention({"id": "29:x", "name": "Bob"})]), "does not occur"),
        (message(entities=[mention({"id": "29:x", "name": "Bob"}, "hello")]), "must be <at>"),
    ],
)
async def test_a_wrong_activity_is_refused(
    teams: TeamsStandIn, bot: Connector, activity: Json, says: str
) -> None:
    status, answer = await bot.post("Lunch", activity)
    assert (status, answer["error"]["code"]) == (400, "BadArgument")
    assert says in answer["error"]["message"]
    assert teams.messages("Lunch") == []


async def test_label_feedback_and_mention_are_kept(teams: TeamsStandIn, bot: Connector) -> None:
    bob = teams.workspace.person("bob")
    entities = [AI | {"citation": [CLAIM]}, mention({"id": bob.id, "name": "Bob"})]
    data = {"feedbackLoop": {"type": "default"}}
    await bot.say("Lunch", "<at>Bob</at> see [1]", entities=entities, channelData=data)
    [answer] = teams.answers("Lunch")
    assert (answer.says_ai, answer.feedback_loop) == (True, "default")
    assert answer.entities == entities


async def test_a_stranger_cannot_be_mentioned(teams: TeamsStandIn, bot: Connector) -> None:
    carol = teams.workspace.person("carol")  # not at lunch
    entity = mention({"id": carol.id, "name": "Carol"}, "<at>Carol</at>")
    answer = await bot.post("Lunch", message(text="<at>Carol</at>", entities=[entity]))
    assert "not in the conversation" in answer[1]["error"]["message"]


@pytest.mark.parametrize(
    ("raw", "content_type", "expected"),
    [
        (b"{", "application/json", "BadSyntax"),
        (b"[]", "application/json", "BadSyntax"),
        (b'{"type": "message", "text": NaN}', "application/json", "BadSyntax"),
        (b'{"type": "message", "text": "\\ud800"}', "application/json", "BadSyntax"),
        (b'{"type": "message", "text": "x"}', "text/plain", "UnsupportedMediaType"),
    ],
)
async def test_a_body_that_is_no_json(
    teams: TeamsStandIn,
    session: aiohttp.ClientSession,
    bot: Connector,
    raw: bytes,
    content_type: str,
    expected: str,
) -> None:
    url = f"{teams.service_url}v3/conversations/{bot.address('alice')}/activities"
    headers = {"Authorization": f"Bearer {bot.token}", "Content-Type": content_type}
    async with session.post(url, data=raw, headers=headers) as response:
        assert (await response.json())["error"]["code"] == expected


async def test_a_long_text_is_too_big(bot: Connector) -> None:
    await bot.say("alice", "x" * 14_000)
    answer = await bot.post("alice", message(text="x" * 14_336))
    assert code(answer) == (413, "MessageSizeTooBig")


async def test_a_targeted_message_is_for_one_reader(teams: TeamsStandIn, bot: Connector) -> None:
    alice = teams.workspace.person("alice")
    private = message(recipient={"id": alice.id, "isTargeted": True})
    flag = "?isTargetedActivity=true"
    status, body = await bot.post("Lunch", private, flag)
    assert status == 201
    assert [m.id for m in teams.messages("Lunch", reader="alice")] == [body["id"]]
    assert teams.messages("Lunch", reader="bob") == []
    for where, activity, query in (
        ("Lunch", private, ""),
        ("Lunch", message(recipient={"id": alice.id}), flag),
        ("Lunch", message(), flag),
        ("alice", private, flag),
    ):
        assert code(await bot.post(where, activity, query)) == (400, "BadArgument")
    assert (await bot.change("PUT", "Lunch", body["id"], message(), flag))[0] == 200
    answer = await bot.change("PUT", "Lunch", body["id"], private, flag)
    assert code(answer) == (400, "Bad argument")
    assert code(await bot.change("DELETE", "Lunch", body["id"]))[0] == 404
    assert (await bot.change("DELETE", "Lunch", body["id"], query=flag))[0] == 200
