"""Microsoft's adapter, with our own gate before it and our own connector behind it.

The SDK's ways of checking tokens and of calling the Bot Connector are left out: the one lets
through what must be refused, the other is four times the work of a whole turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botbuilder.core import CloudAdapterBase
from botbuilder.schema import Activity, ChannelAccount, ConversationAccount
from botframework.connector.auth import (
    AuthenticateRequestResult,
    BotFrameworkAuthentication,
    ClaimsIdentity,
)

from adapters.teams.fields import dict_field, text_field
from adapters.teams.outbound.client import ClientFactory

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from botbuilder.core import InvokeResponse, TurnContext

    from adapters.teams.outbound.connector import Connector

    Logic = Callable[[TurnContext], Awaitable[None]]

Json = dict[str, Any]

PAYLOAD = "payload"
"""In a turn's state: the activity as it came, with all that the SDK's types leave out."""


class Authentication(BotFrameworkAuthentication):
    """What the adapter asks for after the gate: who sent it, and how to answer."""

    def __init__(self, connector: Connector, audience: str) -> None:
        self._factory = ClientFactory(connector)
        self._audience = audience

    def to_result(self, claims: Mapping[str, Any]) -> AuthenticateRequestResult:
        result = AuthenticateRequestResult()
        result.audience = self._audience
        result.claims_identity = ClaimsIdentity(dict(claims), True)
        result.connector_factory = self._factory
        return result

    async def authenticate_request(self, *_: Any) -> Any:
        raise PermissionError("requests come through the gate")

    async def authenticate_streaming_request(self, *_: Any) -> Any:
        raise PermissionError("requests come through the gate")

    def create_connector_factory(self, *_: Any) -> ClientFactory:
        return self._factory

    async def create_user_token_client(self, *_: Any) -> Any:
        """Nobody signs in through the bot."""
        return None


class TeamsAdapter(CloudAdapterBase):
    """Runs the handler for an activity that the gate has let in."""

    def __init__(self, authentication: Authentication) -> None:
        super().__init__(authentication)
        self._authentication = authentication

    async def process(
        self, claims: Mapping[str, Any], payload: Json, logic: Logic
    ) -> InvokeResponse | None:
        """Raises what `logic` raises."""

        async def with_payload(context: TurnContext) -> None:
            context.turn_state[PAYLOAD] = payload
            await logic(context)

        result = self._authentication.to_result(claims)
        response: InvokeResponse | None = await self.process_activity(
            result, read_activity(payload), with_payload
        )
        return response


def read_activity(payload: Json) -> Activity:
    """What the SDK needs to find the method that it is for, and the way back. It could read all of
    it itself, but that takes longer than everything else on a message's way to the inbox."""
    conversation = dict_field(payload, "conversation")
    return Activity(
        type=text_field(payload, "type"),
        id=text_field(payload, "id"),
        channel_id=text_field(payload, "channelId"),
        service_url=text_field(payload, "serviceUrl"),
        conversation=ConversationAccount(id=text_field(conversation, "id")),
        from_property=_read_account(dict_field(payload, "from")),
        recipient=_read_account(dict_field(payload, "recipient")),
    )


def _read_account(fields: Json) -> ChannelAccount:
    return ChannelAccount(id=text_field(fields, "id"), name=text_field(fields, "name"))
