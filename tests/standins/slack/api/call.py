"""One call of the Web API: what was sent, what a method may ask of it, and how it is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.standins.slack.announcer import Announcer
    from tests.standins.slack.clock import StandInClock
    from tests.standins.slack.delivery.sockets import Sockets
    from tests.standins.slack.workspace import Channel, Message, Workspace

Json = dict[str, Any]


class Refusal(Exception):
    """`{"ok": false, "error": code}`, with Slack's explanations where it gives them."""

    def __init__(self, code: str, *messages: str, **extra: Any) -> None:
        super().__init__(code, *messages)
        self.code = code
        self.messages = messages
        self.extra = extra

    def to_api(self) -> Json:
        body: Json = {"ok": False, "error": self.code, **self.extra}
        if self.messages:
            body["errors"] = list(self.messages)
            body["response_metadata"] = {"messages": [f"[ERROR] {text}" for text in self.messages]}
        return body


@dataclass(slots=True)
class Call:
    """A call as it is kept in the log. `at` is the machine's monotonic clock."""

    method: str
    args: Json
    at: float
    token: str | None = None
    status: int = 0
    """HTTP status of the answer; 0 where the connection was dropped instead."""
    error: str | None = None
    accepted: bool = False
    """The workspace was changed, whatever the caller then heard."""
    answer: Json = field(default_factory=dict)
    took_s: float = 0.0

    # --- arguments -----------------------------------------------------------------------------

    def text(self, name: str) -> str | None:
        value = self.args.get(name)
        if value is None:
            return None
        if isinstance(value, (dict, list)):
            raise Refusal("invalid_arguments", f"must be a string [json-pointer:/{name}]")
        return str(value)

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise Refusal("invalid_arguments", f"missing required field: {name}")
        return value

    def flag(self, name: str) -> bool | None:
        value = self.args.get(name)
        return value if value is None else value in (True, 1, "1", "true", "True")

    def number(self, name: str, default: int) -> int:
        value = self.args.get(name, default)
        try:
            return int(value)
        except (TypeError, ValueError):
            raise Refusal("invalid_arguments", f"must be an integer: {name}") from None

    def structure(self, name: str, error: str) -> Any:
        """An argument that is JSON: as it is in a JSON body, as a string in a form."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise Refusal(error) from None


@dataclass(slots=True)
class Context:
    """What methods work on."""

    workspace: Workspace
    clock: StandInClock
    announce: Announcer
    sockets: Sockets
    scopes: set[str]
    subscriptions: set[str]
    ws_url: str
    page_limit: int = 1000
    """The most messages that history and replies hand out at once."""
    triggers: dict[str, float] = field(default_factory=dict)
    """When each trigger_id was handed out."""

    # --- looking up, with Slack's refusals -----------------------------------------------------

    def channel(self, call: Call, name: str = "channel") -> Channel:
        """A channel that the bot can see."""
        wanted = call.text(name)
        if not wanted:
            raise Refusal("invalid_arguments", f"missing required field: {name}")
        found = self.workspace.channels.get(wanted)
        hidden = found is not None and found.kind != "channel"
        if found is None or (hidden and self.workspace.bot_user not in found.members):
            raise Refusal("channel_not_found")
        return found

    def writable(self, call: Call, name: str = "channel") -> Channel:
        """A channel that the bot may post to; a person's id opens the conversation with them."""
        wanted = call.text(name) or ""
        if wanted in self.workspace.people:
            return self.workspace.dm(wanted)
        named = [c for c in self.workspace.channels.values() if f"#{c.name}" == wanted]
        channel = named[0] if named else self.channel(call, name)
        if channel.archived:
            raise Refusal("is_archived")
        if self.workspace.bot_user not in channel.members:
            raise Refusal("not_in_channel")
        return channel

    def own_message(self, channel: Channel, ts: str, refusal: str) -> Message:
        message = channel.by_ts.get(ts)
        if message is None or message.deleted:
            raise Refusal("message_not_found")
        if message.bot_id != self.workspace.bot_id:
            raise Refusal(refusal)
        return message

    def need_scope(self, *any_of: str) -> None:
        if not self.scopes.intersection(any_of):
            raise Refusal("missing_scope", needed=any_of[0], provided=",".join(sorted(self.scopes)))
