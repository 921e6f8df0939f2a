"""Finds the files of a message whose event leaves them out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from adapters.slack.fields import read_files
from adapters.slack.place import Place
from adapters.slack.web.errors import SlackRefused, SlackUnreachable, delivery_error
from adapters.slack.web.pacer import Urgency
from core.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.slack.twins import Twins
    from adapters.slack.web.api import SlackApi
    from core.conversation import Attachment, InboundMessage

Json = dict[str, Any]

TWIN_S: Final = 0.3
"""How long the twin is waited for."""
WAIT_S: Final = 3.0
"""The model is asked after it: rather without a file than late."""


class SlackFiles:
    """`app_mention` tells of no files, and it often comes before the `message` that does. Slack is
    asked only if that one stays away: it answers 50 such questions a minute. Asked at once or not
    at all, so that a busy minute costs files and not time."""

    def __init__(self, api: SlackApi, twins: Twins) -> None:
        self._api = api
        self._twins = twins

    async def of(self, message: InboundMessage) -> Sequence[Attachment]:
        place = Place.read(message.reply_to)
        if message.attachments or not place.files_unknown:
            return message.attachments
        told = await self._twins.files(message.ref, TWIN_S)
        return await self._ask(place) if told is None else told

    async def _ask(self, place: Place) -> Sequence[Attachment]:
        is_root = place.thread_ts == place.question_ts
        method = "conversations.history" if is_root else "conversations.replies"
        arguments: Json = {
            "channel": place.channel,
            "oldest": place.question_ts,
            "latest": place.question_ts,
            "inclusive": True,
            "limit": 2,  # Slack puts a thread's first message in front
        }
        if not is_root:
            arguments["ts"] = place.thread_ts
        try:
            async with asyncio.timeout(WAIT_S):
                data = await self._api.call_now(method, arguments, Urgency.FIRST)
        except (SlackRefused, SlackUnreachable) as failure:
            raise delivery_error(method, failure) from failure
        except TimeoutError as error:
            raise DeliveryError(f"{method}: no answer in {WAIT_S:g} s", retryable=True) from error
        return _files_of(data.get("messages"), place.question_ts)


def _files_of(messages: object, ts: str) -> Sequence[Attachment]:
    for message in messages if isinstance(messages, list) else []:
        if isinstance(message, dict) and message.get("ts") == ts:
            return read_files(message)
    return ()
