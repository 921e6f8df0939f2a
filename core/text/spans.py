"""Finds inline code within one line, only where every Markdown parser would agree on it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RUN = re.compile("`+")


@dataclass(frozen=True, slots=True)
class CodeSpans:
    spans: tuple[tuple[int, int], ...]
    doubtful_from: int | None
    """Where certainty ends; None: all backticks of the line are matched."""
    may_close: bool
    """The line is not complete: what is doubtful now can still become code."""

    def covers(self, pos: int, within: int) -> bool | None:
        """Whether `pos` is code; None: not known yet. Code must end within so many characters."""
        for start, end in self.spans:
            if start < pos < end:
                return end - pos <= within
        if self.doubtful_from is None or pos < self.doubtful_from or not self.may_close:
            return False
        return None


def find_code_spans(line: str, *, complete: bool) -> CodeSpans:
    """Doubt (pipes of a table, escapes, a `<` before) ends the search: what follows is text."""
    spans: list[tuple[int, int]] = []
    at = 0
    while run := _RUN.search(line, at):
        before = line[at : run.start()]
        if "<" in before or before.endswith("\\"):
            return CodeSpans(tuple(spans), run.start(), may_close=False)
        closing = _closing_run(line, run, complete=complete)
        if closing is None:
            return CodeSpans(tuple(spans), run.start(), may_close=not complete)
        if "|" in line[run.end() : closing.start()]:
            return CodeSpans(tuple(spans), run.start(), may_close=False)
        spans.append((run.start(), closing.end()))
        at = closing.end()
    return CodeSpans(tuple(spans), None, may_close=False)


def _closing_run(line: str, opening: re.Match[str], *, complete: bool) -> re.Match[str] | None:
    width = opening.end() - opening.start()
    for run in _RUN.finditer(line, opening.end()):
        # A run at the end of an unfinished line may still grow.
        if run.end() - run.start() == width and (complete or run.end() < len(line)):
            return run
    return None
