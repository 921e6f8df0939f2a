"""Markdown as Teams shows it: the little that a card's text block knows, and whole messages.

What each of them knows: https://learn.microsoft.com/en-us/microsoftteams/platform/task-modules-and-cards/cards/cards-format
and https://learn.microsoft.com/en-us/microsoftteams/platform/bots/how-to/format-your-bot-messages
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from adapters.teams.drawing.message import MessageText
from core.text.links.rewriting import safe_links
from core.text.mentions import BREAK
from core.text.tree import TreeWriter, attribute, parse_tree, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.tree import SyntaxTreeNode

_MARKUP: Final = re.compile(
    r"""\\(?=[!-/:-@\[-`{-~]|$) | [`\[\]] | ~(?=~) | (?<!\s)\* | \*(?!\s)
    | (?<![^\W_])_ | _(?![^\W_]) | &(?=\#?\w{1,32};)""",
    re.VERBOSE | re.MULTILINE,
)
"""No more than must be: some mobile clients show the backslash."""
_LINE_START: Final = re.compile(
    r"^(\s*)(?:(>|(?:#{1,6}|[-+*])(?=\s|$)|[-=][-= \t]*$)|(\d{1,9})([.)])(?=\s|$))", re.MULTILINE
)
_TAG: Final = re.compile(r"<(?=[A-Za-z/!?@#])")
_NO_BREAK: Final = "\u00a0"


def to_card_text(markdown: str) -> str:
    """For text blocks and facts: bold, italic, links and lists; the rest becomes what looks
    alike. Lines end with an empty one, except in lists. No image and no mention comes out."""
    text = _CardText().write(parse_tree(safe_links(markdown)))
    # Brackets of plain words are escaped: one that is not begins a link, and `!` an image of it.
    return text.replace("![", f"!{BREAK}[")


def to_message_text(markdown: str, *, extended: bool = False) -> str:
    """A whole message with textFormat markdown, or extendedmarkdown where `extended`."""
    message = MessageText(extended=extended)
    return message.feed(markdown) + message.flush()


def escape(text: str) -> str:
    """Plain words for a text block: nothing in them is markup, a tag or a mention."""
    text = _TAG.sub(f"<{BREAK}", _MARKUP.sub(r"\\\g<0>", text))
    return _LINE_START.sub(_escape_start, text)


def _escape_start(match: re.Match[str]) -> str:
    space, sign, number, dot = match.groups()
    return f"{space}\\{sign}" if sign else f"{space}{number}\\{dot}"


class _CardText(TreeWriter):
    bullet = "- "

    def inline(self, node: SyntaxTreeNode) -> str:
        return _inline(node, strong=False).strip(" ")

    def heading(self, node: SyntaxTreeNode) -> str:
        return _strong(escape(" ".join(map(text_of, node.children))))

    def code(self, text: str) -> str:
        """A line for each, indented as written."""
        lines = (
            _NO_BREAK * (len(line) - len(line.lstrip())) + escape(line.strip())
            for line in text.expandtabs(4).split("\n")
        )
        return "\n\n".join(line or _NO_BREAK for line in lines) if text.strip() else ""

    def quote(self, text: str) -> str:
        return "\n\n".join(f"│ {part}" for part in text.split("\n\n") if part)

    def item(self, bullet: str, text: str) -> str:
        # An empty line would end the list, or indent what follows.
        return super().item(bullet, re.sub(r"\n{2,}", "\n", text))

    def table(self, rows: Sequence[Sequence[SyntaxTreeNode]]) -> str:
        return "\n\n".join(" · ".join(self.write(cell) or "—" for cell in row) for row in rows)


def _inline(node: SyntaxTreeNode, *, strong: bool) -> str:
    match node.type:
        case "text" | "text_special":
            return escape(node.content)
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n\n"
        case "code_inline":
            # Text blocks have no code: bold sets a command apart as well.
            words = escape(node.content.strip())
            return words if strong else _strong(words)
        case "strong":
            inner = "".join(_inline(child, strong=True) for child in node.children)
            return inner if strong else _strong(inner)
    inner = "".join(_inline(child, strong=strong) for child in node.children)
    match node.type:
        case "em":
            return f"_{inner}_" if _is_tight(inner) else inner
        case "link":
            return _link(inner, attribute(node, "href"))
        case _:
            return inner


def _strong(words: str) -> str:
    return f"**{words}**" if _is_tight(words) else words


def _is_tight(words: str) -> bool:
    """Marks bind to words only, and never across paragraphs."""
    return bool(words) and words == words.strip() and "\n" not in words


def _link(label: str, address: str) -> str:
    if not address.lower().startswith(("http://", "https://", "mailto:")):
        return label
    target = address.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
    return f"[{label if label.strip() else escape(target)}]({target.replace('<', '%3C')})"
