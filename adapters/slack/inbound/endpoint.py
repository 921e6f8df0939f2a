"""POST /slack/events: events, buttons and slash commands over HTTP."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import web

from adapters.slack.inbound.gate import read_body
from adapters.slack.inbound.intake import DURABLE_EVENTS
from adapters.slack.inbound.read import WrongShape
from adapters.wire.bodies import Refused, read_bounded
from core.errors import NotStored

if TYPE_CHECKING:
    from adapters.slack.inbound.gate import Gate
    from adapters.slack.inbound.intake import Intake

Json = dict[str, Any]

PATH = "/slack/events"

log = logging.getLogger(__name__)


class Framework(Protocol):
    """Bolt, for everything that is not an event to be kept."""

    async def dispatch(self, payload: Json) -> web.Response: ...


class Endpoint:
    def __init__(self, gate: Gate, intake: Intake, framework: Framework) -> None:
        self._gate = gate
        self._intake = intake
        self._framework = framework

    def routes(self) -> list[web.RouteDef]:
        return [web.post(PATH, self.handle)]

    async def handle(self, request: web.Request) -> web.Response:
        try:
            body = await read_bounded(request)
            self._gate.verify(_single_headers(request), body)
            payload = read_body(request.content_type, body)
            return await self._answer(payload)
        except Refused as refusal:
            return web.Response(status=refusal.status)
        except WrongShape as shape:
            log.warning("an event of a wrong shape: %s", shape)
            return web.Response(status=400)
        except NotStored:
            log.warning("an event could not be stored; Slack will deliver it again")
            return web.Response(status=503)

    async def _answer(self, payload: Json) -> web.Response:
        match payload.get("type"):
            case "url_verification":
                challenge = payload.get("challenge")
                if not isinstance(challenge, str):
                    raise WrongShape("challenge")
                return web.json_response({"challenge": challenge})
            case "event_callback":
                event = payload.get("event")
                if not isinstance(event, dict) or not isinstance(event.get("type"), str):
                    raise WrongShape("event")
                if event["type"] in DURABLE_EVENTS:
                    await self._intake.take(payload)
                    return web.Response()
        return await self._framework.dispatch(payload)


def _single_headers(request: web.Request) -> dict[str, str]:
    """The two that are checked; one that is sent twice is no header of Slack's."""
    names = ("X-Slack-Request-Timestamp", "X-Slack-Signature")
    sent = {name: request.headers.getall(name, []) for name in names}
    return {name: values[0] for name, values in sent.items() if len(values) == 1}
