"""A growing Markdown text as HTML blocks, so that each step sends what is new and no more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.web.drawing.markdown import to_markup

if TYPE_CHECKING:
    from collections.abc import Callable

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_CONTINUES = re.compile(r"\s|[-*+>|]|\d+[.)]")
"""A line that may belong to the list, quote or table before the blank line."""


@dataclass(frozen=True, slots=True)
class Step:
    """Block `index` of the message keeps `kept` characters of its HTML and goes on with `html`."""

    index: int
    kept: int
    """In UTF-16 units, as browsers count."""
    html: str


class Growth:
    """The HTML blocks of one answer. A block is settled as soon as no later text can change it."""

    def __init__(self, render: Callable[[str], str] = to_markup) -> None:
        self._render = render
        self._settled_chars = 0
        self.blocks: list[str] = []
        """What has been sent so far; the last one may still change."""
        self._settled = 0

    def update(self, text: str) -> list[Step]:
        """What to send now that the text has grown to `text`."""
        steps = []
        cut = find_settled(text, self._settled_chars)
        if cut > self._settled_chars:
            settled = self._render(text[self._settled_chars : cut])
            steps += self._put(settled)
            self._settled_chars = cut
            self._settled += bool(settled)
        steps += self._put(self._render(text[self._settled_chars :]))
        return steps

    def _put(self, html: str) -> list[Step]:
        before = self.blocks[self._settled] if self._settled < len(self.blocks) else ""
        if html == before:
            return []
        kept = _count_same(before, html)
        self.blocks[self._settled :] = [html]
        return [Step(self._settled, _utf16_units(html[:kept]), html[kept:])]


def find_settled(text: str, start: int) -> int:
    """The last place behind a blank line, from `start` on, where a new top-level block begins."""
    fence = ""
    settled = position = start
    after_blank = False
    for line in text[start:].splitlines(keepends=True):
        opened = _FENCE.match(line)
        if not fence and after_blank and line.strip() and not _CONTINUES.match(line):
            settled = position
        if opened and not fence:
            fence = opened.group(1)
        elif opened and opened.group(1).startswith(fence) and not line.strip(" \t\n`~"):
            fence = ""
        after_blank = not line.strip()
        position += len(line)
    return settled


def _count_same(before: str, after: str) -> int:
    """How many characters both begin with."""
    if after.startswith(before):
        return len(before)
    pairs = enumerate(zip(before, after, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(before), len(after)))


def _utf16_units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
