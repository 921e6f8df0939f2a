"""Reads Markdown line by line: which fence, list, quote or table the next line belongs to.

Knows only what came before, so it can follow a text that is still being written. The full
parser of `core.text.tree` needs the whole text; both agree on what people and models write.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

# Longer runs are drawn lines or attacks; treated as text.
FENCE_MAX_MARKER = 32
# Code nested deeper than this is read as text.
FENCE_MAX_LEAD = 40

_QUOTE_MARK = re.compile(r" {0,3}>[ \t]?")
_QUOTE = re.compile(f"(?:{_QUOTE_MARK.pattern})+")
_LIST_MARKER = re.compile(r"(?:[-+*]|\d{1,9}[.)])(?=[ \t]|$)")
_FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*(.*)", re.DOTALL)
_STARTS_BLOCK = re.compile(r"#{1,6}(?:\s|$)|>|`{3}|~{3}|(?:[-+*]|\d{1,9}[.)])(?:\s|$)")
_DELIMITER_ROW = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$")


@dataclass(frozen=True, slots=True)
class Fence:
    """An open fence: `quote` marks and `offset` columns of list stand before its lines."""

    quote: str
    offset: int
    marker: str
    info: str

    @property
    def closer(self) -> str:
        return self.lead + self.marker

    @property
    def lead(self) -> str:
        """What stands before a line of code."""
        return f"{self.quote}{' ' * self.offset}"

    def opener(self, *, with_info: bool = True) -> str:
        """A line that opens the same fence where the list around it is not open any more."""
        info = self.info if with_info else ""
        return f"{self.quote}{_list_of_width(self.offset)}{self.marker}{info}\n"

    def closing_after(self, line: str) -> str:
        """What closes the fence behind `line` of its code; completes a closer that is cut short."""
        if closes(self, line):
            return ""
        if line.endswith("\n"):
            return self.closer
        if self.closer.startswith(line):
            return self.closer[len(line) :]
        run = closing_run(self, line)
        return "\n" + self.closer if run is None else self.marker[len(run) :]


@dataclass(frozen=True, slots=True)
class Table:
    head: str  # header and delimiter row, with their line ends
    rows: int


@dataclass(frozen=True, slots=True)
class Block:
    """What is open at the start of a line."""

    fence: Fence | None = None
    table: Table | None = None
    offsets: tuple[int, ...] = ()  # the columns where the text of the open list items begins
    quote_depth: int = 0
    after_blank: bool = True
    row_above: str = ""  # a line that becomes a table's header if a delimiter row follows


def next_block(block: Block, line: str) -> Block:
    """The state after `line`, which may carry its line end."""
    if block.fence is not None:
        if not _leaves(block.fence, line):
            return replace(block, fence=None) if closes(block.fence, line) else block
        block = replace(block, fence=None, after_blank=True)
    quote, body = split_quote(line)
    depth = quote.count(">")
    if not body.strip():
        return Block(offsets=block.offsets, quote_depth=depth, after_blank=True)
    offsets, column, rest = _enter_lists(block, depth, body)
    fence = _read_fence(quote, offsets, column, rest)
    if fence is not None:
        return Block(fence=fence, offsets=offsets, quote_depth=depth, after_blank=False)
    table = _next_table(block, line, rest)
    row = line if table is None and rest.startswith("|") else ""
    return Block(None, table, offsets, depth, after_blank=False, row_above=row)


def maybe_fence(block: Block, line: str) -> Fence | None:
    """The fence that `line` opens or, cut short, may open; never taken back by a longer line."""
    quote, body = split_quote(line)
    offsets, column, rest = _enter_lists(block, quote.count(">"), body)
    return _read_fence(quote, offsets, column, rest, strict=False)


def in_fence(block: Block, line: str) -> bool:
    """Whether `line`, or as much of it as is known, is inside the open fence."""
    return block.fence is not None and not _leaves(block.fence, line)


def closes(fence: Fence, line: str) -> bool:
    body = closing_run(fence, line)
    return body is not None and len(body) >= len(fence.marker)


def closing_run(fence: Fence, line: str) -> str | None:
    """The marker run of a line that closes the fence or, cut short, may close it; else None."""
    body = _inside_quote(fence, line)
    if body is None:
        return None
    run = body.strip()
    if run.strip(fence.marker[0]):
        return None
    return run if fence.offset <= _indent(body) <= fence.offset + 3 else None


def split_quote(line: str) -> tuple[str, str]:
    """The quote marks that a line begins with, and the rest."""
    match = _QUOTE.match(line)
    return ("", line) if match is None else (match.group(), line[match.end() :])


def _inside_quote(fence: Fence, line: str) -> str | None:
    """`line` without the quote marks around the fence; None: it has fewer, and is outside."""
    for _ in range(fence.quote.count(">")):
        mark = _QUOTE_MARK.match(line)
        if mark is None:
            return None
        line = line[mark.end() :]
    return line


def _leaves(fence: Fence, line: str) -> bool:
    """Whether the container of the fence ends before this line, and the fence with it."""
    body = _inside_quote(fence, line)
    return body is None or (bool(body.strip()) and _indent(body) < fence.offset)


def _enter_lists(block: Block, depth: int, body: str) -> tuple[tuple[int, ...], int, str]:
    """The list items open on this line, the column of its text, and the text."""
    offsets = block.offsets if depth == block.quote_depth else ()
    rest = body.lstrip(" \t")
    column = _indent(body)
    if block.after_blank or _STARTS_BLOCK.match(rest):
        offsets = tuple(offset for offset in offsets if offset <= column)
    while column - (offsets[-1] if offsets else 0) <= 3:
        marker = _LIST_MARKER.match(rest)
        if marker is None:
            break
        text = rest[marker.end() :].lstrip(" \t")
        gap = len(rest) - marker.end() - len(text)
        column += marker.end() + (gap if 1 <= gap <= 4 and text.strip() else 1)
        offsets, rest = (*offsets, column), text
    return offsets, column, rest


def _read_fence(
    quote: str, offsets: tuple[int, ...], column: int, rest: str, *, strict: bool = True
) -> Fence | None:
    offset = offsets[-1] if offsets else 0
    match = _FENCE.match(rest)
    if match is None or not 0 <= column - offset <= 3 or len(quote) + offset > FENCE_MAX_LEAD:
        return None
    marker, info = match.group(1), match.group(2).strip()
    if not strict:
        return Fence(quote, offset, marker[:FENCE_MAX_MARKER], info)
    if len(marker) > FENCE_MAX_MARKER or (marker[0] == "`" and "`" in info):
        return None
    return Fence(quote, offset, marker, info)


def _next_table(block: Block, line: str, rest: str) -> Table | None:
    if not rest.startswith("|"):
        return None
    if block.table is not None:
        return replace(block.table, rows=block.table.rows + 1)
    row = rest.strip()
    if not block.row_above or not _DELIMITER_ROW.match(row):
        return None
    header = split_quote(block.row_above)[1].strip()
    if row.strip("|").count("|") != header.replace("\\|", "").strip("|").count("|"):
        return None
    return Table(head=block.row_above + line, rows=0)


def _indent(body: str) -> int:
    leading = body[: len(body) - len(body.lstrip(" \t"))]
    return len(leading.expandtabs(4))


def _list_of_width(width: int) -> str:
    """What opens list items whose text begins at column `width`; spaces where they suffice."""
    if width <= 3:
        return " " * width
    last = 4 + width % 2
    return "- " * ((width - last) // 2) + "-".ljust(last)
