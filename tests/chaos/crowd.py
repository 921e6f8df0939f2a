"""People who ask in threads, and what Slack has seen of their questions and of the answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.standins.slack import Message, SlackStandIn
    from tests.standins.slack.delivery.outbox import Delivery

IN_A_THREAD = 12
CHANNEL = "C0GENERAL"


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    """Of its only right answer; no other question has the same."""
    thread: int
    message: Message
    deliveries: Sequence[Delivery]
    """A mention is told twice."""

    def sent_at(self) -> float:
        """The first time that the bot could know of it."""
        return min(one.attempts[0].sent_at for one in self.deliveries if one.attempts)

    def acknowledged_at(self) -> float | None:
        """When Slack was told that it has arrived; None: never."""
        last = [(one, one.attempts[-1]) for one in self.deliveries if one.state == "acked"]
        return min((told.sent_at + (told.ack_s or 0.0) for _, told in last), default=None)


class Crowd:
    def __init__(self, slack: SlackStandIn, events: int) -> None:
        self.slack = slack
        self.questions: list[Question] = []
        self._roots = [self._say(f"repeat: root {n}") for n in range(-(-events // IN_A_THREAD))]

    def ask(self, number: int) -> None:
        """So many questions, one after the other into each thread."""
        for _ in range(number):
            n = len(self.questions)
            thread = n % len(self._roots)
            text = f"answer {n} in thread {thread}, word by word to its end"
            told = len(self.slack.outbox.deliveries)
            message = self._say(f"repeat: {text}", self._roots[thread].ts)
            deliveries = self.slack.outbox.deliveries[told:]
            self.questions.append(Question(text, thread, message, deliveries))

    def acknowledged(self) -> list[Question]:
        return [one for one in self.questions if one.acknowledged_at() is not None]

    def unanswered(self) -> list[Question]:
        """Of those that were acknowledged."""
        answered = {first_line(one) for one in self.answers() if is_whole(one)}
        return [one for one in self.acknowledged() if one.text not in answered]

    def finished(self) -> int:
        return sum(is_whole(one) for one in self.answers())

    def answers(self) -> list[Message]:
        """Everything that the bot has said and not removed."""
        messages = self.slack.workspace.messages(CHANNEL)
        return [one for one in messages if one.user == self.slack.workspace.bot_user]

    def _say(self, words: str, thread: str | None = None) -> Message:
        text = f"{self.slack.people.mention} {words}"
        told = thread is not None
        return self.slack.people.say("U0ALICE", CHANNEL, text, thread, raw=True, told=told)


def is_whole(message: Message) -> bool:
    """Its buttons come with the last words."""
    return bool(message.blocks)


def first_line(message: Message) -> str:
    return message.shown.partition("\n")[0]
