"""Draws a neutral document as Block Kit, within the limits of every block."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, assert_never

from adapters.slack.outbound.mrkdwn import escape, to_mrkdwn
from adapters.slack.web.limits import (
    ACTION_ELEMENTS,
    BLOCKS_PER_MESSAGE,
    BUTTON_CHARS,
    BUTTON_VALUE_CHARS,
    CHART_LABEL_CHARS,
    CHART_POINTS,
    CHART_TITLE_CHARS,
    CHARTS_PER_MESSAGE,
    CONTEXT_CHARS,
    FIELD_CHARS,
    HEADER_CHARS,
    SECTION_CHARS,
    SECTION_FIELDS,
    TABLE_CHARS,
    TABLE_COLUMNS,
    TABLE_ROWS,
    TABLES_PER_MESSAGE,
)
from core.document import Actions, Chart, Divider, Document, Facts, Note, Table, Text
from core.reports.bars import add_up
from core.reports.sparkline import sparkline
from core.text.split import split

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.document import Action, Block

Json = dict[str, Any]

COMMAND_ACTION: Final = "command"
"""The action id of a document's buttons, with their number behind it."""
EMPTY_CELL: Final = "—"
_NUMBER: Final = re.compile(r"[$€]?[-+]?[0-9][0-9.,]*\s?(?:%|s|ms)?")
TRUNCATED: Final = "… and more"


class Drawer:
    """Draws one message. `charts`: Slack takes data_visualization blocks; else lines of bars."""

    def __init__(self, *, charts: bool = True) -> None:
        self._charts_left = CHARTS_PER_MESSAGE if charts else 0
        self._tables_left = TABLES_PER_MESSAGE
        self._buttons = 0

    def draw(self, document: Document) -> list[Json]:
        blocks = [_header(document.title)] if document.title else []
        for block in document.blocks:
            blocks += self._draw_block(block)
        if len(blocks) > BLOCKS_PER_MESSAGE:
            blocks = [*blocks[: BLOCKS_PER_MESSAGE - 1], _context(TRUNCATED)]
        return blocks

    def _draw_block(self, block: Block) -> list[Json]:
        match block:
            case Text():
                return _sections(to_mrkdwn(block.markdown))
            case Facts():
                return _fields(block.pairs)
            case Table():
                return self._table(block)
            case Chart():
                return self._chart(block)
            case Divider():
                return [{"type": "divider"}]
            case Note():
                return [_context(to_mrkdwn(block.markdown))] if block.markdown.strip() else []
            case Actions():
                return self._actions(block.items)
            case _:
                assert_never(block)

    def _table(self, table: Table) -> list[Json]:
        characters = sum(len(cell) for row in (table.header, *table.rows) for cell in row)
        fits = (
            len(table.rows) < TABLE_ROWS
            and len(table.header) <= TABLE_COLUMNS
            and characters < TABLE_CHARS
        )
        if not (fits and self._tables_left and table.header):
            return _sections(_monospace(table))
        self._tables_left -= 1
        rows = [_cells(table.header), *(_cells(row) for row in table.rows)]
        columns = [[row[at] for row in table.rows] for at in range(len(table.header))]
        settings = [{"align": "right" if _is_numeric(cells) else "left"} for cells in columns]
        return [{"type": "table", "rows": rows, "column_settings": settings}]

    def _chart(self, chart: Chart) -> list[Json]:
        fewer = add_up(chart, CHART_POINTS)
        labels = [label[:CHART_LABEL_CHARS] or EMPTY_CELL for label in fewer.labels]
        points = len(fewer.values)
        drawable = 0 < points <= CHART_POINTS and len(set(labels)) == len(labels) == points
        if not (self._charts_left and drawable):
            return _sections(to_sparkline(chart))
        self._charts_left -= 1
        data = [
            {"label": label, "value": value}
            for label, value in zip(labels, fewer.values, strict=True)
        ]
        axis: Json = {"categories": labels}
        if chart.unit:
            axis["y_label"] = chart.unit[:CHART_TITLE_CHARS]
        name = (chart.unit or chart.title or "value")[:CHART_LABEL_CHARS]
        return [
            {
                "type": "data_visualization",
                "title": chart.title[:CHART_TITLE_CHARS] or EMPTY_CELL,
                "chart": {
                    "type": chart.kind,
                    "series": [{"name": name, "data": data}],
                    "axis_config": axis,
                },
            }
        ]

    def _actions(self, items: Sequence[Action]) -> list[Json]:
        elements = []
        for action in items[:ACTION_ELEMENTS]:
            self._buttons += 1
            element: Json = {
                "type": "button",
                "action_id": f"{COMMAND_ACTION}-{self._buttons}",
                "text": _plain(action.label, BUTTON_CHARS),
                "value": action.command[:BUTTON_VALUE_CHARS],
            }
            if action.style != "default":
                element["style"] = action.style
            elements.append(element)
        return [{"type": "actions", "elements": elements}] if elements else []


def draw(document: Document, *, charts: bool = True) -> list[Json]:
    return Drawer(charts=charts).draw(document)


def has_chart(document: Document) -> bool:
    return any(isinstance(block, Chart) for block in document.blocks)


def to_text(document: Document) -> str:
    """What a notification says: the title, else the first words."""
    if document.title:
        return document.title
    texts = (block.markdown for block in document.blocks if isinstance(block, Text | Note))
    return next((text for text in texts if text.strip()), EMPTY_CELL)


def to_sparkline(chart: Chart) -> str:
    """mrkdwn: one bar a value, then the ends of the scale."""
    title = f"*{escape(chart.title)}*\n" if chart.title else ""
    if not chart.values:
        return f"{title}{EMPTY_CELL}"
    top = max(chart.values)
    span = f"{chart.labels[0]} … {chart.labels[-1]}" if chart.labels else ""
    unit = f" {chart.unit}" if chart.unit else ""
    scale = f"{span}, highest {top:g}{unit}".lstrip(", ")
    return f"{title}`{sparkline(chart.values)}`\n{escape(scale)}"


def _header(title: str) -> Json:
    return {"type": "header", "text": _plain(title, HEADER_CHARS)}


def _plain(text: str, limit: int) -> Json:
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return {"type": "plain_text", "text": shown or EMPTY_CELL, "emoji": True}


def _sections(mrkdwn: str) -> list[Json]:
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": piece}}
        for piece in split(mrkdwn, SECTION_CHARS)
    ]


def _context(mrkdwn: str) -> Json:
    text = next(iter(split(mrkdwn, CONTEXT_CHARS)), EMPTY_CELL)
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def _fields(pairs: Sequence[tuple[str, str]]) -> list[Json]:
    fields = [
        {
            "type": "mrkdwn",
            "text": next(iter(split(f"*{escape(label)}*\n{escape(value)}", FIELD_CHARS))),
        }
        for label, value in pairs
    ]
    return [
        {"type": "section", "fields": fields[at : at + SECTION_FIELDS]}
        for at in range(0, len(fields), SECTION_FIELDS)
    ]


def _cells(row: Iterable[str]) -> list[Json]:
    return [{"type": "raw_text", "text": cell or EMPTY_CELL} for cell in row]


def _is_numeric(column: Iterable[str]) -> bool:
    filled = [cell for cell in column if cell.strip()]
    return bool(filled) and all(_NUMBER.fullmatch(cell) for cell in filled)


def _monospace(table: Table) -> str:
    """A code block with columns: for a table too large, or one too many, for Slack's own."""
    rows = [table.header, *table.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=False)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in rows
    ]
    text = "\n".join(lines).replace("```", "'''")
    return f"```\n{escape(text)}\n```"
