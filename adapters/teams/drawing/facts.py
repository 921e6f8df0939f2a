"""Labels and values: tiles where values are short, one below the other where they are long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.teams.drawing.elements import EMPTY, small, text_block
from adapters.teams.drawing.limits import FACT_CHARS, FACTS_PER_SET
from adapters.teams.drawing.text import escape
from core.text.plain import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Json = dict[str, Any]
Pair = tuple[str, str]

TILES_FROM: Final = 4
TILES_IN_ROW: Final = 3
TILE_CHARS: Final = 24
"""A longer value would not fit into a third of a narrow card."""


def draw_facts(pairs: Sequence[Pair]) -> Iterator[Json]:
    shown = [(_plain(label), _plain(value)) for label, value in pairs]
    if len(shown) >= TILES_FROM and all(len(text) <= TILE_CHARS for pair in shown for text in pair):
        for at in range(0, len(shown), TILES_IN_ROW):
            yield _row(shown[at : at + TILES_IN_ROW])
        return
    for at in range(0, len(shown), FACTS_PER_SET):
        facts = [
            {"title": escape(label), "value": escape(value)}
            for label, value in shown[at : at + FACTS_PER_SET]
        ]
        yield {"type": "FactSet", "facts": facts}


def _row(pairs: Sequence[Pair]) -> Json:
    tiles = [_tile(label, value) for label, value in pairs]
    rest = [{"type": "Column", "width": "stretch", "items": []}] * (TILES_IN_ROW - len(tiles))
    return {"type": "ColumnSet", "columns": [*tiles, *rest]}


def _tile(label: str, value: str) -> Json:
    figure = text_block(escape(value)) | {"weight": "Bolder", "spacing": "None"}
    return {"type": "Column", "width": "stretch", "items": [small(escape(label)), figure]}


def _plain(text: str) -> str:
    return shorten(" ".join(text.split()), FACT_CHARS) or EMPTY
