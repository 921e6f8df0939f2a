"""Bolt's app: how commands, buttons and the app's home reach their listeners."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from adapters.slack.inbound.read import WrongShape
from core.errors import NotStored

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

    from adapters.slack.inbound.listeners import Listeners

Json = dict[str, Any]

IN_MEMORY = "socket_mode"
"""Bolt's name for a request that is a parsed payload; ours have been verified before."""

NOT_STORED = 503

log = logging.getLogger(__name__)


class Bolt:
    """Listeners run to their end before the acknowledgement, so each does only what must be done
    by then; Bolt's other way polls for it every 10 ms and swallows what went wrong. What comes in
    is verified before."""

    def __init__(self, client: AsyncWebClient, listeners: Listeners) -> None:
        self.app = AsyncApp(
            name="chatbot",
            client=client,
            process_before_response=True,
            request_verification_enabled=False,
            ssl_check_enabled=False,
            url_verification_enabled=False,
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        listeners.register(self.app)
        self.app.error(_to_response)

    async def run(self, payload: Json) -> BoltResponse:
        return await self.app.async_dispatch(AsyncBoltRequest(body=payload, mode=IN_MEMORY))

    async def dispatch(self, payload: Json) -> web.Response:
        """The answer over HTTP: what nobody listens to is acknowledged, and what was not stored is
        told again. Raises WrongShape, NotStored."""
        try:
            response = await self.run(payload)
        except Exception as error:
            # Bolt stumbles over fields that are not what Slack's documents describe.
            log.warning("a payload that Bolt cannot read", exc_info=True)
            raise WrongShape(type(error).__name__) from error
        if response.status == 404:
            log.info("nothing listens to %s", payload.get("type"))
            return web.Response()
        if response.status == NOT_STORED:
            raise NotStored("a listener could not store it")
        return web.Response(status=response.status, text=response.body or "")


async def _to_response(error: Exception) -> BoltResponse:
    """For what Bolt or a listener raises."""
    if isinstance(error, NotStored):
        return BoltResponse(status=NOT_STORED)
    log.warning("a payload could not be handled", exc_info=error)
    return BoltResponse(status=400)
