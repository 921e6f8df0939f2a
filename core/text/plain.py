"""Markdown as plain text: for notifications, previews and places that show no markup."""

from __future__ import annotations

from markdown_it.tree import SyntaxTreeNode

from core.text.graphemes import graphemes
from core.text.tree import attribute, parse_tree, text_of

ELLIPSIS = "…"


def to_plain(markdown: str) -> str:
    """The text without markup; links as `label (address)`, images as links, code unchanged.

    What it gives is text, not safe markup: a caller that puts it into a field with markup of its
    own escapes it there.
    """
    return _blocks(parse_tree(markdown))


def shorten(text: str, limit: int) -> str:
    """At most `limit` visible characters, cut behind a word where one ends near, with an ellipsis.

    limit 0 or less gives the empty text.
    """
    if limit <= 0:
        return ""
    if len(text) <= limit:
        return text
    kept: list[str] = []
    for grapheme in graphemes(text):
        kept.append(grapheme)
        if len(kept) > limit:
            return _end_with_ellipsis("".join(kept[: limit - 1]), kept[limit - 1])
    return text


def _end_with_ellipsis(text: str, following: str) -> str:
    if not following.isspace():
        head, space, last_word = text.rpartition(" ")
        if space and len(last_word) <= len(text) // 4:
            text = head
    return text.rstrip() + ELLIPSIS


def _blocks(node: SyntaxTreeNode, separator: str = "\n\n") -> str:
    texts = (_block(child) for child in node.children)
    return separator.join(text for text in texts if text)


def _block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "inline":
            return _inline(node)
        case "fence" | "code_block":
            return node.content.rstrip("\n")
        case "hr":
            return "---"
        case "bullet_list" | "ordered_list":
            return _list(node)
        case "blockquote":
            return _prefixed(_blocks(node), "> ", "> ")
        case "table":
            rows = (row for part in node.children for row in part.children)
            return "\n".join(" | ".join(_blocks(cell) for cell in row.children) for row in rows)
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


def _inline(node: SyntaxTreeNode) -> str:
    if node.type == "link":
        return _with_address("".join(map(_inline, node.children)), attribute(node, "href"))
    if node.type == "image":
        return _with_address(text_of(node), attribute(node, "src"))
    if not node.children:
        return text_of(node)
    return "".join(map(_inline, node.children))


def _with_address(label: str, address: str) -> str:
    shown = address.removeprefix("mailto:")
    if not label.strip():
        return shown
    return label if label in (address, shown) or not shown else f"{label} ({shown})"
