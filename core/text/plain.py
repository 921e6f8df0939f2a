"""Markdown as plain text: for notifications, previews and places that show no markup."""

from __future__ import annotations

from markdown_it.tree import SyntaxTreeNode

from core.text.graphemes import graphemes
from core.text.tree import TreeWriter, attribute, parse_tree, text_of

ELLIPSIS = "…"


def to_plain(markdown: str) -> str:
    """The text without markup; links as `label (address)`, images as links, code unchanged.

    What it gives is text, not safe markup: a caller that puts it into a field with markup of its
    own escapes it there.
    """
    return _Plain().write(parse_tree(markdown))


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


class _Plain(TreeWriter):
    rule = "---"

    def inline(self, node: SyntaxTreeNode) -> str:
        return _inline(node)


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
