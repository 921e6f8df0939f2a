"""A document as plain text: for a terminal, for copying, and where a platform draws nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from core.document import Actions, Block, Chart, Divider, Document, Facts, Note, Table, Text
from core.reports.sparkline import sparkline

if TYPE_CHECKING:
    from collections.abc import Sequence

DIVIDER = "-" * 20


def to_plain_text(document: Document) -> str:
    """Blocks with an empty line between; columns are aligned, buttons become what they type."""
    return "\n\n".join(filter(None, (document.title, *map(_to_text, document.blocks))))


def _to_text(block: Block) -> str:
    match block:
        case Text(markdown) | Note(markdown):
            return markdown
        case Facts(pairs):
            return _to_columns(pairs)
        case Table(header, rows):
            return _to_columns((header, *rows))
        case Chart():
            return _to_chart(block)
        case Divider():
            return DIVIDER
        case Actions(items):
            return "  ".join(f"[{item.label}: {item.command}]" for item in items)
        case _:
            assert_never(block)


def _to_columns(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in padded)


def _to_chart(chart: Chart) -> str:
    ends = f"{chart.labels[0]} … {chart.labels[-1]}" if chart.labels else ""
    return "\n".join(filter(None, (chart.title, sparkline(chart.values), ends)))
