"""What people see in the end, judged from Slack's side alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from tests.chaos.crowd import first_line, is_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.chaos.crowd import Crowd, Question
    from tests.standins.slack import Message


@dataclass(frozen=True, slots=True)
class Verdict:
    asked: int
    acknowledged: int
    """The others were given up by Slack, after it had told them four times."""
    lost: Sequence[str]
    """Acknowledged, and without an answer that is whole."""
    doubled: Sequence[str]
    disordered: Sequence[str]
    """Pairs of one thread: the first was acknowledged before the second was sent, and its answer
    was not whole when the second one's appeared."""
    strange: Sequence[str]
    """Whatever else the bot has said: shells, halves, notices."""

    @property
    def holds(self) -> bool:
        return not (self.lost or self.doubled or self.disordered or self.strange)

    def __str__(self) -> str:
        return (
            f"{self.asked} asked, {self.acknowledged} acknowledged: {len(self.lost)} lost, "
            f"{len(self.doubled)} doubled, {len(self.disordered)} out of order, "
            f"{len(self.strange)} leftovers"
        )

    def details(self) -> Iterator[str]:
        for name in ("lost", "doubled", "disordered", "strange"):
            for one in getattr(self, name):
                yield f"{name}: {one}"


def judge(crowd: Crowd) -> Verdict:
    said = crowd.answers()
    whole = {text: list(same) for text, same in _by_text(filter(is_whole, said))}
    known = {one.text for one in crowd.questions}
    odd = [one for one in said if not is_whole(one) or first_line(one) not in known]
    return Verdict(
        asked=len(crowd.questions),
        acknowledged=len(crowd.acknowledged()),
        lost=[one.text for one in crowd.acknowledged() if one.text not in whole],
        doubled=[text for text, same in whole.items() if len(same) > 1],
        disordered=list(_disordered(crowd, {text: same[0] for text, same in whole.items()})),
        strange=[f"{one.shown!r} at {one.ts} in {one.thread_ts}" for one in odd],
    )


def _by_text(messages: Iterable[Message]) -> Iterator[tuple[str, Iterator[Message]]]:
    return groupby(sorted(messages, key=first_line), first_line)


def _disordered(crowd: Crowd, answers: dict[str, Message]) -> Iterator[str]:
    answered = [one for one in crowd.questions if one.text in answers]
    for _, thread in groupby(sorted(answered, key=attrgetter("thread")), attrgetter("thread")):
        for first, second in _in_sequence(list(thread)):
            if _whole_at(answers[first.text], first.text) > answers[second.text].versions[0][0]:
                yield f"{second.text!r} appeared before {first.text!r} was whole"


def _in_sequence(thread: list[Question]) -> Iterator[tuple[Question, Question]]:
    """Every two of which the first was acknowledged before the second was sent."""
    for at, first in enumerate(thread):
        acknowledged_at = first.acknowledged_at()
        for second in thread[at + 1 :]:
            if acknowledged_at is not None and acknowledged_at < second.sent_at():
                yield first, second


def _whole_at(message: Message, text: str) -> float:
    """When a reader saw all of it for the first time; a later owner may write it once more."""
    return next(at for at, shown in message.versions if shown.partition("\n")[0] == text)
