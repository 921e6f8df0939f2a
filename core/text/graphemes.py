"""Where a text may be cut without tearing a visible character apart."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

ZWJ = "\u200d"
_ZWNJ = "\u200c"
_MARKS = frozenset({"Mn", "Me", "Mc"})
# A wall of combining marks is one character by the book; nobody sees it as one.
_LONGEST = 256


def is_boundary(text: str, pos: int) -> bool:
    """Whether a cut before `text[pos]` leaves both sides whole (Unicode annex 29, simplified).

    Looks at nothing behind `pos + 1`, so text that arrives later never changes the answer.
    Errs on the side of keeping together: whatever follows a zero-width joiner stays with it.
    """
    if not 0 < pos < len(text):
        return True
    left, right = text[pos - 1], text[pos]
    if left < "\u0300" and right < "\u0300":
        return not (left == "\r" and right == "\n")
    if left < " ":
        return True
    if _extends(right) or left == ZWJ:
        return False
    if _is_regional(left) and _is_regional(right):
        return _regionals_before(text, pos) % 2 == 0
    return not _joins_hangul(left, right)


def last_boundary(text: str, pos: int) -> int:
    """The last place <= pos where a cut is harmless; `pos` itself where there is none near."""
    for candidate in range(pos, max(0, pos - _LONGEST), -1):
        if is_boundary(text, candidate):
            return candidate
    return pos


def graphemes(text: str) -> Iterator[str]:
    start = 0
    for pos in range(1, len(text) + 1):
        if is_boundary(text, pos):
            yield text[start:pos]
            start = pos


def _extends(char: str) -> bool:
    code = ord(char)
    if code < 0x300:
        return False
    if 0x1F3FB <= code <= 0x1F3FF or 0xE0020 <= code <= 0xE007F:
        return True
    return char in (ZWJ, _ZWNJ, "\uff9e", "\uff9f") or unicodedata.category(char) in _MARKS


def _is_regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _regionals_before(text: str, pos: int) -> int:
    start = pos
    while start and _is_regional(text[start - 1]):
        start -= 1
    return pos - start


def _hangul(char: str) -> str:
    """The syllable type: L leading, V vowel, T trailing, A = LV, B = LVT, empty for others."""
    code = ord(char)
    if 0xAC00 <= code <= 0xD7A3:
        return "A" if (code - 0xAC00) % 28 == 0 else "B"
    if 0x1100 <= code <= 0x115F or 0xA960 <= code <= 0xA97C:
        return "L"
    if 0x1160 <= code <= 0x11A7 or 0xD7B0 <= code <= 0xD7C6:
        return "V"
    return "T" if 0x11A8 <= code <= 0x11FF or 0xD7CB <= code <= 0xD7FB else ""


_HANGUL_JOINS = {"L": "LVAB", "V": "VT", "A": "VT", "B": "T", "T": "T", "": ""}


def _joins_hangul(left: str, right: str) -> bool:
    kind = _hangul(right)
    return kind != "" and kind in _HANGUL_JOINS[_hangul(left)]
