"""Streamed messages in personal chats."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.standins.teams import faults
from tests.standins_teams.conftest import code

if TYPE_CHECKING:
    from tests.standins.teams import TeamsStandIn
    from tests.standins_teams.conftest import Connector


async def test_a_stream_grows_and_ends(teams: TeamsStandIn, bot: Connector) -> None:
    status, body = await bot.stream("Thinking", 1, kind="informative")
    assert status == 201
    stream_id = body["id"]
    teams.clock.advance(1)
    assert await bot.stream("one", 2, stream_id) == (202, {})
    teams.clock.advance(1)
    assert await bot.stream("one two", None, stream_id, "final") == (202, {})
    [message] = teams.answers("alice")
    assert message.text == "one two"
    assert message.stream is not None
    assert (message.stream.state, message.stream.informative) == ("finished", ["Thinking"])
    assert [version.text for version in message.versions] == ["one", "one two"]


async def test_streams_are_for_personal_chats(bot: Connector) -> None:
    for where in ("Lunch", "General"):
        answer = await bot.stream("one", 1, where=where)
        assert code(answer) == (403, "ContentStreamNotAllowed")
        assert answer[1]["error"]["message"] == "Content stream is not allowed"


async def begin(teams: TeamsStandIn, bot: Connector, text: str = "one") -> str:
    status, body = await bot.stream(text, 1)
    assert status == 201, body
    teams.clock.advance(1)
    return str(body["id"])


def said(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    status, body = answer
    return status, body["error"]["message"]


@pytest.mark.parametrize(
    ("text", "sequence", "kind", "fields", "message"),
    [
        ("", 1, "streaming", {}, "Start streaming activities should include text"),
        ("x", 2, "streaming", {}, "The first streamSequence must be 1"),
        ("x", None, "streaming", {}, "streamSequence must be an integer"),
        ("x", 1, "loud", {}, "Unknown stream type: 'loud'"),
        ("x", None, "final", {}, "End streaming activities should include a stream id"),
        ("x", 1, "final", {}, "streamSequence must not be set for the final message"),
        (
            "x",
            1,
            "streaming",
            {"type": "message"},
            "Only start streaming and continue streaming types are allowed as a typing activity",
        ),
    ],
)
async def test_a_bad_start_is_refused(
    teams: TeamsStandIn,
    bot: Connector,
    text: str,
    sequence: int | None,
    kind: str,
    fields: dict[str, Any],
    message: str,
) -> None:
    answer = await bot.stream(text, sequence, kind=kind, **fields)
    assert said(answer) == (400, message)
    assert teams.messages("alice") == []


async def test_what_was_streamed_must_stay(teams: TeamsStandIn, bot: Connector) -> None:
    stream_id = await begin(teams, bot)
    text = "Request streamed content should contain the previously streamed content"
    assert said(await bot.stream("two", 2, stream_id)) == (403, text)
    assert said(await bot.stream("two", None, stream_id, "final")) == (403, text)
    assert (await bot.stream("one two", 2, stream_id))[0] == 202


async def test_informative_updates_come_before_the_content(
    teams: TeamsStandIn, bot: Connector
) -> None:
    stream_id = await begin(teams, bot)
    answer = await bot.stream("Thinking", 2, stream_id, "informative")
    assert said(answer) == (400, "Informative updates must come before the content")


async def test_what_comes_out_of_order_is_dropped(teams: TeamsStandIn, bot: Connector) -> None:
    stream_id = await begin(teams, bot)
    for sequence in (1, 3):
        answer = await bot.stream("one two", sequence, stream_id)
        assert code(answer) == (202, "ContentStreamSequenceOrderPreConditionFailed")
    assert teams.answers("alice")[0].text == "one"


async def test_what_overtakes_is_dropped(teams: TeamsStandIn, bot: Connector) -> None:
    stream_id = await begin(teams, bot)
    teams.faults.on("POST", "*", faults.latency(0.2, after=True))
    first = asyncio.ensure_future(bot.stream("one two", 2, stream_id))
    await teams.wait_for(lambda: teams.answers("alice")[0].text == "one two")
    teams.clock.advance(1)
    answer = await bot.stream("one two three", 3, stream_id)
    assert code(answer) == (202, "ContentStreamSequenceOrderPreConditionFailed")
    assert await first == (202, {})


async def test_a_stream_takes_one_request_a_second(teams: TeamsStandIn, bot: Connector) -> None:
    stream_id = await begin(teams, bot)
    teams.clock.advance(-0.5)
    assert said(await bot.stream("one two", 2, stream_id)) == (
        429,
        "API calls quota exceeded",
    )
    teams.clock.advance(0.6)
    assert (await bot.stream("one two", 2, stream_id))[0] == 202


async def test_a_chat_has_one_stream(teams: TeamsStandIn, bot: Connector) -> None:
    stream_id = await begin(teams, bot)
    assert said(await bot.stream("x", 1)) == (403, "Content stream is not allowed")
    assert (await bot.stream("x", 1, where="bob"))[0] == 201
    await bot.stream("one", None, stream_id, "final")
    completed = "Content stream is not allowed on an already completed streamed message"
    assert said(await bot.stream("one two", 2, stream_id)) == (403, completed)
    await begin(teams, bot)


async def test_two_minutes_end_a_stream(teams: TeamsStandIn, bot: Connector) -> None:
    stream_id = await begin(teams, bot)
    message = {"type": "message", "text": "all of it"}
    answer = await bot.change("PUT", "alice", stream_id, message)
    assert said(answer) == (403, "Content stream is not allowed")
    teams.clock.advance(120)
    assert said(await bot.stream("one two", 2, stream_id)) == (
        403,
        "Content stream finished due to exceeded streaming time.",
    )
    assert (await bot.change("PUT", "alice", stream_id, message))[0] == 200
    assert teams.answers("alice")[0].text == "all of it"


async def test_stop_ends_a_stream(teams: TeamsStandIn, bot: Connector) -> None:
    with pytest.raises(LookupError):
        teams.people.stop("alice")
    stream_id = await begin(teams, bot)
    teams.people.stop("alice")
    canceled = (403, "Content stream was canceled by user.")
    assert said(await bot.stream("one two", 2, stream_id)) == canceled
    assert said(await bot.stream("one two", None, stream_id, "final")) == canceled
    message = {"type": "message", "text": "all of it"}
    assert said(await bot.change("PUT", "alice", stream_id, message)) == canceled
    await bot.say("alice", "a new one")


async def test_a_long_stream_is_refused(teams: TeamsStandIn, bot: Connector) -> None:
    stream_id = await begin(teams, bot)
    answer = await bot.stream("one" + "x" * 20_000, 2, stream_id)
    assert said(answer) == (403, "Message size too large")
    answer = await bot.stream("x" * 1001, 1, kind="informative", where="bob")
    assert said(answer) == (403, "Message size too large")


async def test_cards_and_labels_come_with_the_last_request(
    teams: TeamsStandIn, bot: Connector
) -> None:
    label = {
        "type": "https://schema.org/Message",
        "@type": "Message",
        "@context": "https://schema.org",
        "additionalType": ["AIGeneratedContent"],
    }
    data = {"feedbackLoop": {"type": "default"}}
    for fields in ({"entities": [label]}, {"channelData": data}):
        assert code(await bot.stream("one", 1, **fields)) == (400, "BadArgument")
    stream_id = await begin(teams, bot)
    fields = {"entities": [label], "channelData": data}
    assert (await bot.stream("one", None, stream_id, "final", **fields))[0] == 202
    [answer] = teams.answers("alice")
    assert (answer.says_ai, answer.feedback_loop) == (True, "default")
