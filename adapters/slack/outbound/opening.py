"""How a message of an answer comes to be: empty at first, so that it is known before it speaks."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from adapters.slack.outbound.messages import EditedMessage, StreamedMessage, to_content
from adapters.slack.web.errors import PLACE_GONE, SlackRefused, SlackUnreachable, delivery_error
from adapters.slack.web.pacer import Urgency

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from adapters.slack.outbound.messages import BlockChoices
    from adapters.slack.place import Place
    from adapters.slack.web.api import SlackApi
    from adapters.wire.answers import Message
    from core.conversation import MessageRef
    from core.ports import Clock

    IsKnown = Callable[[MessageRef], Awaitable[bool]]

Json = dict[str, Any]
START: Final = "chat.startStream"
POST: Final = "chat.postMessage"
SHELL_TEXT: Final = "…"
"""What a posted message says before its text."""
STREAMS_OFF_S: Final = 600.0
POST_TRIES: Final = 3
REPLIES_READ: Final = 100
HISTORY_READ: Final = 1_000
"""The most that Slack gives at once, as people write in a channel too:
https://docs.slack.dev/reference/methods/conversations.history"""

log = logging.getLogger(__name__)


class Opener:
    """Opens messages of answers for the whole workspace; remembers when streams are refused."""

    def __init__(self, api: SlackApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._streams_off_until = 0.0

    async def open_now(self, place: Place, taken: Collection[str]) -> Message[BlockChoices] | None:
        """A new empty message; None: the budget has no room for one right now.

        `taken` are the timestamps of the answer's messages that are known already. Raises
        DeliveryError.
        """
        pacer = self._api.pacer
        # A stream needs a thread.
        if (
            place.thread_ts
            and self._may_stream()
            and pacer.try_take(START, place.channel, Urgency.FINAL)
        ):
            ts = await self._start_stream(place, taken)
            if ts is not None:
                return StreamedMessage(self._api, self._clock, place, ts)
        if not pacer.room_for_endings("chat.update"):
            return None
        if not pacer.try_take(POST, place.channel, Urgency.FINAL):
            return None
        shell = {"markdown_text": SHELL_TEXT}
        ts = await self.post(place, shell, taken, has_place=True)
        return EditedMessage(self._api, place, ts, plain=True)

    async def post_whole(
        self, place: Place, text: str, choices: BlockChoices, taken: Collection[str]
    ) -> str:
        """Post a finished text at once, when nothing else fits into the budget."""
        for blocks in choices:
            try:
                return await self.post(place, to_content(text, blocks), taken)
            except SlackRefused as refusal:
                if not blocks:
                    raise delivery_error(POST, refusal) from refusal
                log.warning("Slack refused blocks (%s); trying simpler ones", refusal.code)
        raise ValueError("the last choice must be without blocks")

    def reuse(self, place: Place, ts: str) -> Message[BlockChoices]:
        """A message that an earlier run made; whatever it says is replaced."""
        return EditedMessage(self._api, place, ts, plain=False)

    async def post(
        self, place: Place, content: Json, taken: Collection[str], *, has_place: bool = False
    ) -> str:
        """Post once, whatever happens to the connection. Raises SlackRefused for blocks only."""
        arguments = {
            "channel": place.channel,
            **({"thread_ts": place.thread_ts} if place.thread_ts else {}),
            "unfurl_links": False,
            "unfurl_media": False,
            **content,
        }
        for attempt in range(1, POST_TRIES + 1):
            try:
                data = await self._api.call(POST, arguments, has_place=has_place)
                return str(data["ts"])
            except SlackRefused as refusal:
                if "blocks" in content and refusal.code.startswith("invalid_"):
                    raise
                raise delivery_error(POST, refusal) from refusal
            except SlackUnreachable as failure:
                has_place = False
                ts = await self._find_posted(place, content, taken)
                if ts is not None:
                    return ts
                if attempt == POST_TRIES:
                    raise delivery_error(POST, failure) from failure
        raise AssertionError("the loop returns or raises")

    async def find_orphans(
        self, place: Place, taken: Collection[str], is_known: IsKnown | None = None
    ) -> Sequence[str]:
        """Messages of this answer that were made, but whose making was not recorded.

        They are ours, in the thread, newer than the question, not known, and still empty; with
        `is_known` to ask, those with text are found too. Oldest first; none when Slack cannot
        be asked. Outside of threads they have to be both empty and unknown: much else of ours
        stands there.
        """
        found = []
        for message in await self._own_messages(place):
            ts = str(message.get("ts"))
            if ts in taken:
                continue
            if await _is_lost(message, place, is_known):
                found.append(ts)
        return found

    async def _start_stream(self, place: Place, taken: Collection[str]) -> str | None:
        """The place in the budget is taken already. None: go on without streaming."""
        arguments: Json = {"channel": place.channel, "thread_ts": place.thread_ts}
        if not place.direct:
            arguments |= {"recipient_team_id": place.team, "recipient_user_id": place.user}
        try:
            data = await self._api.call_started(START, arguments)
        except SlackRefused as refusal:
            if refusal.code in PLACE_GONE:
                raise delivery_error(START, refusal) from refusal
            if refusal.retry_after_s is None:
                log.warning("Slack refuses streams (%s); editing instead", refusal.code)
                self._streams_off_until = self._clock.monotonic() + STREAMS_OFF_S
            return None
        except SlackUnreachable:
            orphans = [m for m in await self._own_messages(place) if is_shell(m)]
            unknown = [str(m["ts"]) for m in orphans if str(m["ts"]) not in taken]
            return unknown[-1] if unknown else None
        return str(data["ts"])

    async def _find_posted(self, place: Place, content: Json, taken: Collection[str]) -> str | None:
        """The message that a post without an answer made; None: it made none."""
        for message in reversed(await self._own_messages(place)):
            ts = str(message.get("ts"))
            if ts not in taken and _says(message) == _says(content):
                return ts
        return None

    async def _own_messages(self, place: Place) -> list[Json]:
        """Oldest first. Raises a retryable DeliveryError outside of threads, where nobody waits:
        once later is better than twice."""
        method, arguments = _to_look_at(place)
        try:
            data = await self._api.call(method, arguments)
        except (SlackRefused, SlackUnreachable) as failure:
            error = delivery_error(method, failure)
            if error.retryable and not place.thread_ts:
                raise error from failure
            log.warning("cannot look for own messages: %s", error)
            return []
        messages = data.get("messages")
        messages = messages if isinstance(messages, list) else []
        own = [
            message
            for message in messages
            if isinstance(message, dict)
            and message.get("user") == place.bot_user
            and _is_newer(str(message.get("ts")), place.question_ts)
        ]
        return sorted(own, key=lambda message: float(message["ts"]))

    def _may_stream(self) -> bool:
        return self._clock.monotonic() >= self._streams_off_until


def _to_look_at(place: Place) -> tuple[str, Json]:
    arguments: Json = {"channel": place.channel, "oldest": place.question_ts}
    if place.thread_ts:
        arguments |= {"ts": place.thread_ts, "limit": REPLIES_READ}
        return "conversations.replies", arguments
    return "conversations.history", arguments | {"limit": HISTORY_READ}


async def _is_lost(message: Json, place: Place, is_known: IsKnown | None) -> bool:
    async def is_unknown() -> bool:
        return is_known is not None and not await is_known(place.ref(str(message["ts"])))

    if place.thread_ts:
        return is_shell(message) or await is_unknown()
    return is_shell(message) and (is_known is None or await is_unknown())


def is_shell(message: Json) -> bool:
    """Nothing was ever written into it."""
    return _says(message) in ("", SHELL_TEXT)


def _says(message: Json) -> str:
    """The text and the blocks' text; a message's `text` is its Markdown where it has no blocks."""
    blocks = message.get("blocks")
    shown = [
        str(block.get("text", ""))
        for block in (blocks if isinstance(blocks, list) else [])
        if isinstance(block, dict) and block.get("type") == "markdown"
    ]
    others = [b for b in blocks or [] if isinstance(b, dict) and b.get("type") != "markdown"]
    text = "\n".join(shown) or str(message.get("markdown_text") or message.get("text") or "")
    return text.strip() + ("\n+blocks" if others else "")


def _is_newer(ts: str, than: str) -> bool:
    try:
        return float(ts) > float(than)
    except ValueError:
        return False
