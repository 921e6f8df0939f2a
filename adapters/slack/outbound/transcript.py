"""What people said in a thread before the bot was asked."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from adapters.slack.markup import named_people, read_text
from adapters.slack.place import Place
from adapters.slack.times import WrongTime, read_ts
from adapters.slack.web.errors import SlackRefused, SlackUnreachable, delivery_error
from core.conversation import Author
from core.turn import Said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.slack.web.api import SlackApi
    from adapters.slack.web.names import Names
    from core.conversation import InboundMessage

Json = dict[str, Any]

PAGE: Final = 1_000
"""The most that Slack gives at once: https://docs.slack.dev/reference/methods/conversations.replies"""
PAGES_MAX: Final = 5
"""Slack begins with the oldest, so the newest of a long thread are on its last page."""
REPLIES: Final = "conversations.replies"

log = logging.getLogger(__name__)


class SlackTranscript:
    def __init__(self, api: SlackApi, names: Names) -> None:
        self._api = api
        self._names = names

    async def before(
        self, message: InboundMessage, since: str | None, limit: int
    ) -> Sequence[Said]:
        place = Place.read(message.reply_to)
        if place.thread_ts == place.question_ts:
            return ()
        if limit < 1:
            return ()
        found = await self._read_thread(place, since)
        said = [fields for fields in found if _is_said(fields, place, since)][-limit:]
        await self._names.resolve(self._people(said))
        return [self._to_said(fields, place) for fields in said]

    async def _read_thread(self, place: Place, since: str | None) -> list[Json]:
        arguments: Json = {
            "channel": place.channel,
            "ts": place.thread_ts,
            "latest": place.question_ts,
            "limit": PAGE,
        }
        if since:
            arguments["oldest"] = since
        try:
            data = await self._api.call(REPLIES, arguments)
        except (SlackRefused, SlackUnreachable) as failure:
            raise delivery_error(REPLIES, failure) from failure
        found = _messages(data)
        for _ in range(PAGES_MAX - 1):
            cursor = _next_cursor(data)
            if not cursor:
                break
            try:
                # Nobody waits for a minute: an app outside the Marketplace has one call in it.
                data = await self._api.call_now(REPLIES, arguments | {"cursor": cursor})
            except (SlackRefused, SlackUnreachable) as failure:
                log.warning("the newest of a long thread were not read: %s", failure)
                break
            found += _messages(data)
        return found

    def _people(self, messages: Sequence[Json]) -> set[str]:
        found = {str(fields["user"]) for fields in messages}
        for fields in messages:
            found.update(named_people(str(fields.get("text") or "")))
        return found

    def _to_said(self, fields: Json, place: Place) -> Said:
        user = str(fields["user"])
        typed = read_text(str(fields.get("text") or ""), place.bot_user, self._names.get)
        return Said(
            author=Author(user, self._names.get(user)),
            text=typed.text,
            sent_at=read_ts(str(fields["ts"])),
            message_id=str(fields["ts"]),
        )


def _messages(data: Json) -> list[Json]:
    messages = data.get("messages")
    return [m for m in messages if isinstance(m, dict)] if isinstance(messages, list) else []


def _next_cursor(data: Json) -> str:
    metadata = data.get("response_metadata")
    return str(metadata.get("next_cursor") or "") if isinstance(metadata, dict) else ""


def _is_said(fields: Json, place: Place, since: str | None) -> bool:
    """By a person, within the span: Slack adds the thread's first message to every page."""
    user, ts = fields.get("user"), str(fields.get("ts") or "")
    if not isinstance(user, str) or user == place.bot_user or fields.get("bot_id"):
        return False
    if fields.get("subtype") not in (None, "file_share", "thread_broadcast", "me_message"):
        return False
    try:
        at = read_ts(ts)
        return at < read_ts(place.question_ts) and (not since or at > read_ts(since))
    except WrongTime:
        return False
