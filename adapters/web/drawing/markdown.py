"""Markdown to HTML that may be shown: the one place where the playground asks for it."""

from __future__ import annotations

from functools import lru_cache

from core.text.html import to_html

KEPT_RENDERINGS = 1_024


@lru_cache(maxsize=KEPT_RENDERINGS)
def to_markup(text: str) -> str:
    return to_html(text)
