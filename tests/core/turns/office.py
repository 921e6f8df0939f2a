"""A whole bot of fakes around the real engine, workers and desk."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, time
from typing import TYPE_CHECKING

from core.chatbot import Desk, DeskParts
from core.commands.pause import Pause, Resume
from core.commands.registry import Commands
from core.commands.stop import Stop
from core.feedback import Feedback
from core.model.breaking import BreakingModel
from core.model.metered import Meter, MeteredModel
from core.model.retrying import RetryingModel
from core.people.access import Access
from core.people.limits import Limits, LimitSettings
from core.ports import Prompt
from core.reports.daily import Daily
from core.turns.engine import Engine
from core.turns.history import HistoryBuilder, Window
from core.turns.parts import EngineParts
from core.turns.pausing import PauseTeller
from core.turns.reading import Reader
from core.turns.reporting import DigestWriter, Reporter
from core.turns.waiting import Outlook, Patience
from core.turns.workers import Workers
from tests.fakes.clock import LoopClock
from tests.fakes.model import ScriptedModel
from tests.fakes.platform import FakeChat
from tests.fakes.store import FakeStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.completion import Call, Price
    from core.conversation import InboundMessage
    from core.document import Document
    from core.ports import Clock, Files, TurnObserver
    from core.rating import Rating
    from core.turn import Turn


NINE = Daily(time(9), UTC)


class Words:
    def count(self, text: str, model: str) -> int:
        return len(text.split())


class NoPrices:
    def price(self, model: str) -> Price | None:
        return None


class FixedPrompt:
    def current(self) -> Prompt:
        return Prompt("Be kind.", "v1")


class FixedChoice:
    async def of(self, message: InboundMessage) -> tuple[str, float]:
        return "fake/model", 0.7


class Counted:
    def __init__(self, prefix: str = "") -> None:
        self._numbers = itertools.count(1)
        self._prefix = prefix

    def new(self) -> str:
        return f"{self._prefix}turn-{next(self._numbers)}"


class Watching:
    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.ratings: list[Rating] = []

    def turn_recorded(self, turn: Turn) -> None:
        self.turns.append(turn)

    def rated(self, platform: str, rating: Rating) -> None:
        self.ratings.append(rating)


class CallsHeard:
    def __init__(self) -> None:
        self.calls: list[Call] = []

    def called(self, call: Call) -> None:
        self.calls.append(call)


class PingCommand:
    name = "ping"
    summary = "answers"
    usage = "ping"

    def fits(self, arguments: tuple[str, ...]) -> bool:
        return not arguments

    async def run(self, call: object) -> Document:
        from core.document import Document, Text

        return Document("Pong", (Text("pong"),))


class Office:
    def __init__(
        self,
        *scripts,
        store: FakeStore | None = None,
        chat: FakeChat | None = None,
        slots: int = 4,
        footer: bool = False,
        access: Access | None = None,
        limits: LimitSettings | None = None,
        observers: Sequence[TurnObserver] = (),
        files: Files | None = None,
        clock: Clock | None = None,
        daily: Daily = NINE,
        sees: bool = False,
        wait_for_model_s: float = 0.0,
        breaking: bool = False,
        lease_s: float = 1_000_000,
    ) -> None:
        self.clock = clock or LoopClock()
        self.store = store or FakeStore(self.clock)
        self.chat = chat or FakeChat(self.clock)
        self.model = ScriptedModel(*scripts)
        self.watching = Watching()
        self.daily = daily
        meter = Meter()
        access = access or Access()
        self.limits = Limits(limits or LimitSettings(), self.store, self.store, self.clock)
        platforms = {"fake": replace(self.chat.platform, files=files)}
        commands = Commands(
            [
                PingCommand(),
                Stop(self._stop),
                Pause(self.store, access.may_configure),
                Resume(self.store, access.may_configure),
            ],
            wordy=["pause"],
        )
        self.teller = PauseTeller(self.store, platforms)
        model = MeteredModel(self.model, self.limits.guard(self.store), NoPrices(), Words(), meter)
        self.breaking = BreakingModel(model, self.clock, 5, 30.0)
        parts = EngineParts(
            model=RetryingModel(self.breaking, self.clock) if breaking else model,
            meter=meter,
            completions=self.store,
            turns=self.store,
            prompt=FixedPrompt(),
            history=HistoryBuilder(Window(40, 8000), Words()),
            reader=Reader(lambda model: sees, access.may_speak),
            choice=FixedChoice(),
            limits=self.limits,
            commands=commands,
            reporter=Reporter(
                DigestWriter(self.store, self.clock, self.daily), platforms, self.clock
            ),
            platforms=platforms,
            clock=self.clock,
            max_history=40,
            max_tokens=100,
            answer_timeout_s=120,
            patience=Patience(wait_for_model_s, self.breaking.away_s),
            footer=footer,
        )
        self.workers = Workers(
            inbox=self.store,
            engine=Engine(parts),
            clock=self.clock,
            slots=slots,
            lease_s=lease_s,
            outlook=Outlook(self.breaking.states),
            observers=[*observers, self.watching],
            on_dead_letter=self._count_dead_letter,
        )
        self.workers._lease.renew(self.clock.monotonic())  # by the beat before the first message
        self.platforms = platforms
        self.duplicates: list[str] = []
        self.acknowledged: list[float] = []
        self.dead_letters = 0
        self.desk = Desk(
            DeskParts(
                inbox=self.store,
                stops=self.store,
                turns=self.store,
                workers=self.workers,
                commands=commands,
                feedback=Feedback(self.store, [self.watching], ("+1",), ("-1",)),
                access=access,
                platforms=platforms,
                clock=self.clock,
                ids=Counted(),
                follow_ups="alone",
                on_duplicate=self.duplicates.append,
                on_acknowledged=self.acknowledged.append,
            )
        )

    def _count_dead_letter(self) -> None:
        self.dead_letters += 1

    async def _stop(self, conversation, author) -> bool:
        return await self.desk.stop(conversation, author)

    @property
    def turns(self) -> list[Turn]:
        return self.watching.turns

    async def recorded(self, count: int = 1) -> list[Turn]:
        """Wait until that many turns are recorded."""
        await self.workers.idle()
        while len(self.turns) < count:
            await self.workers.sweep()
            await self.workers.idle()
        return self.turns
