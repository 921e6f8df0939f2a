"""Writes Markdown in Slack's own dialect, for the fields that know no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.text.links.rewriting import safe_links
from core.text.tree import TreeWriter, attribute, parse_tree, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.tree import SyntaxTreeNode

MARKS = {"strong": "*", "em": "_", "s": "~"}


def to_mrkdwn(markdown: str) -> str:
    """mrkdwn of the same look. Every sign that Slack would read as a mention or a link is escaped;
    links keep their target, tables become lines of a code block."""
    return _Mrkdwn().write(parse_tree(safe_links(markdown)))


def escape(text: str) -> str:
    """The three signs that mean something to Slack everywhere."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class _Mrkdwn(TreeWriter):
    def inline(self, node: SyntaxTreeNode) -> str:
        return _inline(node)

    def heading(self, node: SyntaxTreeNode) -> str:
        return f"*{escape(' '.join(map(text_of, node.children)))}*"

    def code(self, text: str) -> str:
        # Slack's code ends at the first three backticks, whatever their number.
        return f"```\n{escape(text.replace('```', chr(0x2032) * 3))}\n```"

    def table(self, rows: Sequence[Sequence[SyntaxTreeNode]]) -> str:
        words = [[" ".join(map(text_of, cell.children)) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*words, strict=False)]
        lines = (
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
            for row in words
        )
        return self.code("\n".join(lines))


def _inline(node: SyntaxTreeNode) -> str:
    if node.type in ("text", "text_special"):
        return escape(node.content)
    if node.type in ("softbreak", "hardbreak"):
        return "\n"
    if node.type == "code_inline":
        return f"`{escape(node.content.replace('`', chr(0x2032)))}`"
    inner = "".join(map(_inline, node.children))
    if node.type == "link":
        return _link(inner, attribute(node, "href"))
    if mark := MARKS.get(node.type):
        return f"{mark}{inner}{mark}" if inner.strip() else inner
    return inner


def _link(label: str, address: str) -> str:
    if not address.lower().startswith(("http://", "https://", "mailto:")):
        return label
    target = escape(address).replace("|", "%7C")
    return f"<{target}|{label.replace('|', '¦')}>" if label.strip() else f"<{target}>"
