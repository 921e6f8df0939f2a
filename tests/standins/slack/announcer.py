"""Changes the workspace and tells the bot of it: the events that Slack sends for what happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.standins.slack import payloads

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.standins.slack.clock import StandInClock
    from tests.standins.slack.delivery.outbox import Carrier, Delivery, Outbox
    from tests.standins.slack.workspace import Channel, Message, Workspace

Json = dict[str, Any]
STREAM_LIFE_S = 300.0  # reported: a stream is closed by Slack after about five minutes
STATUS_LIFE_S = 120.0  # docs.slack.dev/reference/methods/assistant.threads.setStatus: two minutes
MESSAGE_EVENTS = {
    "channel": "message.channels",
    "group": "message.groups",
    "im": "message.im",
    "mpim": "message.mpim",
}
SUBSCRIPTIONS = frozenset(
    {
        "agent_session_stopped",
        "agent_session_title_changed",
        "app_context_changed",
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "member_joined_channel",
        "message.channels",
        "message.groups",
        "message.im",
        "message.mpim",
        "reaction_added",
        "reaction_removed",
        "tokens_revoked",
    }
)


@dataclass(slots=True)
class Status:
    text: str
    loading_messages: list[str]
    at: float


@dataclass(slots=True)
class Session:
    """The agent's session in a thread; an empty status: there is none yet."""

    status: str = ""
    title: str | None = None
    prompts: list[Json] = field(default_factory=list)


class Announcer:
    def __init__(
        self,
        workspace: Workspace,
        clock: StandInClock,
        outbox: Outbox,
        carrier: Callable[[], Carrier],
    ) -> None:
        self.subscriptions = set(SUBSCRIPTIONS)
        self.echo = True
        """Tell the bot of its own messages, edits and reactions too, as Slack does."""
        self.sessions: dict[tuple[str, str], Session] = {}
        self.status_log: list[tuple[str, str, Status]] = []
        self._statuses: dict[tuple[str, str], Status] = {}
        self._workspace = workspace
        self._clock = clock
        self._outbox = outbox
        self._carrier = carrier

    # --- telling -------------------------------------------------------------------------------

    def build(
        self, event: Json, channel: Channel | None, *, team: str | None = None
    ) -> Json | None:
        """The payload of an event, or None when the bot is not told: not subscribed, not there."""
        kind = event["type"]
        if channel is not None:
            if self._workspace.bot_user not in channel.members:
                return None
            kind = MESSAGE_EVENTS[channel.kind] if kind == "message" else kind
        if kind not in self.subscriptions:
            return None
        shared = channel is not None and channel.shared_with is not None
        return payloads.event_callback(self._workspace, event, shared=shared, team=team)

    def send(self, payload: Json, *, first_attempt: int = 0, delay_s: float = 0.0) -> Delivery:
        return self._outbox.send(
            self._carrier(), "events_api", payload, first_attempt=first_attempt, delay_s=delay_s
        )

    def tell(self, event: Json, channel: Channel | None) -> Json | None:
        payload = self.build(event, channel)
        if payload is not None:
            self.send(payload)
        self._workspace.touch()
        return payload

    def _own(self, user: str) -> bool:
        return user == self._workspace.bot_user

    # --- messages ------------------------------------------------------------------------------

    def new_message(self, channel: Channel, message: Message) -> None:
        """Of a message that is in the channel already and that no person typed."""
        if self.echo or not self._own(message.user):
            event = payloads.message_event(self._workspace, channel, message)
            if payload := self.tell(event, channel):
                message.events.append(payload)
        self._workspace.touch()

    def changed(self, channel: Channel, message: Message, before: Json) -> None:
        if self.echo or not self._own(message.user):
            at = self._workspace.new_ts()
            event = payloads.changed_event(self._workspace, channel, message, before, at=at)
            self.tell(event, channel)
        self._workspace.touch()

    def remove(self, channel: Channel, message: Message) -> None:
        """A root with replies leaves a tombstone, which is told as a change."""
        before = payloads.message_fields(self._workspace, channel, message)
        message.deleted = True
        has_replies = message.root == message.ts and len(channel.thread(message.ts)) > 0
        message.tombstone = has_replies
        if has_replies:
            self.changed(channel, message, before)
        elif self.echo or not self._own(message.user):
            at = self._workspace.new_ts()
            self.tell(payloads.deleted_event(channel, before, at=at), channel)
        self._workspace.touch()

    def stream_is_open(self, message: Message) -> bool:
        stream = message.stream
        if stream is None or not stream.open:
            return False
        if self._clock.monotonic() - stream.started_at > STREAM_LIFE_S:
            stream.open = False
            stream.expired = True
        return stream.open

    # --- reactions -----------------------------------------------------------------------------

    def react(self, user: str, message: Message, emoji: str) -> None:
        users = message.reactions.setdefault(emoji, [])
        if user not in users:
            users.append(user)
        self._tell_reaction("reaction_added", user, message, emoji)

    def unreact(self, user: str, message: Message, emoji: str) -> None:
        users = message.reactions.get(emoji, [])
        if user in users:
            users.remove(user)
        if not users:
            message.reactions.pop(emoji, None)
        self._tell_reaction("reaction_removed", user, message, emoji)

    def _tell_reaction(self, kind: str, user: str, message: Message, emoji: str) -> None:
        if self._own(user) and not self.echo:
            self._workspace.touch()
            return
        at = self._workspace.new_ts()
        known = message.subtype != "bot_message"  # a webhook's post has no user
        event = payloads.reaction_event(kind, user, emoji, message, at=at, item_user=known)
        self.tell(event, self._workspace.channels[message.channel])

    # --- the state of threads ------------------------------------------------------------------

    def session(self, channel: str, thread_ts: str) -> Session:
        return self.sessions.setdefault((channel, thread_ts), Session())

    def set_status(self, channel: str, thread_ts: str, text: str, loading: list[str]) -> None:
        status = Status(text, loading, self._clock.monotonic())
        self.status_log.append((channel, thread_ts, status))
        if text:
            self._statuses[channel, thread_ts] = status
        else:
            self._statuses.pop((channel, thread_ts), None)
        self._workspace.touch()

    def status(self, channel: str, thread_ts: str) -> str:
        """The status line that people see now; "" when it is gone or too old."""
        found = self._statuses.get((channel, thread_ts))
        if found is None or self._clock.monotonic() - found.at > STATUS_LIFE_S:
            return ""
        return found.text

    def reply_arrived(self, message: Message) -> None:
        """A reply of the app takes its status line away."""
        self._statuses.pop((message.channel, message.root), None)
