"""Markdown to HTML that may be shown: the one place where the playground asks for it."""

from __future__ import annotations

from functools import lru_cache

from markdown_it import MarkdownIt

_PARSER = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(
    ["table", "strikethrough"]
)


@lru_cache(maxsize=1024)
def to_markup(text: str) -> str:
    return str(_PARSER.render(text))
