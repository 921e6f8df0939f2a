"""Fetches files of messages; the bot's token goes to Slack's own hosts and nowhere else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from adapters.slack.web.errors import SlackRefused, SlackUnreachable, delivery_error
from adapters.wire.downloads import download
from core.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import aiohttp

    from adapters.slack.web.api import SlackApi
    from core.conversation import Attachment, InboundMessage

HOSTS: Final = (".slack.com", ".slack-files.com")


class SlackAttachments:
    """`own_host` stands in for Slack's hosts."""

    def __init__(
        self,
        api: SlackApi,
        session: aiohttp.ClientSession,
        token: str,
        own_host: str,
        proxy_for: Callable[[str], str | None],
    ) -> None:
        self._api = api
        self._session = session
        self._headers = {"Authorization": f"Bearer {token}"}
        self._own_host = own_host
        self._proxy_for = proxy_for

    async def read(
        self,
        message: InboundMessage,  # noqa: ARG002 - the port's; the locator says all
        attachment: Attachment,
        limit_bytes: int,
    ) -> bytes:
        url = await self._url(attachment)
        return await download(
            self._session, self._proxy_for, self, url, attachment.media_type, limit_bytes
        )

    def may_fetch(self, url: str) -> bool:
        parts = urlsplit(url)
        if self._own_host:
            return parts.netloc.lower() == self._own_host
        host = (parts.hostname or "").lower()
        plain = parts.username is None and parts.port in (None, 443)
        return parts.scheme == "https" and plain and host.endswith(HOSTS)

    async def headers(self, url: str) -> Mapping[str, str]:  # noqa: ARG002 - all are Slack's own
        return self._headers

    async def _url(self, attachment: Attachment) -> str:
        """As the message said, or as Slack says now: a shared file comes without an address."""
        try:
            locator = json.loads(attachment.locator)
            url, file_id = str(locator["url"]), str(locator["id"])
        except (ValueError, KeyError, TypeError) as error:
            raise DeliveryError("file: unknown locator") from error
        if url:
            return url
        try:
            data = await self._api.call("files.info", {"file": file_id})
        except (SlackRefused, SlackUnreachable) as failure:
            raise delivery_error("files.info", failure) from failure
        file: Any = data.get("file")
        found = file.get("url_private_download") if isinstance(file, dict) else None
        if not isinstance(found, str) or not found:
            raise DeliveryError("file: Slack gives no address")
        return found
