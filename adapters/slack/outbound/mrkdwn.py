"""Writes Markdown in Slack's own dialect, for the fields that know no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.text.links.rewriting import safe_links
from core.text.tree import attribute, parse_tree, text_of

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

MARKS = {"strong": "*", "em": "_", "s": "~"}


def to_mrkdwn(markdown: str) -> str:
    """mrkdwn of the same look. Every sign that Slack would read as a mention or a link is escaped;
    links keep their target, tables become lines of a code block."""
    return _blocks(parse_tree(safe_links(markdown)))


def escape(text: str) -> str:
    """The three signs that mean something to Slack everywhere."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _blocks(node: SyntaxTreeNode, separator: str = "\n\n") -> str:
    texts = (_block(child) for child in node.children)
    return separator.join(text for text in texts if text)


def _block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "inline":
            return _inline(node)
        case "heading":
            return f"*{escape(' '.join(text_of(child) for child in node.children))}*"
        case "fence" | "code_block":
            return _code(node.content.rstrip("\n"))
        case "hr":
            return "———"
        case "bullet_list" | "ordered_list":
            return _list(node)
        case "blockquote":
            return _prefixed(_blocks(node), "> ", "> ")
        case "table":
            return _table(node)
        case _:
            return _blocks(node)


def _list(node: SyntaxTreeNode) -> str:
    first = int(attribute(node, "start") or "1")
    items = []
    for number, item in enumerate(node.children, first):
        bullet = f"{number}. " if node.type == "ordered_list" else "• "
        items.append(_prefixed(_blocks(item, "\n"), bullet, " " * len(bullet)))
    return "\n".join(items)


def _prefixed(text: str, first: str, following: str) -> str:
    return first + text.replace("\n", "\n" + following)


def _table(node: SyntaxTreeNode) -> str:
    rows = [
        [" ".join(text_of(part) for part in cell.children) for cell in row.children]
        for section in node.children
        for row in section.children
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=False)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in rows
    )
    return _code("\n".join(lines))


def _code(text: str) -> str:
    # Slack's code ends at the first three backticks, whatever their number.
    return f"```\n{escape(text.replace('```', chr(0x2032) * 3))}\n```"


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
