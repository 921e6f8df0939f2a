"""Answers commands and buttons by the address that came with them."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import aiohttp

from adapters.slack.outbound.draw import draw, has_chart, to_text
from adapters.slack.outbound.messages import to_fallback

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.document import Document

RESPONSE_HOST: Final = "hooks.slack.com"
TIMEOUT_S: Final = 10.0

log = logging.getLogger(__name__)


class Responder:
    """Sends to Slack's own address alone, whatever a payload says; `own_host` stands in for it."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        own_host: str,
        proxy_for: Callable[[str], str | None],
    ) -> None:
        self._session = session
        self._own_host = own_host
        self._proxy_for = proxy_for

    async def respond(self, url: str, document: Document) -> None:
        """For the eyes of whoever asked. Tried again without charts when Slack refuses."""
        if not self.may_send_to(url):
            log.warning("a response_url that is not Slack's is not answered")
            return
        if await self._send(url, document, charts=True):
            return
        if not await self._send(url, document, charts=not has_chart(document)):
            log.warning("Slack did not take the answer to a command")

    def may_send_to(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        if self._own_host:
            return parts.netloc.lower() == self._own_host
        return parts.scheme == "https" and parts.netloc.lower() == RESPONSE_HOST

    async def _send(self, url: str, document: Document, *, charts: bool) -> bool:
        body: dict[str, Any] = {
            "response_type": "ephemeral",
            "replace_original": False,
            "text": to_fallback(to_text(document)),
            "blocks": draw(document, charts=charts),
        }
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                self._session.post(
                    url, json=body, allow_redirects=False, proxy=self._proxy_for(url)
                ) as response,
            ):
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.info("response_url: %s", type(error).__name__)
            return False
