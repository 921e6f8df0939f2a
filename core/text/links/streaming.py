"""Makes links honest while the answer is still being written."""

from __future__ import annotations

import re

from core.text.lines import LineFilter
from core.text.links.rewriting import BREAK, is_one_link, safe_links, without_links
from core.text.spans import CodeSpans, find_code_spans

LINK_MAX_CHARS = 2000
"""A longer link is let go as text that is no link."""

# Deeper brackets are no link in any parser; giving up early keeps hostile text cheap.
_MAX_DEPTH = 20

_BEGINNING = re.compile(r"\\|!?\[|\]|!\Z|<")
_BRACKETS = re.compile(r"\\.|[\[\]]", re.DOTALL)
_PARENTHESES = re.compile(r"\\.|[()]", re.DOTALL)
_AUTOLINK = re.compile(r"<[A-Za-z][^<>\s]*(>)?")
_COULD_JOIN = re.compile(r"[\[\]()<>!:\\]")


class LinkFilter(LineFilter):
    """`safe_links` for a text that arrives in pieces; in two ways stricter.

    A link must stand within one line. A reference-style link becomes text, because where it
    leads is known only later: its definition is broken, and both read as they are written.
    A link is held back until it ends, and so is any `[` until its bracket is closed, within its
    line.
    """

    touches = re.compile(r"[\[\]<!\\\n]")

    def _filter_text(self, line: str, start: int, *, complete: bool) -> tuple[str, int]:
        out: list[str] = []
        spans: CodeSpans | None = None
        at = start
        while found := _BEGINNING.search(line, at):
            pos = found.start()
            out.append(line[at:pos])
            spans = spans or find_code_spans(line, complete=complete)
            in_code = self._in_code_span(spans, line, pos)
            at = _end_of(line, found, in_code=bool(in_code))
            if not complete and (in_code is None or at > len(line)):
                return "".join(out), pos
            at = found.end() if at > len(line) else at
            out.append(_honest(line, pos, at, in_code=bool(in_code)))
        return "".join([*out, line[at:]]), len(line)


def _end_of(line: str, found: re.Match[str], *, in_code: bool) -> int:
    """The end of what must be judged as one; behind the end of the line: not known yet."""
    pos, sign = found.start(), found.group()
    if sign == "]" or (sign == "!" and not in_code):
        return found.end() if found.end() < len(line) else len(line) + 1
    if in_code:
        return found.end()
    if sign == "\\":
        return pos + 2
    end = _autolink_end(line, pos) if sign == "<" else _link_end(line, found.end() - 1)
    if end is None:
        return found.end() if len(line) - pos > LINK_MAX_CHARS else len(line) + 1
    return end if found.end() < end <= pos + LINK_MAX_CHARS else found.end()


def _honest(line: str, pos: int, end: int, *, in_code: bool) -> str:
    text = line[pos:end]
    if text == "]":
        # A definition is found before code is: its colon is parted from it even there.
        joins = line[end : end + 1] == ":" or (line[end : end + 1] == "(" and not in_code)
        return text + BREAK if joins else text
    if in_code or len(text) <= 2:
        return text
    if text[0] != "<" and not is_one_link(text):
        return without_links(text)
    safe = safe_links(text)
    if safe[:1] == "[" and safe[-1:] == ")":
        return BREAK + safe if line[:pos].endswith("!") else safe
    # A label set free must not make a new link with its surroundings.
    return BREAK + safe + BREAK if safe != text and _COULD_JOIN.search(safe) else safe


def _autolink_end(line: str, pos: int) -> int | None:
    """The end of `<address>`; None: not known yet; pos: there is none."""
    match = _AUTOLINK.match(line, pos)
    if match is None:
        return None if pos + 1 == len(line) else pos
    if match.group(1):
        return match.end()
    return None if match.end() == len(line) else pos


def _link_end(line: str, pos: int) -> int | None:
    """The end of `[label](address)`; None: not known yet; pos: this is none."""
    label_end = _closing(_BRACKETS, line, pos)
    if label_end is None or label_end == len(line):
        return None
    if label_end == pos or line[label_end] != "(":
        return pos
    end = _closing(_PARENTHESES, line, label_end)
    return pos if end == label_end else end


def _closing(signs: re.Pattern[str], line: str, pos: int) -> int | None:
    """Behind the sign that closes the one at `pos`; None: not there yet; pos: never."""
    depth = 0
    for sign in signs.finditer(line, pos, pos + LINK_MAX_CHARS):
        if len(sign.group()) == 1:
            depth += 1 if sign.group() in "[(" else -1
        if depth == 0:
            return sign.end()
        if depth > _MAX_DEPTH:
            return pos
    return None
