"""Posting, replying, changing and deleting."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.standins.teams.connector import streams
from tests.standins.teams.connector.call import Refusal, bad, missing
from tests.standins.teams.connector.entities import stream_info
from tests.standins.teams.connector.front import CALL
from tests.standins.teams.connector.shape import check_activity
from tests.standins.teams.workspace import Message

if TYPE_CHECKING:
    from tests.standins.teams.connector.call import Call, Context
    from tests.standins.teams.workspace import Conversation

Json = dict[str, Any]


class Activities:
    def __init__(self, context: Context) -> None:
        self._context = context
        self.typing: list[tuple[float, str]] = []
        """When the bot was seen typing, by the machine's clock, and where."""

    async def post(self, request: web.Request) -> web.Response:
        call = request[CALL]
        conversation, root = self._context.find(request.match_info["conversation"])
        return self._post(call, conversation, root)

    async def reply(self, request: web.Request) -> web.Response:
        call = request[CALL]
        conversation, root = self._context.find(request.match_info["conversation"])
        replied = conversation.find(request.match_info["activity"])
        if replied is None:
            raise missing()
        named = call.activity.get("replyToId")
        if named not in (None, request.match_info["activity"]):
            raise bad("replyToId is not the activity that is replied to")
        return self._post(call, conversation, root or replied.root)

    def _post(self, call: Call, conversation: Conversation, root: str | None) -> web.Response:
        activity = call.activity
        targeted = _is_targeted(call)
        if "id" in activity:
            raise bad("A new activity gets its id from Teams.")
        check_activity(activity, conversation, self._context, targeted=targeted)
        info = stream_info(activity)
        if info is not None:
            return streams.run(call, conversation, info, self._context)
        if activity["type"] == "typing":
            self.typing.append((time.monotonic(), conversation.id))
            call.answer = {}
            return web.json_response({}, status=202)
        message = self.store(conversation, activity, root)
        if targeted:
            message.targeted_to = activity["recipient"]["id"]
        call.answer = {"id": message.id}
        return web.json_response(call.answer, status=201)

    def store(self, conversation: Conversation, activity: Json, root: str | None) -> Message:
        workspace = self._context.workspace
        message = Message(workspace.new_id(), conversation.id, workspace.bot.id, activity)
        if conversation.kind == "channel":
            message.root = root or message.id
        message.posted_at = time.monotonic()
        message.note_version()
        conversation.messages[message.id] = message
        return message

    async def put(self, request: web.Request) -> web.Response:
        call = request[CALL]
        conversation, _ = self._context.find(request.match_info["conversation"])
        message = self._context.own(conversation, request.match_info["activity"])
        activity = dict(call.activity)
        if activity.pop("id", message.id) != message.id:
            raise bad("id is not the activity that is updated")
        self._check_targeting(call, message)
        check_activity(activity, conversation, self._context, targeted=False)
        if activity["type"] != "message" or stream_info(activity) is not None:
            raise bad("Only a message without streaminfo can replace a message.")
        self._check_stream(message)
        message.change(activity)
        call.answer = {"id": message.id}
        return web.json_response(call.answer)

    async def delete(self, request: web.Request) -> web.Response:
        call = request[CALL]
        conversation, _ = self._context.find(request.match_info["conversation"])
        message = self._context.own(conversation, request.match_info["activity"])
        self._check_targeting(call, message)
        message.deleted = True
        return web.Response(status=200)

    def _check_targeting(self, call: Call, message: Message) -> None:
        if _is_targeted(call) is not (message.targeted_to is not None):
            raise missing()
        if message.targeted_to is not None and "recipient" in call.activity:
            raise Refusal(400, "Bad argument", "Recipient cannot be changed.")

    def _check_stream(self, message: Message) -> None:
        """A stream is changed by streaming only while it is open, and not after Stop."""
        streams.settle(message, self._context)
        if message.stream is not None and message.stream.state in ("open", "stopped"):
            canceled = message.stream.state == "stopped"
            raise streams.forbidden(streams.CANCELED if canceled else streams.NOT_ALLOWED)


def _is_targeted(call: Call) -> bool:
    value = call.query.get("isTargetedActivity")
    if value not in (None, "true", "false"):
        raise bad("isTargetedActivity must be true or false")
    return value == "true"
