"""The address that answers a command or a button: five uses, thirty minutes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from aiohttp import web

from tests.standins.slack.api.faults import inflict
from tests.standins.slack.blockkit import check_blocks
from tests.standins.slack.workspace import Ephemeral, Message

if TYPE_CHECKING:
    from tests.standins.slack.announcer import Announcer
    from tests.standins.slack.api.faults import Faults
    from tests.standins.slack.clock import StandInClock
    from tests.standins.slack.workspace import Workspace

Json = dict[str, Any]
USES = 5  # docs.slack.dev/interactivity/handling-user-interaction: five times within 30 minutes
LIFE_S = 30 * 60.0
Source = Literal["response_url", "command", "action"]


@dataclass(slots=True)
class ResponseUrl:
    key: str
    url: str
    channel: str
    user: str
    message_ts: str | None
    issued_at: float
    used: int = 0
    shown: list[Ephemeral | Message] = field(default_factory=list)
    """What came in over it."""
    bodies: list[Json] = field(default_factory=list)


class ResponseUrls:
    def __init__(
        self, workspace: Workspace, announcer: Announcer, clock: StandInClock, faults: Faults
    ) -> None:
        self.base_url = ""
        self.urls: dict[str, ResponseUrl] = {}
        self._workspace = workspace
        self._announcer = announcer
        self._clock = clock
        self._faults = faults

    def issue(self, channel: str, user: str, message_ts: str | None = None) -> ResponseUrl:
        key = self._workspace.new_id("R")
        url = f"{self.base_url}/commands/{self._workspace.team}/{key}"
        issued = ResponseUrl(key, url, channel, user, message_ts, self._clock.monotonic())
        self.urls[key] = issued
        return issued

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        fault = self._faults.strike("response_url", {"raw": raw})
        if fault and not fault.after and (struck := await inflict(fault, request)):
            return struck
        response = await self._answer(request)
        if fault and fault.after and (struck := await inflict(fault, request)):
            return struck
        return response

    async def _answer(self, request: web.Request) -> web.Response:
        url = self.urls.get(request.match_info["key"])
        if url is None:
            return _refuse("invalid_url", 404)
        if self._clock.monotonic() - url.issued_at > LIFE_S:
            return _refuse("expired_url", 404)
        if url.used >= USES:
            return _refuse("used_url", 404)
        try:
            body = await request.json()
        except ValueError:
            return _refuse("invalid_payload", 400)
        problem = check_response(body)
        if problem:
            return _refuse(problem, 400)
        url.used += 1
        url.bodies.append(body)
        self.show(url, body, "response_url")
        return web.json_response({"ok": True})

    def show(self, url: ResponseUrl, body: Json, source: Source) -> None:
        """Put a response where people see it."""
        room = self._workspace.channels[url.channel]
        before = room.by_ts.get(url.message_ts or "")
        if before is not None and body.get("delete_original"):
            self._announcer.remove(room, before)
        elif before is not None and body.get("replace_original"):
            before.text, before.blocks = body.get("text", ""), body.get("blocks") or []
            before.markdown = None
            before.note_version()
        elif body.get("response_type") == "in_channel":
            url.shown.append(self._post(url, body))
        else:
            shown = Ephemeral(
                url.channel,
                url.user,
                body.get("text", ""),
                body.get("blocks") or [],
                body.get("thread_ts"),
                self._workspace.new_ts(),
                source,
            )
            self._workspace.ephemerals.append(shown)
            url.shown.append(shown)
        self._workspace.touch()

    def _post(self, url: ResponseUrl, body: Json) -> Message:
        message = Message(
            url.channel,
            self._workspace.new_ts(),
            self._workspace.bot_user,
            text=body.get("text", ""),
            thread_ts=body.get("thread_ts"),
            blocks=body.get("blocks") or [],
            bot_id=self._workspace.bot_id,
            posted_at=time.monotonic(),
        )
        message.note_version()
        room = self._workspace.channels[url.channel]
        room.add(message)
        self._announcer.new_message(room, message)
        return message


def check_response(body: Any) -> str | None:
    """What Slack objects to. `markdown_text` is no argument here, so alone it is no text."""
    if not isinstance(body, dict):
        return "invalid_payload"
    if body.get("delete_original"):
        return None
    blocks = body.get("blocks")
    if not (body.get("text") or blocks or body.get("attachments")):
        return "no_text"
    if blocks is not None and check_blocks(blocks):
        return "invalid_blocks"
    if body.get("response_type", "ephemeral") not in ("ephemeral", "in_channel"):
        return "invalid_response_type"
    return None


def _refuse(code: str, status: int) -> web.Response:
    return web.json_response({"ok": False, "error": code}, status=status)
