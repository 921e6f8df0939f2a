"""Fetches files of messages; the bot's token goes to Slack's own hosts and nowhere else."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

import aiohttp

from adapters.slack.web.errors import SlackRefused, SlackUnreachable, delivery_error
from core.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.slack.web.api import SlackApi
    from core.conversation import Attachment, InboundMessage

HOSTS: Final = (".slack.com", ".slack-files.com")
HOPS: Final = 3
TIMEOUT_S: Final = 30.0
CHUNK_BYTES: Final = 64 * 1024
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


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
        self._token = token
        self._own_host = own_host
        self._proxy_for = proxy_for

    async def read(
        self,
        message: InboundMessage,  # noqa: ARG002 - the port's; the locator says all
        attachment: Attachment,
        limit_bytes: int,
    ) -> bytes:
        url = await self._url(attachment)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._download(url, attachment.media_type, limit_bytes)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise DeliveryError(f"file: {type(error).__name__}", retryable=True) from error
        except ValueError as error:
            raise DeliveryError("file: no address") from error

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

    async def _download(self, url: str, media_type: str, limit_bytes: int) -> bytes:
        for _ in range(HOPS + 1):
            if not self.may_fetch(url):
                raise DeliveryError("file: not at Slack")
            async with self._session.get(
                url,
                headers={"Authorization": f"Bearer {self._token}", "Accept-Encoding": "identity"},
                allow_redirects=False,
                proxy=self._proxy_for(url),
            ) as response:
                if response.status in REDIRECTS:
                    url = urljoin(url, response.headers.get("Location", ""))
                    continue
                if response.status != 200:
                    raise DeliveryError(
                        f"file: HTTP {response.status}", retryable=response.status >= 500
                    )
                if response.content_type == "text/html" and media_type != "text/html":
                    # The login page: the token may not read files.
                    raise DeliveryError("file: Slack sent a web page instead")
                return await _read_bounded(response, limit_bytes)
        raise DeliveryError("file: too many redirects")

    def may_fetch(self, url: str) -> bool:
        parts = urlsplit(url)
        if self._own_host:
            return parts.netloc.lower() == self._own_host
        host = (parts.hostname or "").lower()
        plain = parts.username is None and parts.port in (None, 443)
        return parts.scheme == "https" and plain and host.endswith(HOSTS)


async def _read_bounded(response: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    """Counts what arrives, unpacked: a header may say anything."""
    data = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        data += chunk
        if len(data) > limit_bytes:
            raise DeliveryError("file: too large")
    return bytes(data)
