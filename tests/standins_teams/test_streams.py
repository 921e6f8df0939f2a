"""Streamed messages in personal chats."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
