"""Socket Mode: tickets, WebSockets, envelopes with their acknowledgements, and sick sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import aiohttp
from aiohttp import web

from tests.standins.slack.delivery.outbox import (
    ACK_TIMEOUT_S,
    RETRY_WAITS_S,
    Attempt,
    Delivery,
    fail,
    finish,
    start_attempt,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.standins.slack.clock import StandInClock

Json = dict[str, Any]
MAX_SOCKETS = 10  # docs.slack.dev/apis/events-api/using-socket-mode: ten connections an app
TICKET_LIFE_S = 30.0
PING_EVERY_S = 10.0
WARNING_S = 10.0
Outcome = Literal["acked", "timeout", "lost"]


@dataclass(eq=False, slots=True)
class Connection:
    """A socket. A zombie answers pings and is told nothing; a deaf one answers nothing at all."""

    ws: web.WebSocketResponse
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    zombie: bool = False
    deaf: bool = False
    envelopes: int = 0


class Sockets:
    def __init__(
        self,
        clock: StandInClock,
        app_id: str,
        touch: Callable[[], None],
        ack_timeout_s: float = ACK_TIMEOUT_S,
    ) -> None:
        self.connections: list[Connection] = []
        self.opened = 0
        """How many sockets were ever accepted."""
        self.most_at_once = 0
        self.stray_acks: list[Json] = []
        """What the bot sent that acknowledged nothing."""
        self._clock = clock
        self._app_id = app_id
        self._touch = touch
        self._ack_timeout_s = ack_timeout_s
        self._tickets: dict[str, float] = {}
        self._acks: dict[str, asyncio.Future[Any]] = {}
        self._arrived = asyncio.Event()
        self._turn = 0
        self._closing: set[asyncio.Task[None]] = set()

    # --- the bot's side ------------------------------------------------------------------------

    def new_ticket(self) -> str:
        ticket = str(uuid.uuid4())
        self._tickets[ticket] = self._clock.monotonic()
        return ticket

    async def handle(self, request: web.Request) -> web.StreamResponse:
        issued_at = self._tickets.pop(request.query.get("ticket", ""), None)
        if issued_at is None or self._clock.monotonic() - issued_at > TICKET_LIFE_S:
            return web.Response(status=408, text="ticket is unknown, used or expired")
        ws = web.WebSocketResponse(autoping=False, timeout=1.0)
        await ws.prepare(request)
        if len(self.connections) >= MAX_SOCKETS:
            await ws.send_json(_disconnect("too_many_websockets"))
            await ws.close()
            return ws
        await self._serve(ws)
        return ws

    async def _serve(self, ws: web.WebSocketResponse) -> None:
        connection = Connection(ws)
        self.connections.append(connection)
        self.opened += 1
        self.most_at_once = max(self.most_at_once, len(self.connections))
        pings = asyncio.create_task(self._ping(connection))
        try:
            await ws.send_json(self._hello())
            self._announce()
            async for frame in ws:
                await self._receive(connection, frame)
        except ConnectionError:
            pass
        finally:
            pings.cancel()
            self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
        connection.gone.set()
        self._touch()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {
                "host": "applink-0",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
            "connection_info": {"app_id": self._app_id},
        }

    def _announce(self) -> None:
        self._arrived.set()
        self._arrived = asyncio.Event()
        self._touch()

    async def _ping(self, connection: Connection) -> None:
        with contextlib.suppress(ConnectionError):
            while not connection.ws.closed:
                await asyncio.sleep(PING_EVERY_S)
                if not connection.deaf:
                    await connection.ws.ping(b"Ping from applink-0")

    async def _receive(self, connection: Connection, frame: aiohttp.WSMessage) -> None:
        if connection.deaf:
            return
        if frame.type is aiohttp.WSMsgType.PING:
            await connection.ws.pong(frame.data)
        elif frame.type is aiohttp.WSMsgType.TEXT:
            self._acknowledge(json.loads(frame.data))

    def _acknowledge(self, message: Json) -> None:
        waiting = self._acks.get(message.get("envelope_id", ""))
        if waiting is None or waiting.done():
            self.stray_acks.append(message)
        else:
            waiting.set_result(message.get("payload"))

    # --- the platform's side -------------------------------------------------------------------

    async def carry(self, delivery: Delivery) -> None:
        envelope_id = str(uuid.uuid4())
        ack: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._acks[envelope_id] = ack
        try:
            if delivery.kind == "events_api":
                await self._carry_event(delivery, envelope_id, ack)
            elif not await self._carry_once(delivery, envelope_id, ack):
                delivery.state = "given_up"
        finally:
            del self._acks[envelope_id]

    async def _carry_once(
        self, delivery: Delivery, envelope_id: str, ack: asyncio.Future[Any]
    ) -> bool:
        if not self.connections:
            return False
        attempt = start_attempt(delivery, 0, None)
        return await self._try(delivery, attempt, envelope_id, ack) == "acked"

    async def _carry_event(
        self, delivery: Delivery, envelope_id: str, ack: asyncio.Future[Any]
    ) -> None:
        """Told again as over HTTP, and at once to the next socket when this one goes away."""
        number, timeouts = delivery.first_attempt, delivery.first_attempt
        reason = "timeout" if number else None
        while True:
            while not self.connections:
                await self._arrived.wait()
            attempt = start_attempt(delivery, number, reason)
            outcome = await self._try(delivery, attempt, envelope_id, ack)
            if outcome == "acked":
                return
            number += 1
            reason = "timeout" if outcome == "timeout" else "connection_closed"
            fail(delivery, attempt, reason)
            if outcome == "timeout":
                if timeouts >= len(RETRY_WAITS_S):
                    delivery.state = "given_up"
                    return
                if await self._rest(RETRY_WAITS_S[timeouts], ack):
                    finish(delivery, attempt, ack.result())
                    return
                timeouts += 1

    async def _rest(self, seconds: float, ack: asyncio.Future[Any]) -> bool:
        """Wait before telling again: until a new socket comes, or the late acknowledgement does."""
        sleep = asyncio.ensure_future(self._clock.sleep(seconds))
        arrived = asyncio.ensure_future(self._arrived.wait())
        try:
            await asyncio.wait({sleep, arrived, ack}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleep.cancel()
            arrived.cancel()
        return ack.done()

    async def _try(
        self, delivery: Delivery, attempt: Attempt, envelope_id: str, ack: asyncio.Future[Any]
    ) -> Outcome:
        self._turn += 1
        connection = self.connections[self._turn % len(self.connections)]
        envelope: Json = {
            "envelope_id": envelope_id,
            "payload": delivery.payload,
            "type": delivery.kind,
            "accepts_response_payload": delivery.kind != "events_api",
        }
        if delivery.kind == "events_api":
            envelope |= {"retry_attempt": attempt.retry_num, "retry_reason": attempt.reason or ""}
        if not (connection.zombie or connection.deaf):
            connection.envelopes += 1
            try:
                await connection.ws.send_str(json.dumps(envelope))
            except ConnectionError:
                self._forget(connection)
                return "lost"
        return await self._await_ack(delivery, attempt, connection, ack)

    async def _await_ack(
        self,
        delivery: Delivery,
        attempt: Attempt,
        connection: Connection,
        ack: asyncio.Future[Any],
    ) -> Outcome:
        gone = asyncio.ensure_future(connection.gone.wait())
        sick = connection.zombie or connection.deaf
        timeout_s = None if sick and delivery.kind == "events_api" else self._ack_timeout_s
        try:
            await asyncio.wait({ack, gone}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
        if ack.done():
            finish(delivery, attempt, ack.result())
            return "acked"
        return "lost" if connection.gone.is_set() else "timeout"

    # --- faults --------------------------------------------------------------------------------

    def make_zombies(self) -> None:
        """The sockets of now go on answering pings, but nothing is told over them any more."""
        for connection in self.connections:
            connection.zombie = True

    def make_deaf(self) -> None:
        """Half-open: the sockets of now answer nothing, pings included, and are not closed."""
        for connection in self.connections:
            connection.deaf = True

    async def warn(self) -> None:
        """Announce the end of every socket of now; close it ten seconds later."""
        for connection in list(self.connections):
            await connection.ws.send_json(_disconnect("warning"))
            task = asyncio.create_task(self._close_later(connection))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _close_later(self, connection: Connection) -> None:
        await self._clock.sleep(WARNING_S)
        with contextlib.suppress(ConnectionError):
            await connection.ws.close()

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Tell every socket of now to come anew, and close it."""
        for connection in list(self.connections):
            with contextlib.suppress(ConnectionError):
                await connection.ws.send_json(_disconnect(reason))
                await connection.ws.close()

    def cut(self) -> None:
        """Drop the TCP connections under the sockets of now, without a word."""
        for connection in list(self.connections):
            transport = connection.ws._req.transport if connection.ws._req else None
            if transport is not None:
                transport.abort()

    async def close(self) -> None:
        for task in self._closing:
            task.cancel()
        for connection in list(self.connections):
            with contextlib.suppress(ConnectionError):
                await connection.ws.close(code=1001)


def _disconnect(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-0"}}
