"""Cuts Markdown into messages of limited size without tearing code, tables or characters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from core.text.blocks import (
    FENCE_MAX_LEAD,
    FENCE_MAX_MARKER,
    Block,
    closes,
    in_fence,
    maybe_fence,
    next_block,
    split_quote,
)
from core.text.graphemes import is_boundary, last_boundary

Size = Callable[[str], int]
"""Measures text as the platform does: characters, UTF-16 units, bytes. It must be additive:
size(a + b) == size(a) + size(b)."""

SMALLEST_LIMIT = 300

_LONGEST_CLOSING = FENCE_MAX_LEAD + FENCE_MAX_MARKER + 1

# A cut is only good where the piece is filled to this part: else messages become many.
_LEAST_FILL = 0.5
# Beginnings of a line that Markdown would read as something else when a long line is cut there.
_OPENS_BLOCK = "`~#>|+*-="
_BACK_OFF_CHARS = 80

# How good the border between two lines is as a cut, best first.
_PARAGRAPH, _ITEM, _LINE, _INSIDE, _CODE_LINE = range(5)


@dataclass(frozen=True, slots=True)
class Piece:
    """One message: a stretch of the original with what makes it whole on its own around it."""

    head: str
    """Opens the code fence again or repeats the table's header; often empty."""
    source: str
    tail: str
    """Closes the code fence; often empty."""

    @property
    def text(self) -> str:
        """What is sent. White space at the end is dropped: platforms do not show it."""
        text = self.head + self.source + self.tail
        return text if self.tail else text.rstrip()


@dataclass(frozen=True, slots=True)
class _Cut:
    pos: int
    used: int  # size of head and source up to here
    block: Block
    lead: str = ""


def split(text: str, limit: int, size: Size = len) -> list[str]:
    """The texts of the messages, each of size <= limit. Text of white space alone gives none.

    Stable while an answer grows: for all k < len(split(text)),
    split(text + more)[:k] == split(text)[:k]. A message that is complete never changes again.
    """
    return [piece.text for piece in split_pieces(text, limit, size) if piece.text]


def split_pieces(text: str, limit: int, size: Size = len) -> list[Piece]:
    splitter = Splitter(limit, size)
    return [*splitter.feed(text), splitter.open_piece]


def rejoin(pieces: Iterable[Piece]) -> str:
    """The original text: what `Splitter` added is left out."""
    return "".join(piece.source for piece in pieces)


class Splitter:
    """`split` for a text that grows: looks at new text only, and at a full piece once more.

    A cut is decided when the open piece has become too large, and by the text up to there
    alone. That is why later text cannot move it.
    """

    def __init__(self, limit: int, size: Size = len) -> None:
        if limit < SMALLEST_LIMIT:
            raise ValueError(f"limit is {limit}, must be at least {SMALLEST_LIMIT}")
        self._limit = limit
        self._size = size
        self._head = ""
        self._lead = ""  # the end of the head: quote marks of a line that was cut
        self._source = ""  # of the open piece
        self._line_at = 0  # where its last, unfinished line begins
        self._used = 0  # size of head and source up to there, without the lead of that line
        self._block = Block()  # the state there
        self._cuts: dict[int, _Cut] = {}  # the last border of each kind

    def feed(self, text: str) -> list[Piece]:
        """Takes more text; returns the pieces that have become complete by it."""
        self._source += text
        pieces: list[Piece] = []
        while True:
            end = self._source.find("\n", self._line_at) + 1
            line = self._line_until(end or len(self._source))
            if not self._fits(line):
                pieces.append(self._complete_piece(line))
            elif end:
                self._pass_line(line, end)
            else:
                return pieces

    @property
    def open_piece(self) -> Piece:
        """The last piece as it can be sent now; it changes when more text comes."""
        line = self._line_until(len(self._source))
        if in_fence(self._block, line) and self._block.fence:
            return Piece(self._head, self._source, self._block.fence.closing_after(line))
        opened = next_block(self._block, line).fence
        return Piece(self._head, self._source, "\n" + opened.closer if opened else "")

    def _line_until(self, end: int) -> str:
        line = self._source[self._line_at : end]
        return line if self._line_at else self._lead + line

    def _fits(self, line: str) -> bool:
        if self._used + self._size(line) + _LONGEST_CLOSING <= self._limit:
            return True
        if in_fence(self._block, line) and self._block.fence:
            fence = self._block.fence
            shown = line.rstrip("\n") if closes(fence, line) else line
            closing = fence.closing_after(line)
        else:
            # White space at the end of a piece is not sent.
            shown = line.rstrip()
            opened = maybe_fence(self._block, line) if shown else None
            closing = "\n" + opened.closer if opened else ""
        if not shown:
            return True
        return self._used + self._size(shown) + self._size(closing) <= self._limit

    def _pass_line(self, line: str, end: int) -> None:
        self._offer_cut(line)
        self._used += self._size(line)
        self._line_at = end
        self._block = next_block(self._block, line)

    def _offer_cut(self, line: str) -> None:
        """Remembers the border before `line`."""
        if self._line_at and (self._block.fence or line.strip()):
            kind = _kind_of_border(self._block, line)
            self._cuts[kind] = _Cut(self._line_at, self._used, self._block)

    def _complete_piece(self, line: str) -> Piece:
        self._offer_cut(line)
        least = self._limit * _LEAST_FILL
        borders = (cut for _, cut in sorted(self._cuts.items()) if cut.used >= least)
        cut = next(borders, None) or self._cut_line(line)
        piece = self._piece_until(cut)
        self._source = self._source[cut.pos :]
        self._lead = cut.lead
        self._block = cut.block
        self._head = self._head_of_next() + cut.lead
        self._used = self._size(self._head) - self._size(cut.lead)
        self._line_at = 0
        self._cuts = {}
        return piece

    def _piece_until(self, cut: _Cut) -> Piece:
        source = self._source[: cut.pos]
        if cut.block.fence is None:
            return Piece(self._head, source, "")
        line_end = "" if source.endswith("\n") else "\n"
        return Piece(self._head, source, line_end + cut.block.fence.closer)

    def _head_of_next(self) -> str:
        fence, table = self._block.fence, self._block.table
        if fence is not None:
            return self._if_short(fence.opener()) or fence.opener(with_info=False)
        if table is not None and split_quote(self._source)[1].startswith("|"):
            return self._if_short(table.head)
        return ""

    def _if_short(self, head: str) -> str:
        return head if self._size(head) <= self._limit // 3 else ""

    def _cut_line(self, line: str) -> _Cut:
        """A cut inside a line that no border before it could save."""
        inside = in_fence(self._block, line)
        fence = self._block.fence if inside else maybe_fence(self._block, line)
        before = "" if self._line_at else self._lead
        room = self._limit - self._used - self._size(before)
        if fence is not None:
            room -= self._size("\n" + fence.closer)
        rest = line[len(before) :]
        length = cut_in_line(rest, self._longest(rest, room), in_code=fence is not None)
        if not inside:
            fence = next_block(self._block, before + rest[:length]).fence
        lead = fence.lead if fence else split_quote(line)[0]
        lead = lead if len(lead) <= FENCE_MAX_LEAD else ""
        block = Block(fence, None, self._block.offsets, lead.count(">"), after_blank=False)
        return _Cut(self._line_at + length, self._used, block, lead)

    def _longest(self, line: str, room: int) -> int:
        """How many characters of `line` have a size <= room; at least one."""
        low, high = 1, max(1, min(len(line), room))
        while low < high:
            middle = (low + high + 1) // 2
            if self._size(line[:middle]) <= room:
                low = middle
            else:
                high = middle - 1
        return low


def _kind_of_border(block: Block, line: str) -> int:
    """How good a cut before `line` is; judged by its indentation and first visible character."""
    if in_fence(block, line):
        return _CODE_LINE
    body = line.lstrip(" \t")
    if len(line) - len(body) >= 4 or _tears_table_head(block, split_quote(line)[1].lstrip()):
        return _INSIDE
    if block.after_blank or body[:1] == "#":
        return _PARAGRAPH
    return _ITEM if body[:1] in "-+*" or body[:1].isdigit() else _LINE


def _tears_table_head(block: Block, body: str) -> bool:
    if not body.startswith("|"):
        return False
    return bool(block.row_above) or (block.table is not None and block.table.rows == 0)


def cut_in_line(line: str, longest: int, *, in_code: bool) -> int:
    """Where to cut `line`, at most `longest` characters in: behind a space if there is one.

    Looks at no character behind `longest` but white space, which in a text goes with the first
    part whatever its length. What follows the cut never begins with a sign that would open a
    block of its own, and no visible character is torn.
    """
    if not in_code:
        after = line[longest:].lstrip()
        space = len(line) - longest - len(after)
        if after and space and after[0] not in _OPENS_BLOCK:
            return longest + space
    for pos in range(min(longest, len(line) - 1), longest // 2, -1):
        if line[pos - 1].isspace() and _may_begin_line(line[pos]):
            return pos
    for pos in range(min(longest, len(line) - 1), max(0, longest - _BACK_OFF_CHARS), -1):
        if _may_begin_line(line[pos]) and is_boundary(line, pos):
            return pos
    return last_boundary(line, longest)


def _may_begin_line(char: str) -> bool:
    return char not in _OPENS_BLOCK and not char.isspace()
