"""A neutral report: commands and notices return one, every platform draws it its own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph of Markdown."""

    markdown: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels and values, drawn side by side."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Plain-text cells; every row as long as `header`."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """One series over labelled steps; a text sparkline where the platform draws no charts.

    Bars are amounts: a platform adds neighbours up where it has no room for all of them."""

    title: str
    labels: tuple[str, ...]
    values: tuple[float, ...]
    kind: Literal["line", "bar"] = "bar"
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Divider:
    """A line between sections."""


@dataclass(frozen=True, slots=True)
class Note:
    """Small print, as Markdown."""

    markdown: str


@dataclass(frozen=True, slots=True)
class Action:
    """A button. Pressing it comes back as the command line in `command`, e.g. `stats 7d me`."""

    label: str
    command: str
    style: Literal["default", "primary", "danger"] = "default"


@dataclass(frozen=True, slots=True)
class Actions:
    """Buttons in a row."""

    items: tuple[Action, ...]


Block = Text | Facts | Table | Chart | Divider | Note | Actions


@dataclass(frozen=True, slots=True)
class Document:
    """A title (may be empty) and blocks, top to bottom."""

    title: str
    blocks: tuple[Block, ...]
