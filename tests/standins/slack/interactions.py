"""Buttons and slash commands, pressed and typed by people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.standins.slack import payloads
from tests.standins.slack.web.response_urls import check_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.standins.slack.api.call import Context
    from tests.standins.slack.delivery.outbox import Carrier, Delivery, Outbox
    from tests.standins.slack.web.response_urls import ResponseUrl, ResponseUrls
    from tests.standins.slack.workspace import Channel, Message, Workspace

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Interaction:
    """A press or a command: how it was told, and the address for its answers."""

    delivery: Delivery
    response_url: ResponseUrl


class Interactions:
    def __init__(
        self,
        workspace: Workspace,
        outbox: Outbox,
        carrier: Callable[[], Carrier],
        response_urls: ResponseUrls,
        context: Context,
    ) -> None:
        self._workspace = workspace
        self._outbox = outbox
        self._carrier = carrier
        self._response_urls = response_urls
        self._context = context

    def press(
        self, user: str, message: Message, action_id: str, value: str | None = None
    ) -> Interaction:
        """Press a button of a message. Feedback buttons need the `value` of the one that is meant.

        Raises LookupError when the message shows no such button.
        """
        action = _find_action(message, action_id, value)
        action["action_ts"] = self._workspace.new_ts()
        room = self._workspace.channels[message.channel]
        url = self._response_urls.issue(room.id, user, message.ts)
        person = self._workspace.people[user]
        container = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": room.id,
            "is_ephemeral": False,
        } | ({"thread_ts": message.thread_ts} if message.thread_ts else {})
        payload: Json = {
            "type": "block_actions",
            "user": {
                "id": user,
                "username": person.name,
                "name": person.name,
                "team_id": person.team,
            },
            "api_app_id": self._workspace.app_id,
            "token": payloads.VERIFICATION_TOKEN,
            "container": container,
            "trigger_id": self._trigger(),
            "team": {"id": self._workspace.team, "domain": self._workspace.team_domain},
            "enterprise": None,
            "is_enterprise_install": False,
            "channel": {
                "id": room.id,
                "name": "directmessage" if room.kind == "im" else room.name,
            },
            "message": payloads.message_fields(self._workspace, room, message),
            "state": {"values": {}},
            "response_url": url.url,
            "actions": [action],
        }
        return Interaction(self._outbox.send(self._carrier(), "interactive", payload), url)

    def command(self, user: str, channel: str, command: str, text: str = "") -> Interaction:
        """Type a slash command; Slack has none in threads. What the bot puts into its
        acknowledgement is shown to the person once it came."""
        room = self._room(channel)
        url = self._response_urls.issue(room.id, user)
        person = self._workspace.people[user]
        payload: Json = {
            "token": payloads.VERIFICATION_TOKEN,
            "team_id": self._workspace.team,
            "team_domain": self._workspace.team_domain,
            "channel_id": room.id,
            "channel_name": "directmessage" if room.kind == "im" else room.name,
            "user_id": user,
            "user_name": person.name,
            "command": command,
            "text": text,
            "api_app_id": self._workspace.app_id,
            "is_enterprise_install": "false",
            "response_url": url.url,
            "trigger_id": self._trigger(),
        }
        shown = _ShowsResponse(self._carrier(), self._response_urls, url)
        return Interaction(self._outbox.send(shown, "slash_commands", payload), url)

    def _trigger(self) -> str:
        trigger = self._workspace.new_id("13345224609.738474920.")
        self._context.triggers[trigger] = self._context.clock.monotonic()
        return trigger

    def _room(self, channel: str) -> Channel:
        if channel in self._workspace.people:
            return self._workspace.dm(channel)
        return self._workspace.channels[channel]


@dataclass(frozen=True, slots=True)
class _ShowsResponse:
    """Carries a command and then shows the response that came with the acknowledgement."""

    carrier: Carrier
    urls: ResponseUrls
    url: ResponseUrl

    async def carry(self, delivery: Delivery) -> None:
        await self.carrier.carry(delivery)
        body = delivery.response
        if isinstance(body, str):
            body = {"text": body}
        if isinstance(body, dict) and body and check_response(body) is None:
            self.urls.show(self.url, body, "command")


def _find_action(message: Message, action_id: str, value: str | None) -> Json:
    for block in message.blocks:
        elements = [*block.get("elements", []), block.get("accessory") or {}]
        for element in elements:
            if element.get("action_id") == action_id:
                block_id = block.get("block_id", "b1")
                return _action(element, value) | {"action_id": action_id, "block_id": block_id}
    raise LookupError(f"{message.ts} shows no {action_id}")


def _action(element: Json, value: str | None) -> Json:
    kind = element["type"]
    if kind == "feedback_buttons":
        for name in ("positive_button", "negative_button"):
            if element[name]["value"] == value:
                return {"type": kind, "text": element[name]["text"], "value": value}
        raise LookupError(f"no feedback button has the value {value}")
    if kind in ("static_select", "overflow"):
        for option in element["options"]:
            if option["value"] == value:
                return {"type": kind, "selected_option": option}
        raise LookupError(f"no option has the value {value}")
    return {"type": kind} | {k: element[k] for k in ("text", "value", "style") if k in element}
