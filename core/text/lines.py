"""Follows a text that arrives in pieces line by line, knowing at each place whether it is code."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from core.text.blocks import Block, in_fence, next_block
from core.text.spans import CodeSpans, find_code_spans

# How far behind a place the end of inline code may lie before the place counts as text.
_SPAN_LOOKAHEAD_CHARS = 200


class LineFilter(ABC):
    """A filter whose output does not depend on how its input is cut.

    What cannot be judged yet is held back, within one line. What `feed` and `flush` return
    joins to the filtered whole.
    """

    touches: re.Pattern[str]
    """Finds the characters that matter, line ends among them: a delta without passes at once."""

    def __init__(self) -> None:
        self._block = Block()
        self._released: list[str] = []  # of the current line, as it came in
        self._held = ""
        self._doubt = False  # an earlier line of this paragraph left a backtick unmatched

    def feed(self, delta: str) -> str:
        if not self._held and not self.touches.search(delta):
            self._released.append(delta)
            return delta
        out: list[str] = []
        *lines, rest = (self._held + delta).split("\n")
        for line in lines:
            out.append(self._release(line + "\n", complete=True))
            self._end_line()
        out.append(self._release(rest, complete=False))
        return "".join(out)

    def flush(self) -> str:
        """What was held back; nothing may be fed afterwards."""
        return self._release(self._held, complete=True)

    @abstractmethod
    def _filter_text(self, line: str, start: int, *, complete: bool) -> tuple[str, int]:
        """What `line` from `start` on becomes outside fences, and up to where it is decided."""

    def _filter_code(self, line: str, start: int, *, complete: bool) -> tuple[str, int]:  # noqa: ARG002  # for those who override it
        return line[start:], len(line)

    def _in_code_span(self, spans: CodeSpans, line: str, pos: int) -> bool | None:
        """Whether `pos` is inline code; None: that will be known when more of the line is."""
        if self._doubt:
            return False
        covered = spans.covers(pos, _SPAN_LOOKAHEAD_CHARS)
        return False if covered is None and len(line) - pos > _SPAN_LOOKAHEAD_CHARS else covered

    def _release(self, text: str, *, complete: bool) -> str:
        released = "".join(self._released)
        line = released + text
        filtered = self._filter_code if in_fence(self._block, line) else self._filter_text
        out, end = filtered(line, len(released), complete=complete)
        self._released = [line[:end]]
        self._held = line[end:]
        return out

    def _end_line(self) -> None:
        line = "".join(self._released)
        if not line.strip():
            self._doubt = False
        elif "`" in line and not in_fence(self._block, line):
            doubtful_from = find_code_spans(line, complete=True).doubtful_from
            self._doubt = self._doubt or doubtful_from is not None
        self._block = next_block(self._block, line)
        self._released = []
