"""Markdown of whole messages, made as Teams shows it while it is still being written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from core.text.blocks import Block, in_fence, next_block
from core.text.lines import LineFilter
from core.text.mentions import BREAK
from core.text.spans import find_code_spans
from core.text.tree import parse_tree, text_of, walk

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

COLUMNS_CHARS: Final = 64
"""A wider table is read more easily as a list: a narrow window would break its lines."""

_HEADING: Final = re.compile(r" {0,3}#{1,6}(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_RULE: Final = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*")
_UNDECIDED: Final = re.compile(r"[ \t]*(?:#.*|\|.*|[-*_ \t]*)", re.DOTALL)
_DELIMITERS: Final = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_RULE_SHOWN: Final = "———"
_MENTION: Final = re.compile(r"<(?=/?at(?![a-z0-9-]))", re.IGNORECASE)


class MessageText:
    """What `feed` and `flush` return only grows, and does not depend on how the input is cut: a
    streamed message must contain what was sent of it before.

    Headings become bold, tables columns of code or a list, and no `<` begins a tag: Teams would
    swallow `<String>`, and read `<at>` as a mention. `extended` keeps headings and tables.
    Feed it text that `core.text.outgoing` has made safe.
    """

    def __init__(self, *, extended: bool = False) -> None:
        self._tags = TagFilter()
        self._blocks = None if extended else _BlockFilter()

    def feed(self, delta: str) -> str:
        text = self._tags.feed(delta)
        return self._blocks.feed(text) if self._blocks else text

    def flush(self) -> str:
        """What was held back; nothing may be fed afterwards."""
        text = self._tags.flush()
        return self._blocks.feed(text) + self._blocks.flush() if self._blocks else text


class TagFilter(LineFilter):
    """Sets a zero-width space into what would be a tag; in code only into `<at>`."""

    touches = re.compile("[<\n]")
    _form: Final = re.compile(
        r"<(?:([a-z][a-z0-9+.-]*:[^\s<>]*|[^\s<>@]+@[^\s<>]+)>|(?=[a-z/!?]))", re.IGNORECASE
    )
    _undecided: Final = re.compile(r"<(?:[a-z][^\s<>]*)?\Z", re.IGNORECASE)
    _live_undecided: Final = re.compile(r"</?(?:a|at)?\Z", re.IGNORECASE)

    def _filter_code(self, line: str, start: int, *, complete: bool) -> tuple[str, int]:
        tail = None if complete else self._live_undecided.search(line, start)
        end = tail.start() if tail else len(line)
        return _MENTION.sub(f"<{BREAK}", line[start:end]), end

    def _filter_text(self, line: str, start: int, *, complete: bool) -> tuple[str, int]:
        tail = None if complete else self._undecided.search(line, start)
        end = tail.start() if tail else len(line)
        out, at = "", start
        spans = find_code_spans(line, complete=complete) if "<" in line[start:end] else None
        for form in self._form.finditer(line, start, end):
            is_code = spans is not None and self._in_code_span(spans, line, form.start())
            if is_code is None:
                return out + line[at : form.start()], form.start()
            if is_code and not _MENTION.match(line, form.start()):
                continue
            # An address in angle brackets is shown as a link without them too.
            shown = form[1] if form[1] and not is_code else f"<{BREAK}{form[0][1:]}"
            out += line[at : form.start()] + shown
            at = form.end()
        return out + line[at:end], end


class _BlockFilter:
    """Line by line; what begins like a heading, a rule or a table waits until it is known."""

    def __init__(self) -> None:
        self._block = Block()
        self._line = ""
        self._shown = 0  # characters of the current line that are out already
        self._table: list[str] = []
        self._after_text = False

    def feed(self, text: str) -> str:
        *lines, rest = text.split("\n")
        out = [self._end_line(line) for line in lines]
        self._line += rest
        if not self._table and (
            self._shown or in_fence(self._block, self._line) or not _UNDECIDED.fullmatch(self._line)
        ):
            out.append(self._line[self._shown :])
            self._shown = len(self._line)
        return "".join(out)

    def flush(self) -> str:
        line, self._line = self._line, ""
        if self._shown:
            return line[self._shown :]
        if self._table and _is_row(line):
            self._table.append(line)
            return self._end_table()
        return self._end_table() + self._to_shown(line)

    def _end_line(self, end: str) -> str:
        line, shown = self._line + end, self._shown
        self._line, self._shown = "", 0
        was_code = in_fence(self._block, line)
        out = ""
        if not was_code and not shown:
            if (
                self._table
                and (len(self._table) > 1 or _DELIMITERS.fullmatch(line))
                and _is_row(line)
            ):
                self._table.append(line)
                return ""
            out = self._end_table()
            if _is_row(line):
                self._table.append(line)
                return out
        self._block = next_block(self._block, line + "\n")
        out += line[shown:] if was_code or shown else self._to_shown(line)
        self._after_text = bool(line.strip())
        return out + "\n"

    def _to_shown(self, line: str) -> str:
        """A whole line outside code and tables."""
        apart = "\n" if self._after_text else ""
        if heading := _HEADING.fullmatch(line):
            words = (heading[1] or "").replace("**", "").strip()
            return f"{apart}**{words}**\n" if words else ""
        return f"{apart}{_RULE_SHOWN}\n" if _RULE.fullmatch(line) else line

    def _end_table(self) -> str:
        lines, self._table = self._table, []
        if not lines:
            return ""
        source = "\n".join(line.strip() for line in lines)
        tables = [node for node in walk(parse_tree(source)) if node.type == "table"]
        apart = "\n" if self._after_text else ""
        self._after_text = True
        if len(lines) < 2 or not tables:
            return "".join(f"{line}\n" for line in lines)
        return f"{apart}{draw_table(tables[0])}\n"


def _is_row(line: str) -> bool:
    return line.lstrip(" \t").startswith("|")


def draw_table(table: SyntaxTreeNode) -> str:
    """Columns of code where they fit and hold no links, else a list with an item for each row."""
    rows = [row.children for section in table.children for row in section.children]
    words = [[" ".join(map(text_of, cell.children)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*words, strict=False)]
    has_links = any(node.type == "link" for node in walk(table))
    if has_links or sum(widths) + 2 * len(widths) > COLUMNS_CHARS:
        return "\n".join(_items(rows))
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in words
    )
    # Words are read from entities here, so this is the last place to look for mentions.
    shown = _MENTION.sub(f"<{BREAK}", "\n".join(lines)).replace("```", "'''")
    return f"```\n{shown}\n```"


def _items(rows: list[list[SyntaxTreeNode]]) -> list[str]:
    sources = [["".join(part.content for part in cell.children) for cell in row] for row in rows]
    header, *body = sources
    items = []
    for first, *others in body:
        pairs = zip(header[1:], others, strict=False)
        told = "; ".join(f"{name}: {value}" if name else value for name, value in pairs if value)
        name = first.replace("**", "").strip().removesuffix(":")
        items.append("- " + ": ".join(filter(None, (f"**{name}**" if name else "", told))))
    return items or [f"- {cell}" for cell in header]
