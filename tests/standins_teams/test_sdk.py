"""The real SDK against the stand-in: its connector client is served, its validation is content."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from botbuilder.schema import Activity, ChannelAccount, ConversationParameters
from botframework.connector.aio import ConnectorClient
from botframework.connector.auth import (
    ChannelValidation,
    JwtTokenValidation,
    MicrosoftAppCredentials,
    SimpleCredentialProvider,
)
from botframework.connector.models import ErrorResponseException

if TYPE_CHECKING:
    from tests.standins.teams import TeamsStandIn


class GivenToken(MicrosoftAppCredentials):
    def __init__(self, token: str) -> None:
        super().__init__("", "")
        self._token = token

    def signed_session(self, session: Any = None) -> Any:
        session = super().signed_session(session)
        session.headers["Authorization"] = f"Bearer {self._token}"
        return session


async def test_the_connector_client_is_served(teams: TeamsStandIn) -> None:
    client = ConnectorClient(GivenToken(teams.login.issue()), base_url=teams.service_url)
    bot = ChannelAccount(id=teams.workspace.bot.id, name="chatbot")
    alice = teams.workspace.person("alice")
    made = await client.conversations.create_conversation(
        ConversationParameters(
            is_group=False,
            bot=bot,
            members=[ChannelAccount(id=alice.id)],
            tenant_id=teams.tenant,
            channel_data={"tenant": {"id": teams.tenant}},
        )
    )
    hello = Activity(type="message", text="hello", from_property=bot)
    posted = await client.conversations.send_to_conversation(made.id, hello)
    replied = await client.conversations.reply_to_activity(made.id, posted.id, hello)
    changed = Activity(type="message", text="changed", id=posted.id)
    await client.conversations.update_activity(made.id, posted.id, changed)
    await client.conversations.delete_activity(made.id, replied.id)
    member = await client.conversations.get_conversation_member(made.id, alice.id)
    assert member.aad_object_id == alice.aad_id
    assert [answer.text for answer in teams.answers("alice")] == ["changed"]
    with pytest.raises(ErrorResponseException) as caught:
        await client.conversations.update_activity(made.id, replied.id, changed)
    assert caught.value.error.error.code == "ActivityNotFoundInConversation"


async def test_the_validation_is_content(
    teams: TeamsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ChannelValidation, "open_id_metadata_endpoint", teams.metadata_url)
    said = teams.people.say("alice", "alice", "hello", told=False)
    validation = JwtTokenValidation.authenticate_request(
        Activity.deserialize(said.activity),
        f"Bearer {teams.token()}",
        SimpleCredentialProvider(teams.app_id, teams.secret),
    )
    # The SDK fetches the keys with a call that blocks: not in the loop that serves them.
    claims = await asyncio.to_thread(asyncio.run, validation)
    assert claims.is_authenticated
    assert len(teams.keys.fetched) == 2
