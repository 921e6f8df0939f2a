"""HTTP endpoints for speaking as a person and looking around, from another process or by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.standins.slack import payloads
from tests.standins.slack.api import faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.standins.slack.standin import SlackStandIn
    from tests.standins.slack.workspace import Message

Json = dict[str, Any]
FAULTS: dict[str, Callable[..., faults.Fault]] = {
    "rate_limited": faults.rate_limited,
    "html": faults.html,
    "http_status": faults.http_status,
    "error": faults.error,
    "latency": faults.latency,
    "reset_before": faults.reset_before,
    "reset_after": faults.reset_after,
    "black_hole": faults.black_hole,
}


class Control:
    """`POST /control/ACTION` with a JSON object of the arguments that People takes; messages are
    named by `ts` (and `channel` where two channels could hold it)."""

    def __init__(self, slack: SlackStandIn) -> None:
        self._slack = slack

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/control/fault", self._fault),
            web.post("/control/clear-faults", self._clear_faults),
            web.post("/control/advance", self._advance),
            web.post("/control/events-url", self._events_url),
            web.get("/control/messages", self._messages),
            web.get("/control/calls", self._calls),
            web.post("/control/{action}", self._act),
        ]

    async def _act(self, request: web.Request) -> web.Response:
        body: Json = await request.json()
        people = self._slack.people
        match request.match_info["action"]:
            case "say":
                return self._told(people.say(**body))
            case "edit":
                people.edit(self._message(body), body["text"])
            case "delete":
                people.delete(self._message(body))
            case "react":
                people.react(body["user"], self._message(body), body["emoji"])
            case "unreact":
                people.unreact(body["user"], self._message(body), body["emoji"])
            case "press":
                message = self._message(body)
                people.press(body["user"], message, body["action_id"], body.get("value"))
            case "command":
                people.command(**body)
            case "open-home":
                people.open_home(**body)
            case "stop":
                people.stop(**body)
            case _:
                return web.json_response({"error": "unknown action"}, status=404)
        return web.json_response({"ok": True})

    def _message(self, body: Json) -> Message:
        return self._slack.workspace.message(body["ts"], body.get("channel"))

    def _told(self, message: Message) -> web.Response:
        return web.json_response({"ok": True, "channel": message.channel, "ts": message.ts})

    async def _fault(self, request: web.Request) -> web.Response:
        """`{"method", "kind", "with": {arguments of the fault}, "times", "skip", "every"}`"""
        body: Json = await request.json()
        fault = FAULTS[body["kind"]](**body.get("with", {}))
        when = {name: body[name] for name in ("times", "skip", "every") if name in body}
        self._slack.faults.on(body["method"], fault, **when)
        return web.json_response({"ok": True})

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._slack.faults.clear()
        return web.json_response({"ok": True})

    async def _advance(self, request: web.Request) -> web.Response:
        self._slack.clock.advance((await request.json())["seconds"])
        return web.json_response({"ok": True})

    async def _events_url(self, request: web.Request) -> web.Response:
        self._slack.events_url = (await request.json())["url"]
        return web.json_response({"ok": True})

    async def _messages(self, request: web.Request) -> web.Response:
        workspace = self._slack.workspace
        channel = workspace.channels[request.query["channel"]]
        found = workspace.messages(channel.id, request.query.get("thread_ts"))
        fields = [
            payloads.message_fields(workspace, channel, m) | {"shown": m.shown} for m in found
        ]
        return web.json_response({"messages": fields})

    async def _calls(self, request: web.Request) -> web.Response:
        found = self._slack.calls(request.query.get("method"))
        rows = [
            {"method": c.method, "args": c.args, "error": c.error, "took_s": c.took_s}
            for c in found
        ]
        return web.json_response({"calls": rows})
