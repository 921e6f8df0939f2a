"""A message of an answer that is streamed: in personal chats, one at a time.

https://learn.microsoft.com/en-us/microsoftteams/platform/bots/streaming-ux
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, Final, Literal

from adapters.teams.outbound.activities import to_message, to_stream, to_stream_end
from adapters.teams.outbound.errors import TeamsRefused, TeamsUnreachable, delivery_error
from adapters.teams.outbound.messages import is_stop
from adapters.teams.outbound.pace import INTERVAL_S
from adapters.wire.answers import MessageGone, MessageTooLong, StreamOver

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.teams.outbound.connector import Connector
    from adapters.teams.outbound.messages import Below
    from adapters.teams.place import Place
    from core.ports import Clock

Json = dict[str, Any]

STREAM_LIFE_S: Final = 105.0
"""Teams ends a stream after two minutes; handed over before that."""

log = logging.getLogger(__name__)


class StreamedMessage:
    """One request at a time, one a second; each piece repeats what was said before."""

    method = "stream"

    def __init__(
        self,
        connector: Connector,
        clock: Clock,
        place: Place,
        stream_id: str,
        on_stop: Callable[[], None],
    ) -> None:
        """`on_stop`: called once when the asker has pressed Teams' own stop button."""
        self._connector = connector
        self._clock = clock
        self._place = place
        self._on_stop = on_stop
        self._born_at = self._sent_at = clock.monotonic()
        self._sequence = 1
        self._turnstile = asyncio.Lock()
        self._stopped = False
        self._said = ""
        """The longest text that Teams may have; `shown` is what it has for sure."""
        self._in_doubt = False
        self._is_whole = False
        self.message_id = stream_id
        self.shown = ""

    @property
    def next_in_s(self) -> float:
        """Whoever waits here instead of in `show` has newer text by then, or the whole."""
        if self._stopped:
            return 0.0
        gap_s = self._sent_at + INTERVAL_S - self._clock.monotonic()
        return max(gap_s, self._connector.pace.wait_s(self._place.conversation))

    async def show(self, text: str) -> bool:
        if self._stopped:
            self.shown = text  # nobody wants to see more of it
            return True
        text = text.rstrip()  # as the whole message will be: it has to begin with this
        if text == self.shown:
            return False
        if self._in_doubt or self._clock.monotonic() - self._born_at > STREAM_LIFE_S:
            await self._hand_over(text)
            self.shown = text  # stopped in this very moment
            return True
        return await self._send("streaming", text)

    async def show_status(self, status: str) -> None:
        """What the bot is doing, until text flows."""
        await self._send("informative", status)

    async def finish(self, text: str, below: Below) -> None:
        self._is_whole = True
        if not self._stopped and not text.startswith(self._said):
            await self._hand_over(self._said)  # the message is full, and was cut before its end
        for activity in below.written(self._place, text):
            if self._stopped:
                await self._finish_stopped(activity)
                return
            if await self._end(activity, has_cards="attachments" in activity):
                self.shown = text
                return

    async def _send(self, kind: Literal["informative", "streaming"], text: str) -> bool:
        async with self._turnstile:
            if kind == "informative" and (self.shown or self._stopped):
                return False
            await self._wait_for_gap()
            if kind == "informative" and self._is_whole:
                return False  # the whole answer waits behind it by now
            await self._connector.pace.take(self._place.conversation)
            activity = to_stream(self._place, kind, text, self._sequence + 1, self.message_id)
            if not await self._say(activity):
                if self._in_doubt and kind == "streaming":
                    self._said = text
                return False
            self._sequence += 1
            if kind == "streaming":
                self.shown = self._said = text
            return True

    async def _say(self, activity: Json) -> bool:
        """False: not now, or it is in doubt whether Teams has it and what number comes next."""
        try:
            answer = await self._connector.say(self._place, activity)
        except TeamsUnreachable as failure:
            self._in_doubt |= failure.sent
            return False
        except TeamsRefused as refusal:
            if refusal.retry_after_s is not None or refusal.is_too_large:
                return False
            self._read_end(refusal)
            return True
        finally:
            self._sent_at = self._clock.monotonic()
        self._in_doubt |= "error" in answer  # taken, and dropped for its number
        return not self._in_doubt

    async def _end(self, activity: Json, *, has_cards: bool) -> bool:
        """False: Teams refuses the cards."""
        async with self._turnstile:
            await self._wait_for_gap()
            try:
                await self._connector.post(self._place, to_stream_end(activity, self.message_id))
            except TeamsUnreachable as failure:
                raise StreamOver from failure
            except TeamsRefused as refusal:
                if has_cards and refusal.status == 400:
                    log.warning("Teams refused a card (%s); trying a simpler one", refusal.code)
                    return False
                if refusal.is_too_large and self._said:
                    await self._end_shorter(activity)
                self._read_end(refusal)
                await self._finish_stopped(activity)
            return True

    async def _end_shorter(self, activity: Json) -> None:
        """Teams finds the last text too long, and a shorter one would not go on from what it shows:
        the stream ends with that, and is edited, or the message goes. Always raises."""
        shown = to_message(self._place, self._said, by_model=True)
        with contextlib.suppress(TeamsRefused, TeamsUnreachable):
            if self._said != activity.get("text"):
                await self._connector.post(self._place, to_stream_end(shown, self.message_id))
                raise StreamOver
            await self._connector.delete(self._place, self.message_id)
        raise MessageGone

    async def _wait_for_gap(self) -> None:
        left_s = self._sent_at + INTERVAL_S - self._clock.monotonic()
        if left_s > 0:
            await self._clock.sleep(left_s)

    async def _hand_over(self, text: str) -> None:
        """Ends the stream with this, which begins with all that was said, so that the message can
        be edited from now on. The end has no number, and is refused if it was taken before."""
        await self._end(to_message(self._place, text, by_model=True), has_cards=False)
        if not self._stopped:
            raise StreamOver

    def _read_end(self, refusal: TeamsRefused) -> None:
        """Returns when the asker has stopped it; else raises what it means for the answer."""
        if is_stop(refusal):
            self._stopped = True
            self._on_stop()
            return
        if refusal.is_place_gone:
            raise delivery_error("stream", refusal) from refusal
        if refusal.is_too_large:
            raise MessageTooLong from refusal
        raise StreamOver from refusal

    async def _finish_stopped(self, activity: Json) -> None:
        """Teams has ended the message where it stood; what we have to add may be too late."""
        try:
            await self._connector.update(self._place, self.message_id, activity)
        except (TeamsRefused, TeamsUnreachable) as failure:
            log.info("a stopped message was left as it is: %s", failure)
