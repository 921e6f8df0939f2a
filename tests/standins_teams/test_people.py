"""What people do, as the bot hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt
import pytest

from tests.standins.teams.identity.keys import private_key

if TYPE_CHECKING:
    from tests.standins.teams import TeamsStandIn
    from tests.standins_teams.conftest import Receiver


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
