"""Markdown as HTML for the web playground: an allow-listed subset, whatever the input."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from core.text.links.rewriting import safe_links
from core.text.tree import build_parser

ALLOWED = {
    "a": {"href", "rel", "target"},
    "code": {"class"},
    "ol": {"start"},
    "td": {"class"},
    "th": {"class"},
    **{
        tag: set[str]()
        for tag in (
            *("p", "br", "hr", "em", "strong", "s", "blockquote", "ul", "li", "pre"),
            *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr"),
        )
    },
}
"""Every tag that can occur, with its attributes."""

_LANGUAGE = re.compile(r"[A-Za-z0-9+#.-]{1,30}")
_ALIGNMENTS = {"text-align:left", "text-align:center", "text-align:right"}


def to_html(markdown: str) -> str:
    """HTML that may be set into a page as it is: no script, style, image or event attribute.

    Links open apart from the page and tell the target nothing; images are links.
    """
    return str(_PARSER.render(safe_links(markdown)))


class _Renderer(RendererHTML):
    """Writes no attribute that came from the text but a checked address and language."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        words = tokens[idx].info.split(maxsplit=1)
        language = _LANGUAGE.fullmatch(words[0]) if words else None
        tokens[idx].attrs = {}
        tokens[idx].info = language.group() if language else ""
        return super().fence(tokens, idx, options, env)

    def link_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        href = str(tokens[idx].attrs.get("href", ""))
        tokens[idx].attrs = {
            "href": href,
            "rel": "noopener noreferrer nofollow",
            "target": "_blank",
        }
        return self.renderToken(tokens, idx, options, env)

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        # safe_links leaves no image; should one come through, only its description is shown.
        return self.renderInlineAsText(tokens[idx].children, options, env)

    def td_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        style = str(tokens[idx].attrs.get("style", ""))
        side = style.removeprefix("text-align:") if style in _ALIGNMENTS else ""
        # A class, not a style: the page's content security policy allows no inline styles.
        tokens[idx].attrs = {"class": f"align-{side}"} if side else {}
        return self.renderToken(tokens, idx, options, env)

    th_open = td_open


_PARSER = build_parser()
_PARSER.renderer = _Renderer()
_PARSER.options["xhtmlOut"] = False
