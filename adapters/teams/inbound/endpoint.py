"""POST /api/messages: whatever Teams has to tell."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from aiohttp import web

from adapters.teams.fields import WrongShape
from adapters.wire.bodies import Refused, read_bounded, read_json
from core.errors import NotStored

if TYPE_CHECKING:
    from botbuilder.core import InvokeResponse

    from adapters.teams.inbound.adapter import TeamsAdapter
    from adapters.teams.inbound.gate import Gate
    from adapters.teams.inbound.handler import Handler

PATH = "/api/messages"

log = logging.getLogger(__name__)


class Endpoint:
    """Answers when the activity is stored, long before the answer to it is written: Teams gives
    up after 15 s and would deliver again."""

    def __init__(self, gate: Gate, adapter: TeamsAdapter, handler: Handler) -> None:
        self._gate = gate
        self._adapter = adapter
        self._handler = handler

    def routes(self) -> list[web.RouteDef]:
        return [web.post(PATH, self.handle)]

    async def handle(self, request: web.Request) -> web.Response:
        try:
            self._gate.check_host(request.headers)
            body = await read_bounded(request)
            claims = await self._gate.authenticate(request.headers.getall("Authorization", []))
            if request.content_type != "application/json":
                raise Refused(400, "an unexpected content type")
            payload = read_json(body)
            self._gate.authorize(claims, payload)
            return _to_response(await self._adapter.process(claims, payload, self._handler.on_turn))
        except Refused as refusal:
            log.info("a request to %s was refused: %s", PATH, refusal)
            return web.Response(status=refusal.status)
        except WrongShape as shape:
            log.warning("an activity of a wrong shape: %s", shape)
            return web.Response(status=400)
        except NotStored:
            log.warning("an activity could not be stored; Teams will deliver it again")
            return web.Response(status=503)


def _to_response(invoked: InvokeResponse | None) -> web.Response:
    if invoked is None:
        return web.Response(status=200)
    body: Any = {} if invoked.body is None else invoked.body
    return web.Response(
        status=int(invoked.status), text=json.dumps(body), content_type="application/json"
    )
