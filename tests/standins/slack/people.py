"""People: what they type, edit, delete, react to and open, told to the bot as Slack does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

from tests.standins.slack import payloads
from tests.standins.slack.interactions import Interactions
from tests.standins.slack.texts import as_typed, mentions
from tests.standins.slack.workspace import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.standins.slack.announcer import Announcer
    from tests.standins.slack.api.call import Context
    from tests.standins.slack.delivery.outbox import Carrier, Delivery, Outbox
    from tests.standins.slack.web.files import FileServer, SlackFile
    from tests.standins.slack.web.response_urls import ResponseUrls
    from tests.standins.slack.workspace import Channel, Workspace

Json = dict[str, Any]
Twins = Literal["mention_first", "message_first"]


class People(Interactions):
    def __init__(
        self,
        workspace: Workspace,
        announcer: Announcer,
        outbox: Outbox,
        carrier: Callable[[], Carrier],
        files: FileServer,
        response_urls: ResponseUrls,
        context: Context,
    ) -> None:
        super().__init__(workspace, outbox, carrier, response_urls, context)
        self._announcer = announcer
        self._files = files

    @property
    def mention(self) -> str:
        return f"<@{self._workspace.bot_user}>"

    # --- messages ------------------------------------------------------------------------------

    def say(
        self,
        user: str,
        channel: str,
        text: str,
        thread_ts: str | None = None,
        *,
        files: Sequence[SlackFile] = (),
        ts: str | None = None,
        twins: Twins = "mention_first",
        twin_gap_s: float = 0.0,
        first_attempt: int = 0,
        told: bool = True,
        raw: bool = False,
    ) -> Message:
        """Type a message. A mention in a channel is told twice, as `app_mention` and as `message`,
        in the order and with the gap asked for; in a shared channel each once for each workspace.

        `channel` may be a person's id: their direct conversation with the bot. `told=False` holds
        the events back (see `tell`); `first_attempt=1` loses the first attempt on its way; `raw`
        takes `text` as Slack's own, escaped already.
        """
        room = self._room(channel)
        message = Message(
            room.id,
            ts or self._workspace.new_ts(),
            user,
            text=text if raw else as_typed(text),
            thread_ts=thread_ts,
            files=[self._files.add(file) for file in files],
            subtype="file_share" if files else None,
            client_msg_id=payloads.new_client_msg_id(),
            posted_at=time.monotonic(),
        )
        room.members.add(user)
        message.note_version()
        room.add(message)
        message.events = self._events_of(room, message, twins)
        if told:
            self.tell(message, twin_gap_s=twin_gap_s, first_attempt=first_attempt)
        self._workspace.touch()
        return message

    def tell(
        self, message: Message, *, twin_gap_s: float = 0.0, first_attempt: int = 0
    ) -> list[Delivery]:
        """Send (again) the events of a message, each under the id that it has."""
        return [
            self._announcer.send(payload, first_attempt=first_attempt, delay_s=index * twin_gap_s)
            for index, payload in enumerate(message.events)
        ]

    def tell_again(
        self, delivery: Delivery, *, new_event_id: bool = False, first_attempt: int = 1
    ) -> Delivery:
        """Deliver once more, as the same event or under a new id. `first_attempt` is the number
        that the retry headers start with; 0 leaves them out."""
        payload = dict(delivery.payload)
        if new_event_id:
            payload["event_id"] = self._workspace.new_id("Ev")
        return self._announcer.send(payload, first_attempt=first_attempt)

    def _events_of(self, room: Channel, message: Message, twins: Twins) -> list[Json]:
        plain = payloads.message_event(self._workspace, room, message)
        events = [plain]
        if room.kind != "im" and mentions(message.text, self._workspace.bot_user):
            mention = payloads.mention_event(self._workspace, room, message)
            events = [mention, plain] if twins == "mention_first" else [plain, mention]
        teams = [None] if room.shared_with is None else [None, room.shared_with]
        told = (self._announcer.build(event, room, team=t) for event in events for t in teams)
        return [payload for payload in told if payload is not None]

    def edit(self, message: Message, text: str) -> None:
        """Change the text; an edit that adds the mention is also told as `app_mention`."""
        room = self._workspace.channels[message.channel]
        before = payloads.message_fields(self._workspace, room, message)
        had = mentions(message.text, self._workspace.bot_user)
        message.text = as_typed(text)
        message.edited = {"user": message.user, "ts": self._workspace.new_ts()}
        message.note_version()
        self._announcer.changed(room, message, before)
        if room.kind != "im" and not had and mentions(message.text, self._workspace.bot_user):
            event = payloads.mention_event(self._workspace, room, message)
            self._announcer.tell(event, room)

    def unfurl(self, message: Message, url: str) -> None:
        """What Slack does to a message with a link: a change that leaves the text as it was."""
        room = self._workspace.channels[message.channel]
        before = payloads.message_fields(self._workspace, room, message)
        message.attachments.append({"from_url": url, "title": "A page", "id": 1})
        self._announcer.changed(room, message, before)

    def delete(self, message: Message) -> None:
        self._announcer.remove(self._workspace.channels[message.channel], message)

    def react(self, user: str, message: Message, emoji: str) -> None:
        """`emoji` without colons, told as it is: `+1`, `thumbsup`, `+1::skin-tone-3`."""
        self._announcer.react(user, message, emoji)

    def unreact(self, user: str, message: Message, emoji: str) -> None:
        self._announcer.unreact(user, message, emoji)

    def other_bot_says(
        self,
        channel: str,
        text: str,
        thread_ts: str | None = None,
        *,
        bot_id: str = "B0OTHER",
        user: str | None = "U0OTHERBOT",
    ) -> Message:
        """A message of another bot; `user=None`: of an incoming webhook or workflow."""
        room = self._room(channel)
        message = Message(
            room.id,
            self._workspace.new_ts(),
            user or "",
            text=as_typed(text),
            thread_ts=thread_ts,
            bot_id=bot_id,
            subtype=None if user else "bot_message",
            username="other bot",
            posted_at=time.monotonic(),
        )
        message.note_version()
        room.add(message)
        message.events = self._events_of(room, message, "mention_first")
        if user is None:
            for payload in message.events:
                payload["event"].pop("user")
        self.tell(message)
        return message

    # --- the rest ------------------------------------------------------------------------------

    def open_home(self, user: str, tab: Literal["home", "messages"] = "home") -> None:
        room = self._workspace.dm(user)
        event: Json = {
            "type": "app_home_opened",
            "user": user,
            "channel": room.id,
            "tab": tab,
            "event_ts": self._workspace.new_ts(),
        }
        view = self._workspace.homes.get(user)
        self._announcer.tell(event | ({"view": view} if view and tab == "home" else {}), None)

    def join(self, user: str, channel: str, inviter: str | None = None) -> None:
        """Also of the bot itself: then it is in the channel from now on."""
        room = self._workspace.channels[channel]
        room.members.add(user)
        event: Json = {
            "type": "member_joined_channel",
            "user": user,
            "channel": channel,
            "channel_type": "C",
            "team": self._workspace.team,
            "event_ts": self._workspace.new_ts(),
        }
        self._announcer.tell(event | ({"inviter": inviter} if inviter else {}), room)

    def stop(self, user: str, channel: str, thread_ts: str) -> None:
        """Press Slack's own Stop button, which ends the running streams of the thread.

        Raises LookupError when no session is processing: then there is no button.
        """
        room = self._room(channel)
        if self._announcer.session(room.id, thread_ts).status != "processing":
            raise LookupError(f"no session is processing in {thread_ts}")
        stopped = [m for m in room.thread(thread_ts) if self._announcer.stream_is_open(m)]
        for message in stopped:
            if message.stream:
                message.stream.open, message.stream.stopped_by_user = False, True
        event = {
            "type": "agent_session_stopped",
            "user": user,
            "channel": room.id,
            "thread_ts": thread_ts,
            "streaming_message_ts": [message.ts for message in stopped],
            "event_ts": self._workspace.new_ts(),
        }
        self._announcer.tell(event, room)
