"""One message of an answer in Slack: streamed while that works, edited otherwise."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from adapters.slack.web.errors import PLACE_GONE, SlackRefused, SlackUnreachable, delivery_error
from adapters.slack.web.limits import FALLBACK_CHARS, STREAM_LIFE_S
from adapters.slack.web.pacer import Urgency
from adapters.wire.answers import MessageGone, MessageTooLong, StreamOver
from core.text.graphemes import last_boundary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.slack.place import Place
    from adapters.slack.web.api import SlackApi
    from core.ports import Clock

Json = dict[str, Any]
BlockChoices = tuple[list[Json], ...]
"""Blocks below the text, best first; the next ones are for a Slack that refuses those before."""

APPEND: Final = "chat.appendStream"
STOP: Final = "chat.stopStream"
UPDATE: Final = "chat.update"
BLOCKS_REFUSED: Final = frozenset({"invalid_blocks", "invalid_blocks_format", "invalid_arguments"})
MESSAGE_GONE: Final = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "message_not_owned_by_app"}
)
CONFLICT_TRIES: Final = 4

log = logging.getLogger(__name__)


class StreamedMessage:
    """Text is appended; what Slack has can never be taken back."""

    method = APPEND
    next_in_s = 0.0

    def __init__(self, api: SlackApi, clock: Clock, place: Place, ts: str) -> None:
        self._api = api
        self._clock = clock
        self._place = place
        self._born_at = clock.monotonic()
        self.message_id = ts
        self.shown = ""

    async def show(self, text: str) -> bool:
        if self._clock.monotonic() - self._born_at > STREAM_LIFE_S:
            raise StreamOver
        urgency = Urgency.PROGRESS if self.shown else Urgency.FINAL
        return await self._append(text, urgency)

    async def finish(self, text: str, choices: BlockChoices) -> None:
        if not text.startswith(self.shown):
            if text != self.shown.rstrip():
                raise StreamOver
            text = self.shown
        if self._api.pacer.wait_s(STOP, self._place.channel, Urgency.FINAL) > 1.0:
            # The text first: buttons can wait.
            await self._append(text, Urgency.FINAL)
        for blocks in choices:
            if await self._stop(text[len(self.shown) :], blocks):
                self.shown = text
                return
        raise StreamOver

    async def _stop(self, rest: str, blocks: list[Json]) -> bool:
        """False: Slack refuses the blocks."""
        arguments: Json = {"channel": self._place.channel, "ts": self.message_id}
        if rest:
            arguments["markdown_text"] = rest
        if blocks:
            arguments["blocks"] = blocks
        try:
            await self._api.call(STOP, arguments)
        except SlackRefused as refusal:
            if refusal.code not in BLOCKS_REFUSED or not blocks:
                raise self._read(STOP, refusal) from refusal
            log.warning("Slack refused blocks (%s); trying simpler ones", refusal.code)
            return False
        except SlackUnreachable as failure:
            raise StreamOver from failure
        return True

    async def _append(self, text: str, urgency: Urgency) -> bool:
        rest = text[len(self.shown) :]
        if not rest:
            return True
        arguments = {"channel": self._place.channel, "ts": self.message_id, "markdown_text": rest}
        try:
            await self._api.call_now(APPEND, arguments, urgency)
        except SlackRefused as refusal:
            if refusal.retry_after_s is not None:
                return False
            raise self._read(APPEND, refusal) from refusal
        except SlackUnreachable as failure:
            # It may have arrived: only writing the whole text anew is right in both cases.
            raise StreamOver from failure
        self.shown = text
        return True

    @staticmethod
    def _read(method: str, refusal: SlackRefused) -> Exception:
        if refusal.code in MESSAGE_GONE:
            return MessageGone()
        if refusal.code in PLACE_GONE:
            return delivery_error(method, refusal)
        # The message is there: whatever Slack has against growing it, it can perhaps be edited.
        return StreamOver()


class EditedMessage:
    """The whole text is written anew each time, so no outcome is in doubt."""

    method = UPDATE
    next_in_s = 0.0

    def __init__(self, api: SlackApi, place: Place, ts: str, *, plain: bool) -> None:
        """`plain`: the message has no blocks, which would stay when only its text is replaced."""
        self._api = api
        self._place = place
        self._plain = plain
        self.message_id = ts
        self.shown = ""

    async def show(self, text: str) -> bool:
        if not text.strip():
            return True
        urgency = Urgency.PROGRESS if self.shown else Urgency.FIRST
        if self._api.pacer.wait_s(UPDATE, self._place.channel, urgency) > 0:
            return False
        try:
            await self._update(text, [])
        except (SlackUnreachable, MessageTooLong):
            return False
        self.shown = text
        return True

    async def finish(self, text: str, choices: BlockChoices) -> None:
        for blocks in choices:
            try:
                await self._update(text, blocks)
            except SlackRefused as refusal:
                if not blocks:
                    raise delivery_error(UPDATE, refusal) from refusal
                log.warning("Slack refused blocks (%s); trying simpler ones", refusal.code)
            except SlackUnreachable as failure:
                raise delivery_error(UPDATE, failure) from failure
            else:
                self.shown = text
                return

    async def close_stream(self) -> None:
        """End the streaming that this message came from; editing is refused before."""
        try:
            await self._api.call(
                "chat.stopStream", {"channel": self._place.channel, "ts": self.message_id}
            )
        except (SlackRefused, SlackUnreachable) as failure:
            log.debug("stream of %s not closed: %s", self.message_id, failure)

    async def _update(self, text: str, blocks: list[Json]) -> None:
        """Raises SlackRefused for refused blocks only, beside what `finish` raises."""
        content = to_content(text, blocks, always_blocks=not self._plain)
        arguments = {"channel": self._place.channel, "ts": self.message_id, **content}
        for _ in range(CONFLICT_TRIES):
            try:
                await self._api.call(UPDATE, arguments)
            except SlackRefused as refusal:
                if refusal.code == "streaming_state_conflict":
                    await self.close_stream()
                    continue
                raise _read_update(refusal) from refusal
            self._plain = self._plain and "blocks" not in content
            return
        raise MessageGone


def _read_update(refusal: SlackRefused) -> Exception:
    if refusal.code in BLOCKS_REFUSED:
        return refusal
    if refusal.code == "msg_too_long":
        return MessageTooLong()
    if refusal.code in MESSAGE_GONE:
        return MessageGone()
    return delivery_error(UPDATE, refusal)


def to_content(text: str, blocks: Sequence[Json], *, always_blocks: bool = False) -> Json:
    """The arguments that carry Markdown with blocks below it: `markdown_text` suffers no blocks."""
    if not blocks and not always_blocks:
        return {"markdown_text": text}
    shown = [{"type": "markdown", "text": text}] if text.strip() else []
    return {"blocks": [*shown, *blocks], "text": to_fallback(text)}


def to_fallback(text: str) -> str:
    """What a notification says beside blocks: a field of mrkdwn, so its signs are escaped."""
    text = text.strip() or "…"
    if len(text) > FALLBACK_CHARS:
        text = text[: last_boundary(text, FALLBACK_CHARS)] + "…"
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped if len(escaped) <= FALLBACK_CHARS + 500 else escaped[:FALLBACK_CHARS]
