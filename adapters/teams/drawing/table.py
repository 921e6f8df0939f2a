"""A table of plain cells, shortened where it is too long, and a list for clients without tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from adapters.teams.drawing.elements import EMPTY, small, text_block
from adapters.teams.drawing.limits import CELL_CHARS, TABLE_COLUMNS
from adapters.teams.drawing.text import escape
from core.text.plain import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.document import Table

Json = dict[str, Any]

NARROWEST, WIDEST = 8, 24
"""Characters that a column counts as: its share of the width."""
MARGIN: Final = 4
"""Of a column with numbers, so that a narrow window does not break them."""
_NUMBER: Final = re.compile(r"[$€]?[-+]?[0-9][0-9.,]*[kMBT]?\s?(?:%|s|ms)?|unknown|n/a|free")


def draw_table(table: Table, most_rows: int) -> Iterator[Json]:
    """Without its last rows, and a line that tells how many those are, if it has more."""
    header = [_plain(cell) for cell in table.header[:TABLE_COLUMNS]]
    rows = [[_plain(cell) for cell in row[: len(header)]] for row in table.rows[:most_rows]]
    if header:
        yield _table(header, rows)
    if left := len(table.rows) - most_rows if len(table.rows) > most_rows else 0:
        yield small(f"… and {left:,} more")


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Json:
    columns = list(zip(*([header, *rows]), strict=False))
    return {
        "type": "Table",
        "columns": [_column(cells) for cells in columns],
        "rows": [_row(header, bold=True), *(_row(row) for row in rows)],
        "firstRowAsHeaders": True,
        "showGridLines": False,
        "spacing": "Medium",
        "fallback": _list(rows or [header]),
    }


def _column(cells: Sequence[str]) -> Json:
    width = max(map(len, cells))
    values = [cell for cell in cells[1:] if cell != EMPTY]
    if not values or not all(map(_NUMBER.fullmatch, values)):
        return {"width": min(max(width, NARROWEST), WIDEST)}
    return {"width": width + MARGIN, "horizontalCellContentAlignment": "Right"}


def _row(cells: Sequence[str], *, bold: bool = False) -> Json:
    return {"type": "TableRow", "cells": [_cell(cell, bold=bold) for cell in cells]}


def _cell(text: str, *, bold: bool) -> Json:
    block = text_block(escape(text)) | ({"weight": "Bolder"} if bold else {})
    return {"type": "TableCell", "items": [block]}


def _list(rows: Sequence[Sequence[str]]) -> Json:
    return text_block("\n".join(_item(*row) for row in rows))


def _item(name: str, *others: str) -> str:
    told = escape(" · ".join(others))
    return f"- **{escape(name)}**" + (f": {told}" if told else "")


def _plain(text: str) -> str:
    return shorten(" ".join(text.split()), CELL_CHARS) or EMPTY
