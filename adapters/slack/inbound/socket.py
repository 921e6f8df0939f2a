"""Socket Mode: stored before acknowledged, one socket at a time, and never one that sleeps."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, Final

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.socket_mode.response import SocketModeResponse

from adapters.slack.inbound.intake import DURABLE_EVENTS
from adapters.slack.inbound.read import WrongShape
from core.errors import NotStored

if TYPE_CHECKING:
    from slack_sdk.socket_mode.aiohttp import SocketModeClient
    from slack_sdk.socket_mode.request import SocketModeRequest
    from slack_sdk.web.async_client import AsyncWebClient

    from adapters.slack.inbound.bolt import Bolt
    from adapters.slack.inbound.intake import Intake
    from core.ports import Clock

PING_S: Final = 5.0
"""The SDK gives a socket up after four of these without an answer."""
LOOK_S: Final = 2.0
SILENT_S: Final = 30 * 60.0
"""Nothing but pings for so long: a healthy socket may be that quiet, a zombie always is. A new
one costs a moment."""
CONNECT_S: Final = 20.0

log = logging.getLogger(__name__)


class DurableHandler(AsyncSocketModeHandler):
    """Bolt's handler, with the events that must not be lost taken before Bolt acknowledges them."""

    def __init__(self, bolt: Bolt, intake: Intake, app_token: str, client: AsyncWebClient) -> None:
        super().__init__(bolt.app, app_token, logger=log, web_client=client, ping_interval=PING_S)
        # The SDK takes a proxy from the environment even for loopback.
        self.client.proxy = client.proxy
        self._intake = intake

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]  # as in the base class, for the same reason
        event = req.payload.get("event")
        kind = event.get("type") if isinstance(event, dict) else None
        if req.type != "events_api" or kind not in DURABLE_EVENTS:
            await super().handle(client, req)
            return
        try:
            await self._intake.take(req.payload)
        except NotStored:
            log.warning("an event could not be stored; Slack will deliver it again")
            return
        except WrongShape as shape:
            log.warning("an event of a wrong shape: %s", shape)
        await client.send_socket_mode_response(SocketModeResponse(envelope_id=req.envelope_id))


class Socket:
    """Keeps one connection. `stop` closes it first, so that nothing new arrives while draining."""

    def __init__(
        self, bolt: Bolt, intake: Intake, app_token: str, client: AsyncWebClient, clock: Clock
    ) -> None:
        self._parts = (bolt, intake, app_token, client)
        self._clock = clock
        self._handler: DurableHandler | None = None
        self._watch: asyncio.Task[None] | None = None
        self._heard_at = 0.0
        self._up_at = 0.0

    def start(self) -> None:
        self._watch = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        await self._close()

    async def is_connected(self) -> bool:
        return self._handler is not None and await self._handler.client.is_connected()

    async def _run(self) -> None:
        """A new client whenever the one there is does not recover by itself."""
        while True:
            try:
                await self._connect()
                while await self._is_alive():
                    await self._clock.sleep(LOOK_S)
                log.warning("the socket to Slack sleeps; opening a new one")
            except Exception:
                log.warning("no socket to Slack yet", exc_info=True)
                await self._clock.sleep(LOOK_S)
            await self._close()

    async def _connect(self) -> None:
        handler = self._handler = DurableHandler(*self._parts)
        handler.client.on_message_listeners.append(self._heard)
        await handler.client.connect()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped
        self._heard_at = self._up_at = self._clock.monotonic()

    async def _heard(self, _: Any) -> None:
        self._heard_at = self._clock.monotonic()

    async def _is_alive(self) -> bool:
        """The SDK reconnects by itself; it is given as long as that may take."""
        now = self._clock.monotonic()
        if now - self._heard_at > SILENT_S:
            return False
        if await self.is_connected():
            self._up_at = now
            return True
        return now - self._up_at < CONNECT_S

    async def _close(self) -> None:
        handler, self._handler = self._handler, None
        if handler is not None:
            with contextlib.suppress(Exception):
                await handler.client.close()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped
