"""What Bolt listens to: slash commands, buttons, the app's home, and news about the app itself."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Final

from adapters.slack.inbound.read import read_time
from adapters.slack.outbound.draw import COMMAND_ACTION
from adapters.slack.outbound.ending import (
    CANCEL_ACTION,
    DOWN,
    FEEDBACK_ACTION,
    RATE_DOWN_ACTION,
    RATE_UP_ACTION,
    RETRY_ACTION,
    UP,
)
from adapters.slack.place import PLATFORM
from adapters.slack.web.errors import SlackRefused, SlackUnreachable
from core.conversation import Author, CommandCall, ConversationKey, MessageRef, Reaction
from core.feedback import STOP_BUTTON

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from slack_bolt.async_app import AsyncApp

    from adapters.slack.inbound.responding import Responder
    from adapters.slack.web.api import SlackApi
    from adapters.slack.web.identity import WhoAmI
    from adapters.slack.web.names import Names
    from adapters.wire.background import Background
    from core.ports import Chatbot

Json = dict[str, Any]

COMMAND_PREFIX: Final = "/chatbot-"
PROMPTS: Final = (
    ("What can you do?", "What can you do, and how do I get the most out of you?"),
    ("Summarise a text", "Summarise the text that I paste next in five bullet points."),
    ("Draft a reply", "Help me to write a short, friendly reply. Ask me what it is about."),
    ("Explain a term", "Explain a term to me in plain words. Ask me which one."),
)
"""Title and message; the manifest shows the same to those who open the pane for the first time."""
NEWS: Final = ("tokens_revoked", "app_uninstalled")
UNHEARD: Final = (
    "app_context_changed",
    "agent_session_title_changed",
    "assistant_thread_context_changed",
    "member_joined_channel",
)
"""Subscribed for what Slack does with them; nothing to be done here."""

log = logging.getLogger(__name__)


class Listeners:
    """Each returns when its payload may be acknowledged; what takes longer goes on behind it."""

    def __init__(
        self,
        chatbot: Chatbot,
        api: SlackApi,
        whoami: WhoAmI,
        names: Names,
        responder: Responder,
        background: Background,
    ) -> None:
        self._chatbot = chatbot
        self._api = api
        self._whoami = whoami
        self._names = names
        self._responder = responder
        self._background = background

    def register(self, app: AsyncApp) -> None:
        app.command(re.compile(rf"{COMMAND_PREFIX}\w+"))(self.on_command)
        for action in (FEEDBACK_ACTION, RATE_UP_ACTION, RATE_DOWN_ACTION):
            app.action(action)(self.on_feedback)
        app.action(RETRY_ACTION)(self.on_retry)
        app.action(CANCEL_ACTION)(self.on_cancel)
        app.action(re.compile(rf"{COMMAND_ACTION}-\d+"))(self.on_document_button)
        app.event("app_home_opened")(self.on_home_opened)
        app.event("assistant_thread_started")(self.on_assistant_thread)
        for name in NEWS:
            app.event(name)(self.on_news)
        for name in UNHEARD:
            app.event(name)(self.on_unheard)

    async def on_command(self, ack: Callable[[], Awaitable[Any]], body: Json) -> None:
        await ack()
        name = str(body.get("command", "")).removeprefix(COMMAND_PREFIX)
        words = str(body.get("text") or "").split()
        self._background.start(self._run(body, name, words, str(body.get("channel_id") or "")))

    async def on_document_button(self, ack: Callable[[], Awaitable[Any]], body: Json) -> None:
        await ack()
        words = str(_action(body).get("value") or "").split()
        if words:
            channel = str(_dict(body, "channel").get("id") or "")
            self._background.start(self._run(body, words[0], words[1:], channel))

    async def on_feedback(self, ack: Callable[[], Awaitable[Any]], body: Json) -> None:
        """Stored before the acknowledgement; raises NotStored, and Slack shows that it failed."""
        action = _action(body)
        value = action.get("value")
        if value in (UP, DOWN):
            author = self._author(body)
            await self._chatbot.react(
                Reaction(
                    ref=await self._pressed(body),
                    author=author,
                    emoji=f"button:{value}",
                    added=True,
                    at=read_time(str(action.get("action_ts") or "")),
                )
            )
        await ack()

    async def on_retry(self, ack: Callable[[], Awaitable[Any]], body: Json) -> None:
        click = str(_action(body).get("action_ts") or body.get("trigger_id") or "")
        ref = await self._pressed(body)
        await self._chatbot.again(ref, self._author(body), f"{ref.message_id}/{click}")
        await ack()

    async def on_cancel(self, ack: Callable[[], Awaitable[Any]], body: Json) -> None:
        at = read_time(str(_action(body).get("action_ts") or ""))
        ref, author = await self._pressed(body), self._author(body)
        await self._chatbot.react(Reaction(ref, author, STOP_BUTTON, added=True, at=at))
        await ack()

    async def on_home_opened(self, ack: Callable[[], Awaitable[Any]], event: Json) -> None:
        await ack()
        if event.get("tab") == "messages":
            self._background.start(self._suggest({"channel_id": event.get("channel")}))

    async def on_assistant_thread(self, ack: Callable[[], Awaitable[Any]], event: Json) -> None:
        """Apps that were made before the agent pane."""
        await ack()
        thread = _dict(event, "assistant_thread")
        self._background.start(
            self._suggest({name: thread.get(name) for name in ("channel_id", "thread_ts")})
        )

    async def on_news(self, ack: Callable[[], Awaitable[Any]], event: Json) -> None:
        await ack()
        log.error("Slack took the app's rights away: %s", event.get("type"))

    async def on_unheard(self, ack: Callable[[], Awaitable[Any]]) -> None:
        await ack()

    async def _run(self, body: Json, name: str, words: list[str], channel: str) -> None:
        workspace = await self._workspace(body)
        container = _dict(body, "container")
        call = CommandCall(
            name=name,
            arguments=tuple(words),
            conversation=ConversationKey(
                PLATFORM, workspace, channel, str(container.get("thread_ts") or "")
            ),
            author=self._author(body),
            from_slash="command" in body,
            direct=channel.startswith("D"),
        )
        document = await self._chatbot.run(call)
        await self._responder.respond(str(body.get("response_url") or ""), document)

    async def _suggest(self, place: Json) -> None:
        prompts = [{"title": title, "message": message} for title, message in PROMPTS]
        arguments = {**place, "title": "How can I help?", "prompts": prompts}
        try:
            await self._api.call("assistant.threads.setSuggestedPrompts", arguments)
        except (SlackRefused, SlackUnreachable) as failure:
            log.info("no suggested prompts: %s", failure)

    async def _pressed(self, body: Json) -> MessageRef:
        """The message whose button was pressed."""
        container = _dict(body, "container")
        channel = str(_dict(body, "channel").get("id") or container.get("channel_id") or "")
        ts = str(container.get("message_ts") or _dict(body, "message").get("ts") or "")
        return MessageRef(PLATFORM, await self._workspace(body), channel, ts)

    async def _workspace(self, body: Json) -> str:
        """The installation's; the payload names the team of whoever pressed, perhaps a guest."""
        try:
            return (await self._whoami.get()).workspace
        except (SlackRefused, SlackUnreachable):
            team = str(_dict(body, "team").get("id") or body.get("team_id") or "")
            enterprise = _dict(body, "enterprise").get("id") or body.get("enterprise_id")
            is_org = body.get("is_enterprise_install") in (True, "true")
            return str(enterprise) if is_org and enterprise else team

    def _author(self, body: Json) -> Author:
        user_id = str(_dict(body, "user").get("id") or body.get("user_id") or "")
        return Author(user_id, self._names.get(user_id))


def _action(body: Json) -> Json:
    actions = body.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else {}
    return first if isinstance(first, dict) else {}


def _dict(fields: Json, name: str) -> Json:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}
