"""One turn as straight-line code: check, read, ask the model, show the answer, tell the rest."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from core.completion import ChatRequest, Delta, Finished, Retrying, Switched, Usage
from core.conversation import CommandCall
from core.draft import Draft, Ending
from core.errors import BudgetUsedUp, DeliveryError, ModelError, ModelTimeout, ReadingTimeout
from core.notices import build_notice
from core.text.clean import clean_delta, is_blank
from core.turn import Turn
from core.turns.asking import Asking
from core.turns.ending import build_ending, build_recorded, build_refusal
from core.turns.mending import show_recorded
from core.turns.parts import stored
from core.turns.progress import Progress, begin_turn, measured, sum_cost_usd
from core.turns.reading import QUESTION_MAX_CHARS
from core.turns.showing import cancelled, saver, show_late, shown, write
from core.turns.waiting import ModelAway, NotShown, build_waiting, keep

if TYPE_CHECKING:
    from core.conversation import InboundMessage
    from core.document import Document
    from core.ports import Hold, Reply
    from core.turn import QueuedMessage
    from core.turns.parts import EngineParts
    from core.turns.running import Running

logger = logging.getLogger(__name__)


class Engine:
    """Runs turns. Nothing here retries, stores or schedules: wrappers, holds and workers do."""

    def __init__(self, parts: EngineParts) -> None:
        self._parts = parts
        self._asking = Asking(parts)

    async def run(self, queued: QueuedMessage, hold: Hold, running: Running) -> Turn:
        """Answer a stored message and return what to record.

        Raises OwnershipLost, a retryable DeliveryError, and whatever the store raises; Postponed
        when the question waits. Any other failure of the model is an answer (a notice).
        """
        if queued.kind == "report":
            return await self._parts.reporter.run(queued, hold, running)
        reply = self._parts.platforms[queued.message.ref.platform].replies.open(queued)
        if queued.kind == "command":
            return await self._run_command(queued, hold, reply)
        return await self._run_question(queued, hold, reply, running)

    async def tell_failure(self, queued: QueuedMessage, hold: Hold, notice: Document) -> None:
        """Say in the message of the answer, or in a new one, that the bot has given up on it."""
        if queued.kind == "report":
            await self._parts.reporter.tell_failure(queued, hold, notice)
            return
        reply = self._parts.platforms[queued.message.ref.platform].replies.open(queued)
        await self._end(reply, queued, hold, Ending("failed", notice))

    async def _run_question(
        self, queued: QueuedMessage, hold: Hold, reply: Reply, running: Running
    ) -> Turn:
        if queued.kept is not None:
            return await self._show_kept(queued.kept, queued, hold, reply, running)
        if queued.stop_asked:
            return await self._end_unbegun(reply, queued, hold)
        if queued.told:
            await self._asking.require_model(queued)
        if is_blank(queued.message.text):
            queued = await self._asking.with_files(queued)  # which may be the question
        unanswerable = _find_fault(queued.message)
        if unanswerable == "nothing_to_answer" and queued.recovered:
            # It had words when it began: its author has deleted it since.
            return begin_turn(queued, "stopped")
        if unanswerable is not None:
            await self._tell(reply, build_notice(unanswerable, queued.turn_id))
            return begin_turn(queued, "refused")
        refusal = await self._parts.limits.check(queued)
        if refusal is not None:
            if (queued.recovered or queued.told) and queued.parts:
                # A message stands there that would never end.
                ending = build_refusal(refusal, queued.turn_id, self._parts.clock)
                await self._end(reply, queued, hold, ending)
            elif refusal.notice is not None:
                await self._tell(reply, refusal.notice)
            return begin_turn(queued, "refused", error=refusal.scope)
        return await self._answer(queued, hold, reply, running)

    async def mend(self, queued: QueuedMessage) -> bool:
        """Set the message of an answer to what is recorded; False: nothing is yet."""
        return await show_recorded(self._parts, queued)

    async def _end(self, reply: Reply, queued: QueuedMessage, hold: Hold, ending: Ending) -> None:
        draft = Draft()
        draft.end(ending)
        try:
            await write(reply, draft, hold, queued)
        except DeliveryError as error:
            logger.warning("a notice could not be shown: %s", error)

    async def _end_unbegun(self, reply: Reply, queued: QueuedMessage, hold: Hold) -> Turn:
        """Stopped while nobody was at work on it: nothing is read, and nobody asked."""
        if queued.parts and not is_blank(queued.message.text):
            ending = Ending("stopped", build_notice("stopped", queued.turn_id), can_retry=True)
            await self._end(reply, queued, hold, ending)
        return begin_turn(queued, "stopped")

    async def _wait_for_model(
        self,
        turn: Turn,
        queued: QueuedMessage,
        running: Running,
        progress: Progress,
        showing: asyncio.Task[None],
    ) -> Turn:
        """Raises ModelAway if the model cannot be reached and nothing of an answer was shown; the
        asker is told once, in the message of the answer. Otherwise returns the turn, failed when
        the message has lost its place."""
        parts, cause = self._parts, progress.error
        if turn.answer or running.stopped or isinstance(cause, ReadingTimeout):
            return turn
        wait = parts.patience.wait(queued, cause, parts.clock.now(), progress.model)
        if wait is None:
            return turn
        told = queued.told
        if not told:
            running.draft.end(build_waiting(turn.turn_id))
            try:
                turn = await shown(turn, running, showing)
                told = True
            except DeliveryError as error:
                logger.warning("that a question waits could not be shown: %s", error)
        if turn.outcome == "failed":
            return turn
        raise ModelAway(wait, told=told) from cause

    async def _run_command(self, queued: QueuedMessage, hold: Hold, reply: Reply) -> Turn:
        message = queued.message
        # By whomever: it was found to be one when it was accepted, and each asks who may run it.
        found = self._parts.commands.find(message.text, by_admin=True)
        if found is not None:
            name, arguments = found
            call = CommandCall(
                name,
                arguments,
                message.conversation,
                message.author,
                direct=message.address == "direct",
            )
            document = await self._parts.commands.run(call)
            if document.title or document.blocks:
                await self._post(reply, document, queued, hold)
        return begin_turn(queued, "command")

    async def _answer(
        self, queued: QueuedMessage, hold: Hold, reply: Reply, running: Running
    ) -> Turn:
        parts, clock = self._parts, self._parts.clock
        waited_s = max((clock.now() - queued.received_at).total_seconds(), 0.0)
        progress = Progress(started_at=clock.monotonic(), waited_s=waited_s)
        turn = begin_turn(queued, "answered")

        showing = running.show(show_late(reply, running.draft, hold, queued))
        try:
            try:
                turn = await self._ask(turn, queued, running, progress)
                turn = await self._wait_for_model(turn, queued, running, progress, showing)
                ending = build_ending(turn, running, progress, clock, footer=parts.footer)
                turn = replace(turn, outcome=ending.outcome or turn.outcome)
                if not running.abandoned and running.draft.ending is None:
                    running.draft.end(ending)
                    turn = await self._shown(turn, queued, running, progress, showing)
            finally:
                await cancelled(showing)  # first: the conversation may be another's already
        except BaseException as error:
            # This run of the turn is not recorded, but its model calls were made and cost money.
            for completion in turn.completions or parts.meter.take(queued.turn_id):
                settle = partial(parts.completions.settle, completion)
                await (stored(settle, clock) if isinstance(error, NotShown) else settle())
            raise
        return measured(turn, running.draft, progress, parts.clock.monotonic())

    async def _ask(
        self, turn: Turn, queued: QueuedMessage, running: Running, progress: Progress
    ) -> Turn:
        """Read, and run the model call into the draft; returns the turn with all that is known
        after it. A stop and the time limit end both."""
        try:
            async with asyncio.timeout(self._parts.answer_timeout_s):
                prepared = await running.run(self._asking.request(turn, queued))
                if prepared is not None:
                    request, turn = prepared
                    progress.model = request.model
                    await running.run(self._pump(request, running.draft, progress))
        except TimeoutError as error:
            late = ModelTimeout if progress.model else ReadingTimeout
            progress.error = late(f"no full answer in {self._parts.answer_timeout_s:g} s")
            progress.error.__cause__ = error
        except BudgetUsedUp as error:
            progress.refusal = self._parts.limits.refuse_budget(error.scope, queued)
        except ModelError as error:
            progress.error = error
        if progress.error is not None:
            logger.warning("no answer: %s: %s", progress.error.category, progress.error)
        completions = self._parts.meter.take(queued.turn_id)
        return replace(
            turn,
            model=progress.finished.model if progress.finished else progress.model,
            answer=running.draft.text,
            completions=completions,
            usage=sum((one.usage for one in completions), Usage()),
            cost_usd=sum_cost_usd(completions),
            attempts=progress.attempts,
        )

    async def _pump(self, request: ChatRequest, draft: Draft, progress: Progress) -> None:
        async with aclosing(self._parts.model.stream(request)) as events:
            async for event in events:
                match event:
                    case Delta(text):
                        if progress.first_token_at is None:
                            progress.first_token_at = self._parts.clock.monotonic()
                        draft.append(clean_delta(text))
                    case Retrying(attempt, wait_s, _):
                        progress.attempts = attempt + 1
                        draft.show_status(f"The model is busy. Trying again in {wait_s:.0f} s")
                    case Switched(model):
                        progress.model = model
                        draft.show_status(f"Switched to {model}")
                    case Finished():
                        progress.finished = event

    async def _shown(
        self,
        turn: Turn,
        queued: QueuedMessage,
        running: Running,
        progress: Progress,
        showing: asyncio.Task[None],
    ) -> Turn:
        """Wait until the answer is on the screen. Raises NotShown with a whole answer that could
        not be shown yet, as it need not be asked for again."""
        try:
            return await shown(turn, running, showing)
        except DeliveryError as error:
            now = self._parts.clock
            whole = measured(turn, running.draft, progress, now.monotonic())
            later = keep(queued, whole, now.now()) if progress.finished is not None else None
            raise later or error from error

    async def _show_kept(
        self, turn: Turn, queued: QueuedMessage, hold: Hold, reply: Reply, running: Running
    ) -> Turn:
        """Show an answer that an earlier run could not; the model is not asked."""
        clock = self._parts.clock
        draft = running.draft
        draft.append(turn.answer)
        draft.end(build_recorded(turn, footer=self._parts.footer))
        showing = running.show(write(reply, draft, hold, queued))
        try:
            turn = await shown(turn, running, showing)
        except DeliveryError as error:
            raise keep(queued, turn, clock.now()) or error from error
        finally:
            await cancelled(showing)
        took_s = (clock.now() - queued.received_at).total_seconds()
        turn = replace(turn, latency_s=took_s, first_visible_s=turn.first_visible_s or took_s)
        return await self._asking.with_context(turn, queued)

    async def _post(
        self, reply: Reply, document: Document, queued: QueuedMessage, hold: Hold
    ) -> None:
        try:
            await reply.post(document, queued.parts, saver(hold, queued))
        except DeliveryError as error:
            if error.retryable:
                raise
            logger.warning("a command's answer could not be shown: %s", error)

    async def _tell(self, reply: Reply, document: Document) -> None:
        try:
            await reply.whisper(document)
        except DeliveryError as error:
            logger.warning("a notice could not be shown: %s", error)


def _find_fault(message: InboundMessage) -> Literal["nothing_to_answer", "too_long"] | None:
    if len(message.text) > QUESTION_MAX_CHARS:
        return "too_long"
    if is_blank(message.text) and not message.attachments:
        return "nothing_to_answer"
    return None
