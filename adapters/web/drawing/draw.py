"""Documents as HTML. Every text in them is escaped here; Markdown goes through its one door."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, assert_never

from adapters.web.drawing.chart import draw_chart
from adapters.web.drawing.markdown import to_markup
from core.document import Actions, Block, Chart, Divider, Document, Facts, Note, Table, Text

if TYPE_CHECKING:
    from collections.abc import Iterable


def draw(document: Document) -> str:
    title = f"<h3>{escape(document.title)}</h3>" if document.title else ""
    return title + "".join(map(_draw_block, document.blocks))


def _draw_block(block: Block) -> str:
    match block:
        case Text(markdown):
            return to_markup(markdown)
        case Note(markdown):
            return f'<div class="note">{to_markup(markdown)}</div>'
        case Facts(pairs):
            rows = (f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in pairs)
            return f'<dl class="facts">{"".join(rows)}</dl>'
        case Table(header, rows):
            return _draw_table(header, rows)
        case Chart():
            return draw_chart(block)
        case Divider():
            return "<hr>"
        case Actions(items):
            buttons = (
                f'<button type="button" class="act {item.style}" '
                f'data-command="{escape(item.command)}">{escape(item.label)}</button>'
                for item in items
            )
            return f'<div class="acts">{"".join(buttons)}</div>'
        case _:
            assert_never(block)


def _draw_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
