"""A chatbot that answers from a script, with the manners of the real one towards the playground."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from core.conversation import Author, CommandCall, ConversationKey, InboundMessage, MessageRef
from core.document import Action, Actions, Chart, Document, Facts, Note, Table, Text
from core.draft import Draft, Ending
from core.ports import CommandSummary
from core.turn import QueuedMessage
from tests.adapters.web.script import ANSWERS, FAULTY, LONG, Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.conversation import Reaction
    from core.ports import Acceptance, Clock, Platform

STOPPED = Document("", (Text("Stopped."),))
FAILED = Document(
    "",
    (
        Text("The language model is not available right now. Please try again in a minute."),
        Note("Reference: 01JDEMO"),
    ),
)
COMMANDS = (
    CommandSummary("help", "What the bot can do", "help"),
    CommandSummary("stats", "Questions, answers, cost and speed", "stats [24h] [me|channel|all]"),
    CommandSummary("reset", "Forget this conversation", "reset"),
    CommandSummary("settings", "Choose model and temperature", "settings [temperature 0.3]"),
    CommandSummary("stop", "Stop the answer that runs here", "stop"),
)


@dataclass
class Turn:
    queued: QueuedMessage
    draft: Draft = field(default_factory=Draft)
    parts: list[MessageRef] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class ScriptedBot:
    """Keeps everything it was told in lists, for tests to look at."""

    def __init__(self, platform: Platform, clock: Clock, answers: dict[str, Answer]) -> None:
        self._platform = platform
        self._clock = clock
        self._answers = answers
        self.accepted: list[InboundMessage] = []
        self.reactions: list[Reaction] = []
        self.calls: list[CommandCall] = []
        self.turns: list[Turn] = []
        self.fault = ""

    async def accept(self, message: InboundMessage) -> Acceptance:
        if any(one.ref == message.ref for one in self.accepted):
            return "duplicate"
        self.accepted.append(message)
        if message.address == "thread" and not self._is_known(message.conversation):
            return "not_for_us"
        self._start(message, ())
        return "accepted"

    async def react(self, reaction: Reaction) -> None:
        self.reactions.append(reaction)

    async def run(self, call: CommandCall) -> Document:
        self.calls.append(call)
        return answer_command(call.name, call.arguments)

    async def stop(self, conversation: ConversationKey, author: Author) -> bool:
        running = [turn for turn in self._running() if _place(turn) == conversation]
        for turn in running:
            turn.stop.set()
        return bool(running)

    async def again(self, ref: MessageRef, author: Author, click_id: str) -> bool:
        for turn in self.turns:
            if ref in turn.parts:
                self.fault = ""
                self._start(turn.queued.message, tuple(turn.parts))
                return True
        return False

    async def edited(
        self, ref: MessageRef, text: str, question: InboundMessage | None = None
    ) -> None: ...

    async def deleted(self, ref: MessageRef) -> Sequence[MessageRef]:
        for turn in self._running():
            if turn.queued.message.ref == ref and turn.task:
                turn.task.cancel()
                await asyncio.wait({turn.task})
                return turn.parts
        return ()

    def commands(self) -> Sequence[CommandSummary]:
        return COMMANDS

    async def resume(self, cut: Turn) -> None:
        """Answer once more what an earlier process was answering, in the message it began."""
        self._start(cut.queued.message, tuple(cut.parts))

    async def close(self) -> None:
        for turn in self._running():
            if turn.task:
                turn.task.cancel()
                await asyncio.wait({turn.task})

    def _running(self) -> list[Turn]:
        return [turn for turn in self.turns if turn.task and not turn.task.done()]

    def _is_known(self, conversation: ConversationKey) -> bool:
        return any(_place(turn) == conversation for turn in self.turns)

    def _start(self, message: InboundMessage, parts: tuple[MessageRef, ...]) -> None:
        words = message.text.lower().split()
        is_command = bool(words) and words[0] in {one.name for one in COMMANDS}
        queued = QueuedMessage(
            turn_id=f"turn-{len(self.turns) + 1}",
            seq=1,
            kind="command" if is_command else "question",
            message=message,
            received_at=self._clock.now(),
            parts=parts,
        )
        turn = Turn(queued, parts=list(parts))
        self.turns.append(turn)
        turn.task = asyncio.create_task(self._command(turn) if is_command else self._answer(turn))

    async def _command(self, turn: Turn) -> None:
        words = turn.queued.message.text.lower().split()
        if words[0] == "stop":
            await self.stop(_place(turn), turn.queued.message.author)
            return
        document = answer_command(words[0], tuple(words[1:]))
        await self._platform.replies.open(turn.queued).post(
            document, turn.queued.parts, _saver(turn)
        )

    async def _answer(self, turn: Turn) -> None:
        reply = self._platform.replies.open(turn.queued)
        showing = asyncio.create_task(reply.write(turn.draft, turn.queued.parts, _saver(turn)))
        telling = asyncio.create_task(self._tell(turn))
        stopping = asyncio.create_task(turn.stop.wait())
        try:
            await asyncio.wait({telling, stopping}, return_when="FIRST_COMPLETED")
            if not telling.done():
                telling.cancel()
                turn.draft.end(Ending("stopped", STOPPED, can_retry=True))
            await showing
        finally:
            for task in (showing, telling, stopping):
                task.cancel()

    async def _tell(self, turn: Turn) -> None:
        answer = self._choose(turn.queued.message.text)
        await self._clock.sleep(answer.wait_s)
        for number, piece in enumerate(answer.pieces()):
            if self.fault and number == 25:
                turn.draft.end(Ending("failed", FAILED, can_retry=True))
                return
            turn.draft.append(piece)
            await self._clock.sleep(answer.piece_s)
        footer = "demo · 1.4 s · $0.0003"
        turn.draft.end(Ending("answered", footer=footer, can_rate=True))

    def _choose(self, question: str) -> Answer:
        found = (a for words, a in self._answers.items() if words and words in question.lower())
        return next(found, self._answers[""])


def answer_command(name: str, arguments: tuple[str, ...]) -> Document:
    if name == "stats":
        return to_stats(arguments[0] if arguments else "24h")
    if name == "reset":
        return Document("", (Text("Done. I have forgotten this conversation."),))
    rows = tuple((one.usage, one.summary) for one in COMMANDS)
    return Document(
        "What I can do", (Text("Ask me anything, or write:"), Table(("Write", ""), rows))
    )


def to_stats(period: str) -> Document:
    numbers = (2, 3, 1, 0, 0, 4, 6, 9, 7, 12, 8, 11, 6, 3)
    facts = (("Questions", "72"), ("Answered", "70"), ("Cost", "$0.0214"), ("p95", "3.1 s"))
    periods = ("1h", "24h", "7d")
    return Document(
        f"Last {period}",
        (
            Facts(facts),
            Chart("Questions", tuple(f"{hour}:00" for hour in range(8, 22)), numbers),
            Table(("Model", "Questions", "Cost"), (("demo", "72", "$0.0214"),)),
            Actions(tuple(Action(one, f"stats {one}") for one in periods)),
            Note("Ratings: 12 👍 1 👎"),
        ),
    )


def build_bot(platform: Platform, clock: Clock, speed: float = 1.0) -> ScriptedBot:
    """`speed` 2 answers twice as fast."""
    answers = {
        words: replace(answer, wait_s=answer.wait_s / speed, piece_s=answer.piece_s / speed)
        for words, answer in {**ANSWERS, "long": LONG, "fail": FAULTY}.items()
    }
    return ScriptedBot(platform, clock, answers)


def _place(turn: Turn) -> ConversationKey:
    return turn.queued.message.conversation


def _saver(turn: Turn):  # type: ignore[no-untyped-def]  # a Save of replies.py
    async def save(ref: MessageRef) -> None:
        turn.parts.append(ref)

    return save
