"""What may be stored and sent: text without broken code points, controls and hidden writing."""

from __future__ import annotations

import re
import unicodedata
from functools import partial

from core.text.graphemes import ZWJ, graphemes

NAME_MAX_CHARS = 80

_ZWNJ, _ZWSP = "\u200c", "\u200b"
_REPLACEMENT = "\ufffd"


def _chars(*ranges: tuple[int, int]) -> str:
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


# Never visible and needed by no script. Tags and variation selectors can spell out whole hidden
# messages; embeddings, overrides and isolates reorder what a reader sees ("Trojan Source").
_ALWAYS = _chars(
    (0x00, 0x08),
    (0x0B, 0x0C),
    (0x0E, 0x1F),
    (0x7F, 0x84),
    (0x86, 0x9F),
    (0xAD, 0xAD),  # soft hyphen
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x115F, 0x1160),  # Hangul fillers: letters that show nothing
    (0x17B4, 0x17B5),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0xFFFE, 0xFFFF),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE001F),
    (0xE0080, 0xE00FF),
    (0xE01F0, 0xE0FFF),
)
_TAGS = _chars((0xE0020, 0xE007F))
_SELECTORS = _chars((0x180B, 0x180D), (0x180F, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
_MARKS = "\u061c\u180e\u200b-\u200f"  # direction marks, joiners, zero-width space
_SURROGATES = _chars((0xD800, 0xDFFF))

_REMOVED = re.compile(f"[{_ALWAYS}]+")
_REMOVED_IN_PIECES = re.compile(f"[\r{_ALWAYS}{_TAGS}]+")
_OTHER_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
_SURROGATE = re.compile(f"[{_SURROGATES}]")
_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")
_HIDDEN_RUN = re.compile(f"[{_TAGS}{_SELECTORS}{_MARKS}]+")
_SUSPECT_ASCII = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_VISIBLE = re.compile(rf"[^\s{_ALWAYS}{_TAGS}{_SELECTORS}{_MARKS}\u2800]")
_DIRECTIONS = "\u061c\u200e\u200f"
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff]")
_SELECTOR = re.compile(f"[{_SELECTORS}]")
_NO_LETTER_SPACING = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df]")
# The only flags written with tags that vendors draw: of England, Scotland and Wales.
_TAG_FLAG = re.compile(
    "\U000e0067\U000e0062"  # gb
    "(?:\U000e0065\U000e006e\U000e0067"  # eng
    "|\U000e0073\U000e0063\U000e0074"  # sct
    "|\U000e0077\U000e006c\U000e0073)"  # wls
    "\U000e007f"
)
_MARKUP = re.compile(r"[<>\[\]{}|`*_~#@:\\\n\t]+")
_STACKABLE = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_STACKED_MARKS = re.compile(f"({_STACKABLE}{{4}}){_STACKABLE}+")


def clean_text(text: str) -> str:
    """Replaces lone surrogates by U+FFFD, unifies line ends and removes hidden writing.

    Joiners, direction marks and variation selectors stay, one at a time, where a script or an
    emoji needs them. Idempotent. Judges by the neighbours, so it needs the whole text: pieces
    of a stream go through `clean_delta`.
    """
    if text.isascii() and not _SUSPECT_ASCII.search(text):
        return text
    text = _LINE_ENDS.sub("\n", _repair_surrogates(text))
    text = _REMOVED.sub("", text)
    has_rtl = _RIGHT_TO_LEFT.search(text) is not None
    return _HIDDEN_RUN.sub(partial(_keep_needed, text, has_rtl), text)


def clean_delta(delta: str) -> str:
    """The part of `clean_text` that needs no neighbours: safe for any piece of a stream.

    The flags of England, Scotland and Wales lose their region: tags are never let through.
    """
    if delta.isascii() and not _SUSPECT_ASCII.search(delta):
        return delta
    delta = _OTHER_LINE_ENDS.sub("\n", _repair_surrogates(delta))
    return _REMOVED_IN_PIECES.sub("", delta)


def clean_name(name: str, fallback: str = "someone") -> str:
    """A display name on one line, without markup, at most NAME_MAX_CHARS, never empty."""
    name = unicodedata.normalize("NFC", clean_text(name))
    name = _STACKED_MARKS.sub(r"\1", _MARKUP.sub(" ", name))
    name = " ".join(name.split())
    kept = ""
    for grapheme in graphemes(name):
        if len(kept) + len(grapheme) > NAME_MAX_CHARS:
            break
        kept += grapheme
    kept = kept.strip()
    return fallback if is_blank(kept) else kept


def is_blank(text: str) -> bool:
    """Whether a reader would see nothing: white space and invisible characters only."""
    return _VISIBLE.search(text) is None


def _repair_surrogates(text: str) -> str:
    if not _SURROGATE.search(text):
        return text
    # Two halves that belong together become the character they mean.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _keep_needed(text: str, has_rtl: bool, run: re.Match[str]) -> str:
    """What of a run of hidden characters its neighbours need.

    Judged by the run and the visible characters around it alone: that makes it idempotent.
    """
    before = text[run.start() - 1] if run.start() else ""
    after = text[run.end()] if run.end() < len(text) else ""
    hidden = run.group()
    if before == "\U0001f3f4" and (flag := _TAG_FLAG.match(hidden)):
        return flag.group()
    selector = _needed_selector(before, hidden)
    mark = next((char for char in hidden if _is_needed_mark(before, char, after, has_rtl)), "")
    return selector + mark


def _needed_selector(before: str, hidden: str) -> str:
    found = _SELECTOR.search(hidden)
    if found is None or not before or before.isspace():
        return ""
    selector = found.group()
    if selector >= "\U000e0100":
        return selector if _is_ideograph(before) else ""
    if "\u180b" <= selector <= "\u180f":
        return selector if _is_mongolian(before) else ""
    if selector in "\ufe0e\ufe0f":
        return selector if before in "#*0123456789" or _is_symbol(before) else ""
    return selector if before > "\u007f" else ""


def _is_needed_mark(before: str, mark: str, after: str, has_rtl: bool) -> bool:
    if not before or not after:
        return False
    if mark in _DIRECTIONS:
        return has_rtl
    if mark == "\u180e":
        return _is_mongolian(before)
    if mark == _ZWSP:
        return bool(_NO_LETTER_SPACING.match(before) and _NO_LETTER_SPACING.match(after))
    if mark == ZWJ and _is_symbol(before) and _is_symbol(after):
        return True
    return mark in (ZWJ, _ZWNJ) and _is_joining(before) and (_is_joining(after) or mark == ZWJ)


def _is_joining(char: str) -> bool:
    """A letter or sign of a script beyond Latin, Greek and Cyrillic, which need no joiners."""
    return char >= "\u0590" and unicodedata.category(char)[0] in "LM"


def _is_ideograph(char: str) -> bool:
    return char >= "\u3400" and unicodedata.category(char) == "Lo"


def _is_mongolian(char: str) -> bool:
    return "\u1800" <= char <= "\u18af"


def _is_symbol(char: str) -> bool:
    return char > "\u007f" and unicodedata.category(char) in ("So", "Sm", "Sk", "Po", "Pd", "Cn")
