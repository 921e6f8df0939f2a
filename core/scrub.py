"""Masks secrets in text that leaves for logs, files and traces.

Every pattern is bounded or possessive and starts at a word's beginning, so that hostile text takes
time in proportion to its length.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "[masked]"
SHORTEST_SECRET_CHARS = 6
"""A shorter value would be masked inside ordinary words, and protects nothing."""

# Where a key may begin: not inside a word (`task-`), but right after an escaped line break or a
# percent-encoded character, whose last letter is part of the escape.
_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f]{2}))"

_PATTERNS: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = tuple(
    (markers, re.compile(pattern), replacement)
    for markers, pattern, replacement in (
        # Provider and Langfuse keys: sk-..., sk-ant-..., sk-proj-..., pk-lf-..., sk-lf-...
        (("sk-", "pk-"), _START + r"[sp]k-[A-Za-z0-9_-]{8,}+", MASK),
        # Slack's tokens, rotated ones (xoxe.xoxb-...) included.
        (("xox", "xapp-"), _START + r"(?:xox[a-z]|xapp)[.-][A-Za-z0-9.-]{4,}+", MASK),
        (("AIza",), r"AIza[A-Za-z0-9_-]{10,}+", MASK),
        (
            ("eyJ",),
            r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{4,}+\.[A-Za-z0-9_-]{4,}+(?:\.[A-Za-z0-9_-]*+)?",
            MASK,
        ),
        (
            ("earer", "EARER", "asic "),
            _START + r"(?i:(bearer|basic)(?:\s|%20){1,4}+)[A-Za-z0-9._~+/=-]{8,}+",
            rf"\1 {MASK}",
        ),
        # Webhooks are keys: whoever knows the address may post.
        (
            ("hooks.slack", ".office", ".azure"),
            r"(?i:(hooks\.slack(?:-gov)?\.com|\.webhook\.office\.com|outlook\.office(?:365)?\.com"
            r"|\.logic\.azure\.com|\.api\.powerplatform\.com)(?::[0-9]{1,5})?)"
            r"[/%][^\s\"'<>)\]}]{1,}+",
            rf"\1/{MASK}",
        ),
        (
            ("=", "%3D", "%3d"),
            r"(?i:((?:[?&;]|%26|%3F)(?:[a-z]{1,16}[_-]){0,2}"
            r"(?:key|token|sig|signature|secret|password|code)(?:=|%3D)))(?!\[masked\])"
            r"[^&\s\"'<>#]{1,}+",
            rf"\1{MASK}",
        ),
        # name: value, as in settings, headers, JSON and keyword arguments.
        (
            ("=", ":"),
            r"(?i:((?:api[_-]?key|password|passwd|client[_-]secret"
            r"|signing[_-]secret|access[_-]token|app[_-]token|bot[_-]token|secret[_-]key)"
            r"[\"']?\s{0,3}[=:]\s{0,3}[\"']?))(?!\[masked\])[^\s\"'&,;)}\]]{4,}+",
            rf"\1{MASK}",
        ),
        # The part of an address before its host.
        (("://",), r"://[^\s/@:\"'<>]{0,128}+:[^\s/@\"'<>]{1,256}+@", f"://{MASK}@"),
        # E-mail addresses; Teams' ids of conversations only look like them.
        (
            ("@", "%40"),
            r"(?<![\w.+-])[\w.+-]{1,64}+(?:@|%40)(?!thread\.|unq\.gbl\.)"
            r"(?:[\w-]{1,63}+\.){1,8}+[^\W\d_]{2,24}+(?!\w)",
            MASK,
        ),
    )
)


class Scrubber:
    """Call it with text, get text without secrets: known shapes, and our own by their value."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """The values of loaded secrets; empty and very short ones are left out."""
        forms = {form for secret in secrets for form in _forms(secret)}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        self._own = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def __call__(self, text: str) -> str:
        if self._own is not None:
            text = self._own.sub(MASK, text)
        for markers, pattern, replacement in _PATTERNS:
            if any(marker in text for marker in markers):
                text = pattern.sub(replacement, text)
        return text


def _forms(secret: str) -> Iterator[str]:
    """A secret as it is written plainly, in a URL, in JSON and in a Python repr."""
    secret = secret.strip()
    if len(secret) >= SHORTEST_SECRET_CHARS:
        yield secret
        yield quote(secret, safe="")
        yield quote(secret)
        yield json.dumps(secret)[1:-1]
        yield json.dumps(secret, ensure_ascii=False)[1:-1]
        yield repr(secret)[1:-1]
