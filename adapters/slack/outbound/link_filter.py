"""`safe_links` for a text that is streamed: what was sent cannot be taken back."""

from __future__ import annotations

import re
from typing import Final

from core.text.blocks import Block, in_fence, next_block
from core.text.links.rewriting import safe_links
from core.text.mentions import BREAK
from core.text.spans import CodeSpans, find_code_spans

LINK_LIMIT_CHARS: Final = 2_000
"""Longer than any honest link: what goes on for longer is text."""
_SPAN_CHARS: Final = 200

_SIGNS: Final = re.compile(r"!(?=\[|\Z)|[\[\]<]")
_TRIGGER: Final = re.compile(r"[!\[\]<`\n\\]")
_SIMPLE_LINK: Final = re.compile(
    r"!?\[[^\[\]\n]*+\]\([^()\s<>]*+(?:\([^()\s<>]*+\)[^()\s<>]*+)*+"
    r"(?:[ \t]++(?:\"[^\"\n]*+\"|'[^'\n]*+'))?[ \t]*+\)"
)
_NO_LINK: Final = re.compile(r"\[[^\[\]\n]*+\](?=[^(\[:])")
_AUTOLINK: Final = re.compile(r"<[^<>\s]*+>")
_OPEN_AUTOLINK: Final = re.compile(r"<[^<>\s]*+\Z")
# Reference links and definitions find each other across the whole text: neither is let through.
_REFERENCE: Final = re.compile(r"\](?=[\[:])")


class LinkFilter:
    """Inline links are made safe one by one and held back only while they are being written; a
    link that spans lines, or is defined elsewhere, is shown as the text that it is.

    However the text is cut into pieces, the output is the same.
    """

    def __init__(self) -> None:
        self._block = Block()
        self._line = ""
        """The part of the current line that is out, as it came in."""
        self._held = ""

    def feed(self, delta: str) -> str:
        if not self._held and not _TRIGGER.search(delta):
            self._line += delta
            return delta
        *lines, rest = (self._held + delta).split("\n")
        out = []
        for line in lines:
            out.append(self._release(line + "\n", complete=True))
            self._block = next_block(self._block, self._line)
            self._line = ""
        out.append(self._release(rest, complete=False))
        return "".join(out)

    def flush(self) -> str:
        """What was held back: nothing follows any more."""
        return self._release(self._held, complete=True)

    def _release(self, text: str, *, complete: bool) -> str:
        line = self._line + text
        if in_fence(self._block, line):
            out, end = text, len(text)
        else:
            out, end = self._rewrite(line, len(self._line), complete=complete)
        self._held = text[end:]
        self._line += text[:end]
        return out

    def _rewrite(self, line: str, start: int, *, complete: bool) -> tuple[str, int]:
        """The safe form of `line[start:]`, and how much of that it stands for."""
        out: list[str] = []
        at = start
        spans: CodeSpans | None = None
        while sign := _SIGNS.search(line, at):
            pos = sign.start()
            spans = spans or find_code_spans(line, complete=complete)
            covered = spans.covers(pos, _SPAN_CHARS)
            out.append(line[at:pos])
            at = pos
            if covered or (pos and line[pos - 1] == "\\"):
                out.append(line[pos])
                at = pos + 1
                continue
            waits = not complete and len(line) - pos < LINK_LIMIT_CHARS
            if covered is None and waits:
                return "".join(out), pos - start
            step = _step(line, pos, waits=waits)
            if step is None:
                return "".join(out), pos - start
            out.append(step[0])
            at = step[1]
        out.append(line[at:])
        return "".join(out), len(line) - start


def _step(line: str, pos: int, *, waits: bool) -> tuple[str, int] | None:
    """What stands for the sign at `pos` and where to go on; None: it is not decided yet."""
    sign = line[pos]
    if sign == "]":
        if pos + 1 == len(line):
            return None if waits else ("]", pos + 1)
        joins = line[pos + 1] in "([:"
        return "]" + (BREAK if joins else ""), pos + 1
    if sign == "<":
        if link := _AUTOLINK.match(line, pos):
            return safe_links(link.group()), link.end()
        return None if waits and _OPEN_AUTOLINK.match(line, pos) else ("<", pos + 1)
    if link := _SIMPLE_LINK.match(line, pos):
        return safe_links(link.group()), link.end()
    if sign == "[" and (text := _NO_LINK.match(line, pos)):
        return text.group(), text.end()
    if waits:
        return None
    rest = safe_links(line[pos:])
    return _REFERENCE.sub("]" + BREAK, rest), len(line)
