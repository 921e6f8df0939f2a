"""The connector client that Microsoft's adapter works with: its operations on our own connector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botbuilder.schema import Activity, ResourceResponse
from botframework.connector.auth import ConnectorFactory

from adapters.teams.place import Place

if TYPE_CHECKING:
    from adapters.teams.outbound.connector import Connector


class ClientFactory(ConnectorFactory):
    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._clients: dict[str, Client] = {}

    async def create(self, service_url: str, audience: str) -> Any:  # noqa: ARG002 - the token's
        """`service_url` has passed the gate, so there are few."""
        known = self._clients.get(service_url)
        if known is None:
            known = self._clients[service_url] = Client(self._connector, service_url)
        return known


class Client:
    """Raises TeamsRefused, TeamsUnreachable."""

    def __init__(self, connector: Connector, service_url: str) -> None:
        self._connector = connector
        self._service_url = service_url.rstrip("/") + "/"

    @property
    def conversations(self) -> Client:
        return self

    async def send_to_conversation(
        self, conversation_id: str, activity: Activity
    ) -> ResourceResponse:
        made = await self._connector.create(self._place(conversation_id), to_plain(activity))
        return ResourceResponse(id=made)

    async def reply_to_activity(
        self,
        conversation_id: str,
        activity_id: str,  # noqa: ARG002 - the SDK's signature
        activity: Activity,
    ) -> ResourceResponse:
        """Teams keeps to threads by the conversation's own id."""
        return await self.send_to_conversation(conversation_id, activity)

    async def update_activity(
        self, conversation_id: str, activity_id: str, activity: Activity
    ) -> ResourceResponse:
        place = self._place(conversation_id)
        await self._connector.update(place, activity_id, to_plain(activity))
        return ResourceResponse(id=activity_id)

    async def delete_activity(self, conversation_id: str, activity_id: str) -> None:
        await self._connector.delete(self._place(conversation_id), activity_id)

    def _place(self, conversation_id: str) -> Place:
        return Place(self._service_url, "", conversation_id, "personal", "")


def to_plain(activity: Activity) -> dict[str, Any]:
    plain: dict[str, Any] = activity.serialize()  # type: ignore[no-untyped-call]  # the SDK's
    return plain
