"""People who ask in the stand-in's Slack, and what each of them saw when."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.model import Script
    from tests.standins.slack import Message, SlackStandIn

CHANNELS = 10
LOOK_EVERY_S = 0.005
EMPTY = ("", "…")


@dataclass(slots=True, eq=False)
class Asked:
    """One question and its answer; seconds are counted from the question."""

    question: Message
    expected: str
    done: asyncio.Event = field(default_factory=asyncio.Event)
    answers: list[Message] = field(default_factory=list)

    def shown(self) -> str:
        return "".join(text_of(answer) for answer in self.answers).rstrip()

    def lost_chars(self) -> int:
        """What the model said and Slack does not show."""
        return 0 if self.shown() == self.expected else max(len(self.expected) - _same(self), 1)

    def first_text_s(self) -> float | None:
        times = [at for one in self.answers for at, shown in one.versions if shown not in EMPTY]
        return min(times) - self.question.posted_at if times else None

    def whole_s(self) -> float:
        """When the last piece of text was there; buttons below it may follow."""
        last = self.answers[-1]
        tail = text_of(last).rstrip()
        return next(at for at, shown in last.versions if tail in shown) - self.question.posted_at


class Crowd:
    """`ask` returns when the answer is whole; all that wait are looked after by one task."""

    def __init__(self, slack: SlackStandIn, people: int) -> None:
        self._slack = slack
        self._waiting: set[Asked] = set()
        self.people = [f"U0ASKER{n}" for n in range(people)]
        for user in self.people:
            slack.workspace.add_person(user.removeprefix("U0").lower(), id=user)
        self.channels = [
            slack.workspace.add_channel(f"talk{n}").id for n in range(min(CHANNELS, people))
        ]

    async def ask(self, person: int, script: Script, timeout_s: float = 60.0) -> Asked:
        channel = self.channels[person % len(self.channels)]
        text = f"{self._slack.people.mention} {script}"
        question = self._slack.people.say(self.people[person], channel, text, raw=True)
        asked = Asked(question, script.answer())
        self._waiting.add(asked)
        try:
            await asyncio.wait_for(asked.done.wait(), timeout_s)
        finally:
            self._waiting.discard(asked)
            asked.answers = self._answers(question)
        return asked

    async def ask_in_turn(self, person: int, script: Script, times: int) -> list[Asked]:
        return [await self.ask(person, script) for _ in range(times)]

    async def look(self) -> None:
        """Runs until it is cancelled."""
        while True:
            for asked in tuple(self._waiting):
                asked.answers = self._answers(asked.question)
                if asked.answers and asked.shown() == asked.expected:
                    asked.done.set()
                    self._waiting.discard(asked)
            await asyncio.sleep(LOOK_EVERY_S)

    def first_sign_s(self, asked: Asked) -> float | None:
        """A message, even an empty one, or a status line."""
        question = asked.question
        times = [one.versions[0][0] for one in asked.answers if one.versions]
        times += [
            call.at
            for call in self._slack.calls("assistant.threads.setStatus", thread_ts=question.ts)
            if call.accepted
        ]
        return min(times) - question.posted_at if times else None

    def _answers(self, question: Message) -> list[Message]:
        room = self._slack.workspace.channels[question.channel]
        found = (room.by_ts[ts] for ts in room.threads.get(question.ts, ()))
        bot = self._slack.workspace.bot_user
        return [one for one in found if one.user == bot and not one.deleted]


def text_of(message: Message) -> str:
    """What the bot says in it, without buttons."""
    if message.markdown is not None:
        return message.markdown
    written = [str(block["text"]) for block in message.blocks if block.get("type") == "markdown"]
    return "".join(written) if written else message.text


def _same(asked: Asked) -> int:
    shown, expected = asked.shown(), asked.expected
    at = 0
    while at < min(len(shown), len(expected)) and shown[at] == expected[at]:
        at += 1
    return at


def ack_times_s(slack: SlackStandIn, since: int) -> list[float]:
    """Of everything that was told since the outbox had that many deliveries."""
    told = slack.outbox.deliveries[since:]
    return [d.ack_s for d in told if d.state == "acked" and d.ack_s is not None]


async def settled(slack: SlackStandIn) -> None:
    """All that was told is acknowledged, and what follows an answer has been done."""
    end = time.monotonic() + 10
    await asyncio.wait_for(slack.outbox.settled(), end - time.monotonic())
    await asyncio.sleep(0.3)
