"""Fetches what people attached; the bot's token goes to the Bot Connector and nowhere else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from adapters.teams.outbound.errors import TeamsRefused, TeamsUnreachable, delivery_error
from adapters.wire.downloads import download
from adapters.wire.sessions import proxy_for
from core.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aiohttp

    from adapters.teams.hosts import ServiceHosts
    from adapters.teams.outbound.connector import Connector
    from core.conversation import Attachment, InboundMessage

FILE_HOSTS: Final = (".sharepoint.com", ".sharepoint.us", ".svc.ms", ".teams.microsoft.com")
"""Where files of a personal chat are kept; their addresses carry a key of their own."""


class TeamsAttachments:
    def __init__(
        self, session: aiohttp.ClientSession, connector: Connector, hosts: ServiceHosts
    ) -> None:
        self._session = session
        self._connector = connector
        self._hosts = hosts

    async def read(
        self,
        message: InboundMessage,  # noqa: ARG002 - the port's; the locator says all
        attachment: Attachment,
        limit_bytes: int,
    ) -> bytes:
        try:
            locator = json.loads(attachment.locator)
            url, is_own = str(locator["url"]), locator["own"] is True
        except (ValueError, KeyError, TypeError) as error:
            raise DeliveryError("file: unknown locator") from error
        source = _Source(self._hosts, self._connector if is_own else None)
        return await download(
            self._session, proxy_for, source, url, attachment.media_type, limit_bytes
        )


class _Source:
    def __init__(self, hosts: ServiceHosts, connector: Connector | None) -> None:
        """`connector`: where the token for its own hosts comes from; None: it is not needed."""
        self._hosts = hosts
        self._connector = connector

    def may_fetch(self, url: str) -> bool:
        if self._is_own(url):
            return True
        parts = urlsplit(url)
        plain = parts.username is None and parts.port in (None, 443)
        host = (parts.hostname or "").lower()
        return parts.scheme == "https" and plain and host.endswith(FILE_HOSTS)

    async def headers(self, url: str) -> Mapping[str, str]:
        if self._connector is None or not self._is_own(url):
            return {}
        try:
            return await self._connector.authorization()
        except (TeamsRefused, TeamsUnreachable) as failure:
            raise delivery_error("file", failure) from failure

    def _is_own(self, url: str) -> bool:
        """An address may carry a query here, which a service address may not."""
        return self._hosts.allow(url.partition("?")[0])
