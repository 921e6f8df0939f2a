"""All ways in which steps can follow each other, or so many of them, drawn from everywhere."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

Path = tuple[int, ...]
"""Which of the choices was taken, from the first on."""


class Chooser:
    """Takes the choices of a path, and after its end the first one each time.

    Which of two that waited for one row gets it first is the server's choice. So a path may lead
    to where it has fewer choices than were known; it goes on with the last one there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.taken: list[int] = []
        self.choices: list[int] = []
        self.words: list[str] = []

    def choose(self, choices: Sequence[str]) -> int:
        place = len(self.taken)
        chosen = self._path[place] if place < len(self._path) else 0
        chosen = min(chosen, len(choices) - 1)
        self.taken.append(chosen)
        self.choices.append(len(choices))
        self.words.append(choices[chosen])
        return chosen


@dataclass(slots=True)
class Explored:
    schedules: int = 0
    complete: bool = False
    complaints: list[str] = field(default_factory=list)
    """Of the first schedule that had any, with that schedule."""


async def explore(
    run: Callable[[Chooser], Awaitable[Sequence[str]]], most: int, seed: int = 0
) -> Explored:
    """Run schedules until one has a complaint, all were run, or `most` were.

    Each is another one. They are drawn from all that are known to be left, so that a part of them
    is spread over the whole tree instead of being a corner of it.
    """
    draw = random.Random(seed)
    left: list[Path] = [()]
    explored = Explored()
    while left and explored.schedules < most:
        place = draw.randrange(len(left))
        left[place], left[-1] = left[-1], left[place]
        path = left.pop()
        chooser = Chooser(path)
        complaints = await run(chooser)
        explored.schedules += 1
        if complaints:
            explored.complaints = [*complaints, *chooser.words]
            return explored
        left += _siblings(chooser, len(path))
    explored.complete = not left
    return explored


def _siblings(chooser: Chooser, fixed: int) -> list[Path]:
    return [
        (*chooser.taken[:place], other)
        for place in range(fixed, len(chooser.taken))
        for other in range(1, chooser.choices[place])
    ]
