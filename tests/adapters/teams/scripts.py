"""How a model speaks in these tests, and which calls of the bot a fault strikes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.document import Document, Text
from core.draft import Ending
from tests.adapters.chatbot import RATED
from tests.adapters.teams.eyes import SHELL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.draft import Draft
    from core.ports import Clock
    from tests.adapters.teams.conftest import Bot
    from tests.standins.teams import Message

Json = dict[str, Any]
ACTIVITIES = "/v3/conversations/*/activities"
STOPPED = Ending("stopped", Document("", (Text("Stopped, as you asked."),)), can_retry=True)


def slowly(
    clock: Clock, *deltas: str, ending: Ending = RATED, pause_s: float = 1.5
) -> Callable[[Draft], Awaitable[None]]:
    """With time enough for each piece to be shown."""

    async def script(draft: Draft) -> None:
        for delta in deltas:
            draft.append(delta)
            await clock.sleep(pause_s)
        draft.end(ending)

    return script


def stream_info(activity: Json) -> Json:
    for entity in activity.get("entities") or ():
        if entity.get("type") == "streaminfo":
            found: Json = entity
            return found
    return {}


def is_start(activity: Json) -> bool:
    return stream_info(activity).get("streamSequence") == 1


def is_piece(activity: Json) -> bool:
    return stream_info(activity).get("streamType") == "streaming"


def is_final(activity: Json) -> bool:
    return stream_info(activity).get("streamType") == "final"


def is_plain(activity: Json) -> bool:
    return activity.get("type") == "message" and not stream_info(activity)


def streamed(bot: Bot) -> list[tuple[float, Json, Json]]:
    """Every request of a stream: seconds by the stand-in's clock, what it is, the activity."""
    scale = bot.teams.clock.scale
    return [
        (call.at * scale, info, call.activity)
        for call in bot.teams.calls("POST")
        if (info := stream_info(call.activity))
    ]


def said(messages: list[Message]) -> list[str]:
    """Texts of the messages that say something."""
    return [m.text for m in messages if m.text not in ("", SHELL) or m.attachments]
