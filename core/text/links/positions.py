"""Finds parsed inline text again in the Markdown it came from: the parser keeps lines only."""

from __future__ import annotations

import re
from itertools import accumulate

from markdown_it.token import Token


class Positions:
    """Asked for the inline tokens of one text, all of them, in order."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._starts = [0, *accumulate(len(line) + 1 for line in self._lines)]
        self._cell_line = -1
        self._cell_column = 0

    def line_start(self, line: int) -> int:
        """Offset of a line; behind the last one the end of the text."""
        return min(self._starts[min(line, len(self._lines))], self._starts[-1] - 1)

    def of(self, token: Token, *, in_cell: bool) -> list[int]:
        """The offset of each character of `token.content` and of its end; empty: not found."""
        first = token.map[0] if token.map else 0
        if in_cell:
            return self._in_cell(token.content, first)
        offsets: list[int] = []
        for number, part in enumerate(token.content.split("\n"), first):
            body = part.lstrip(" \t")
            column = self._lines[number].rfind(body) if number < len(self._lines) else -1
            if column < 0:
                return []
            start = self._starts[number] + column
            offsets.extend([start] * (len(part) - len(body)))
            offsets.extend(range(start, start + len(body) + 1))
        return offsets

    def _in_cell(self, content: str, number: int) -> list[int]:
        if number != self._cell_line:
            self._cell_line, self._cell_column = number, 0
        # In a cell `\|` stands for `|`.
        pattern = re.escape(content).replace(r"\|", r"\\\|")
        found = re.compile(pattern).search(self._lines[number], self._cell_column)
        if found is None:
            return []
        self._cell_column = found.end()
        offset = self._starts[number] + found.start()
        offsets = []
        for char in content:
            offsets.append(offset)
            offset += 2 if char == "|" else 1
        return [*offsets, offset]
