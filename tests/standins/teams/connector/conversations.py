"""Making conversations, and who is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.standins.teams.connector.call import Refusal, bad
from tests.standins.teams.connector.front import CALL
from tests.standins.teams.connector.shape import check_activity

if TYPE_CHECKING:
    from tests.standins.teams.connector.activities import Activities
    from tests.standins.teams.connector.call import Context

Json = dict[str, Any]
FIELDS = {"isGroup", "bot", "members", "activity", "channelData", "tenantId", "tenantID"}


class Conversations:
    def __init__(self, context: Context, activities: Activities, service_url: str = "") -> None:
        self._context = context
        self._activities = activities
        self.service_url = service_url

    async def create(self, request: web.Request) -> web.Response:
        call = request[CALL]
        wanted = call.activity
        if unknown := wanted.keys() - FIELDS:
            raise bad(f"Teams drops this field silently: {min(unknown)}")
        if (wanted.get("bot") or {}).get("id") != self._context.workspace.bot.id:
            raise bad("bot.id is not the bot's.")
        self._check_tenant(wanted)
        if wanted.get("isGroup"):
            call.answer = self._post_in_channel(wanted)
        else:
            call.answer = self._open_personal(wanted)
        return web.json_response(call.answer, status=201)

    def _check_tenant(self, wanted: Json) -> None:
        data = wanted.get("channelData") or {}
        named = wanted.get("tenantId") or wanted.get("tenantID")
        tenant = (data.get("tenant") or {}).get("id") or named
        if tenant is None:
            raise Refusal(400, "BadSyntax", "Bad format of conversation ID")
        if {tenant, named or tenant} != {self._context.workspace.tenant}:
            raise Refusal(403, "Forbidden", "The bot is not in this tenant.")

    def _open_personal(self, wanted: Json) -> Json:
        members = wanted.get("members")
        if not isinstance(members, list) or len(members) != 1:
            raise Refusal(400, "BadSyntax", "Exactly one member is needed.")
        if "activity" in wanted:
            raise bad("Teams takes no first activity for a personal chat.")
        workspace = self._context.workspace
        try:
            person = workspace.person(members[0]["id"])
        except (KeyError, TypeError):
            text = "Invalid user identity in provided tenant"
            raise Refusal(403, "ForbiddenOperationException", text) from None
        conversation = workspace.personal(person.id)
        if not conversation.installed:
            text = "The bot is not installed in user's personal scope"
            raise Refusal(403, "ForbiddenOperationException", text)
        return {"id": conversation.id}

    def _post_in_channel(self, wanted: Json) -> Json:
        channel = ((wanted.get("channelData") or {}).get("channel") or {}).get("id")
        if not isinstance(channel, str):
            raise Refusal(400, "BadSyntax", "channelData.channel.id is needed.")
        conversation, root = self._context.find(channel)
        if conversation.kind != "channel" or root is not None:
            raise Refusal(400, "BadSyntax", "Bad format of conversation ID")
        activity = wanted.get("activity")
        if not isinstance(activity, dict) or activity.get("type") != "message":
            raise bad("A new thread needs a message.")
        check_activity(activity, conversation, self._context, targeted=False)
        message = self._activities.store(conversation, activity, None)
        return {"id": conversation.address(message.id), "activityId": message.id}

    async def paged_members(self, request: web.Request) -> web.Response:
        conversation, _ = self._context.find(request.match_info["conversation"])
        size = request.query.get("pageSize", "200")
        if not size.isdigit() or not 50 <= int(size) <= 500:
            raise Refusal(400, "BadArgument", "pageSize is from 50 to 500.")
        people = self._context.workspace.people.values()
        found = [person.account() for person in people if person.id in conversation.members]
        return web.json_response({"members": found[: int(size)], "continuationToken": None})

    async def member(self, request: web.Request) -> web.Response:
        conversation, _ = self._context.find(request.match_info["conversation"])
        wanted = request.match_info["member"]
        for person in self._context.workspace.people.values():
            if person.id in conversation.members and wanted in (person.id, person.aad_id):
                return web.json_response(
                    {
                        **person.account(),
                        "objectId": person.aad_id,
                        "givenName": person.name,
                        "surname": "Example",
                        "email": f"{person.name.lower()}@example.com",
                        "userPrincipalName": f"{person.name.lower()}@example.com",
                        "tenantId": self._context.workspace.tenant,
                        "userRole": "guest" if person.is_guest else "user",
                    }
                )
        raise Refusal(404, "MemberNotFoundInConversation", "Member not found in the conversation.")
