"""What an engine has done, read from its book."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

Message = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Line:
    word: str
    message: Message
    at: float


class Book:
    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = sorted(lines, key=lambda line: line.at)

    @classmethod
    def read(cls, path: Path) -> Book:
        return cls(_lines(path.read_text())) if path.exists() else cls(())

    def begun(self) -> dict[Message, list[float]]:
        return self._times("begin")

    def ended(self) -> dict[Message, list[float]]:
        return self._times("end")

    def overlaps(self) -> int:
        """Messages that began while another one of their conversation was at work. One that was
        cut by a kill ends when it begins again, or never."""
        found, running = 0, dict[str, set[int]]()
        for line in self.lines:
            key, number = line.message
            at_work = running.setdefault(key, set())
            if line.word == "begin":
                found += bool(at_work - {number})
                at_work.add(number)
            else:
                at_work.discard(number)
        return found

    def doubled(self) -> int:
        """Messages that were worked off to the end more than once."""
        return sum(len(times) > 1 for times in self.ended().values())

    def out_of_order(self) -> int:
        """Messages that first began after a later one of their conversation."""
        first = Counter[str]()
        found = 0
        for key, number in self.begun():
            found += number < first[key]
            first[key] = max(first[key], number)
        return found

    def lost(self, sent: Sequence[Message]) -> int:
        return len(set(sent) - self.ended().keys())

    def _times(self, word: str) -> dict[Message, list[float]]:
        times: dict[Message, list[float]] = {}
        for line in self.lines:
            if line.word == word:
                times.setdefault(line.message, []).append(line.at)
        return times


def _lines(text: str) -> Iterator[Line]:
    for line in text.splitlines():
        word, key, number, at = line.split()
        yield Line(word, (key, int(number)), float(at))
