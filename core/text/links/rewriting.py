"""Makes the links of Markdown honest: no images, no dangerous addresses, no disguised hosts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, autolink, image, link
from markdown_it.token import Token

from core.text.links.addresses import disguised_target, may_be_link
from core.text.links.positions import Positions

# Text set free by one round can make new links with its surroundings. Who needs more rounds
# builds them on purpose, and gets a text without links.
_ROUNDS = 4
BREAK = "\u200b"
_NO_WORDS = "image"

_MAY_HOLD_LINK = re.compile(r"\][(\[:]|<[A-Za-z][^<>\s]*[:@]")
_JOINT = re.compile(r"\](?=[(\[:])|!(?=\[)|<(?=[A-Za-z])")


def safe_links(markdown: str) -> str:
    """Images become links; a link to a dangerous address becomes its label; a label that names
    another host than its target gets the real one behind it. All else stays as written.

    Follows the parsed tree, reference-style links included, so it needs the whole text.
    Costs two parses where links must change, one where they are fine, none without links.
    """
    if not _MAY_HOLD_LINK.search(markdown):
        return markdown
    text = markdown.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    for _ in range(_ROUNDS):
        safe = _rewrite(text)
        if safe == text:
            return text
        text = safe
    return without_links(text)


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Inline:
    """One parsed stretch of text and where its characters stand in the whole."""

    content: str
    offsets: Sequence[int]
    whole: str

    def source(self, start: int, end: int) -> str:
        text = self.whole[self.offsets[start] : self.offsets[end]]
        # Across lines the whole has quote marks and indentation between the words.
        return self.content[start:end].replace("\n", " ") if "\n" in text else text

    def edit(self, token: Token, text: str) -> _Edit:
        start, end = self.offsets[token.meta["start"]], self.offsets[token.meta["end"]]
        # `!` before a new link would make it an image again.
        guard = BREAK if self.whole[:start].endswith("!") and text.startswith("[") else ""
        return _Edit(start, end, guard + text)


def _rewrite(text: str) -> str:
    positions = Positions(text)
    edits: list[_Edit] = []
    above = ""
    for token in _PARSER.parse(text):
        if token.type == "definition" and not may_be_link(token.meta["url"]):
            edits.append(_whole_lines(token, positions, ""))
        elif token.type == "inline":
            edits.extend(_inline_edits(token, positions, text, in_cell=above in _CELLS))
        above = token.type
    return _apply(text, edits)


_CELLS = ("th_open", "td_open")


def _inline_edits(
    token: Token, positions: Positions, text: str, *, in_cell: bool
) -> Iterator[_Edit]:
    offsets = positions.of(token, in_cell=in_cell)
    children = token.children or []
    if not any(child.type in ("link_open", "image") for child in children):
        return
    if offsets:
        yield from _link_edits(children, _Inline(token.content, offsets, text))
    else:
        lines = _whole_lines(token, positions, "")
        yield _Edit(lines.start, lines.end, without_links(text[lines.start : lines.end]))


def _link_edits(children: Sequence[Token], inline: _Inline) -> Iterator[_Edit]:
    at = 0
    while at < len(children):
        token = children[at]
        if token.type == "image":
            yield inline.edit(token, _instead_of_image(token, inline))
        elif token.type == "link_open":
            end = _closing(children, at)
            changed = _instead_of_link(token, children[at + 1 : end], inline)
            if changed is not None:
                yield inline.edit(token, changed)
                at = end
        at += 1


def _closing(children: Sequence[Token], at: int) -> int:
    """Where the link opened at `at` ends; it may hold an autolink."""
    open_links = 0
    for index in range(at, len(children)):
        open_links += {"link_open": 1, "link_close": -1}.get(children[index].type, 0)
        if open_links == 0:
            return index
    return len(children)


def _instead_of_link(token: Token, inside: Sequence[Token], inline: _Inline) -> str | None:
    """What replaces the link; None: it is fine."""
    address, words = str(token.attrs["href"]), _words(inside)
    if token.markup == "autolink" or any(child.type == "image" for child in inside):
        label = _escape(words)
    else:
        label = inline.source(token.meta["start"] + 1, token.meta["label_end"])
    if not may_be_link(address):
        return label
    target = disguised_target(words, address)
    return _link(f"{label} ({_escape(target)})", address) if target else None


def _instead_of_image(token: Token, inline: _Inline) -> str:
    address, words = str(token.attrs["src"]), _words(token.children or [])
    start, label_end = token.meta["start"], token.meta["label_end"]
    label = inline.source(start + 2, label_end) if words.strip() else _NO_WORDS
    if token.meta["in_link"] or not may_be_link(address):
        return _escape(words) or _NO_WORDS
    target = disguised_target(words, address)
    if target:
        return _link(f"{label} ({_escape(target)})", address)
    return f"[{label}{inline.source(label_end, token.meta['end'])}"


def _link(label: str, address: str) -> str:
    return f"[{label}]({address.replace('(', '%28').replace(')', '%29')})"


def _words(tokens: Sequence[Token]) -> str:
    return "".join(
        _words(token.children) if token.children else _PLAIN_BREAKS.get(token.type, token.content)
        for token in tokens
    )


_PLAIN_BREAKS = {"softbreak": " ", "hardbreak": " "}


def _escape(words: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", words.replace("\n", " "))


def _whole_lines(token: Token, positions: Positions, text: str) -> _Edit:
    first, behind = token.map or (0, 0)
    return _Edit(positions.line_start(first), positions.line_start(behind), text)


def is_one_link(text: str) -> bool:
    """Whether `text` is a single inline link or image from its first to its last character."""
    tokens = _PARSER.parseInline(text)
    first = tokens[0].children[0] if tokens and tokens[0].children else None
    if first is None or first.type not in ("link_open", "image"):
        return False
    return bool(first.meta["start"] == 0 and first.meta["end"] == len(text))


def without_links(text: str) -> str:
    """Bluntly: what could join to a link or image is parted, in code too."""
    return _JOINT.sub(rf"\g<0>{BREAK}", text)


def _apply(text: str, edits: Sequence[_Edit]) -> str:
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802  # the parser's own name
        """Every address counts as a link here: what is not seen cannot be judged."""
        return True


_Rule = Callable[[StateInline, bool], bool]


def _noting_place(rule: _Rule, opener: str) -> _Rule:
    """`rule`, which also notes on its token where in the text it was found."""

    def noting(state: StateInline, silent: bool) -> bool:
        start, count = state.pos, len(state.tokens)
        if not rule(state, silent):
            return False
        if not silent:
            token = next(t for t in state.tokens[count:] if t.type in ("link_open", "image"))
            label_at = start + len(opener) - 1
            token.meta = {"start": start, "end": state.pos, "in_link": state.linkLevel > 0}
            if opener != "<":
                is_link = opener == "["
                end = state.md.helpers.parseLinkLabel(state, label_at, is_link)
                token.meta["label_end"] = end
        return True

    return noting


def _build_parser() -> MarkdownIt:
    options: dict[str, Any] = {"html": False, "inline_definitions": True}
    parser = _Parser("commonmark", options).enable(["table", "strikethrough"])
    parser.inline.ruler.at("link", _noting_place(link, "["))
    parser.inline.ruler.at("image", _noting_place(image, "!["))
    parser.inline.ruler.at("autolink", _noting_place(autolink, "<"))
    return parser


_PARSER = _build_parser()
