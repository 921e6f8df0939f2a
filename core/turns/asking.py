"""From a stored message to the request: names, files, history, thread, prompt, chosen model."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from core.completion import ChatRequest
from core.errors import BreakerOpen
from core.turns.waiting import ModelAway

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from core.turn import QueuedMessage, Turn
    from core.turns.parts import EngineParts


class Asking:
    """Reads what belongs to a question. Raises what the store raises, never for the platform."""

    def __init__(self, parts: EngineParts) -> None:
        self._parts = parts

    async def request(self, turn: Turn, queued: QueuedMessage) -> tuple[ChatRequest, Turn]:
        """What to ask the model, and the turn with what was learned on the way."""
        parts, message = self._parts, queued.message
        platform = parts.platforms[message.ref.platform]
        past, forgotten_at = await self._past(queued)
        context = await parts.reader.context(platform.transcript, message, past, forgotten_at)
        model, temperature = await parts.choice.of(message)
        # Late, as what they wait for is most often there by now.
        message = (await self.with_files(await self._with_name(queued))).message
        question = await parts.reader.question(platform.attachments, message, model)
        prompt = parts.prompt.current()
        messages = parts.history.build(
            prompt, past, context, question, model=model, now=parts.clock.now()
        )
        request = ChatRequest(
            turn_id=queued.turn_id,
            messages=messages,
            model=model,
            temperature=temperature,
            max_tokens=parts.max_tokens,
            user=message.author.user_id,
        )
        known = replace(turn, author=message.author, context=context, prompt_version=prompt.version)
        return request, known

    async def with_context(self, turn: Turn, queued: QueuedMessage) -> Turn:
        """A kept turn with what is said there before its question, as it was not kept; without
        where it cannot be read in time."""
        transcript = self._parts.platforms[queued.message.ref.platform].transcript
        try:
            async with asyncio.timeout(self._parts.answer_timeout_s):
                past = await self._past(queued)
                context = await self._parts.reader.context(transcript, queued.message, *past)
        except TimeoutError:
            return turn
        return replace(turn, context=context)

    async def require_model(self, queued: QueuedMessage) -> None:
        """Raises ModelAway while it is known that no call would be made: to read a thread and its
        files is for the one who can ask. Of a question whose asker was told that it waits."""
        parts = self._parts
        model, _ = await parts.choice.of(queued.message)
        away_s = parts.patience.away_s(model)
        if away_s > 0:
            error = BreakerOpen("not even asked", retry_after_s=away_s)
            wait = parts.patience.wait(queued, error, parts.clock.now(), model)
            if wait is not None:
                raise ModelAway(wait, told=True)

    async def _past(self, queued: QueuedMessage) -> tuple[Sequence[Turn], datetime | None]:
        """The turns to tell the model of, and when those before were forgotten. The first message
        of a conversation, as most are in a channel, has neither: nobody is asked."""
        if queued.seq == 1:
            return (), None
        turns, conversation = self._parts.turns, queued.message.conversation
        past = await turns.history(conversation, self._parts.max_history)
        return past, await turns.forgotten_at(conversation)

    async def _with_name(self, queued: QueuedMessage) -> QueuedMessage:
        people = self._parts.platforms[queued.message.ref.platform].people
        if people is None:
            return queued
        author = await people.named(queued.message.author)
        return replace(queued, message=replace(queued.message, author=author))

    async def with_files(self, queued: QueuedMessage) -> QueuedMessage:
        """With the files that the platform's event left out."""
        files = self._parts.platforms[queued.message.ref.platform].files
        return replace(queued, message=await self._parts.reader.with_files(files, queued.message))
