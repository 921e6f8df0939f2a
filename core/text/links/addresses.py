"""Judges where a link leads: which addresses may be links, and which host they really reach."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote, urlsplit

from core.text.clean import clean_text

SCHEMES = frozenset({"http", "https", "mailto", "tel"})
"""All others lose the link: javascript:, data:, file:, slack:, vbscript: and whatever apps add."""

_SCHEME = re.compile(r"([^/?#]*):")
_BLANKS = re.compile(r"[\x00-\x20\x7f-\xa0]+")
_HOST = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]{0,30}):/*)?"
    r"(?P<user>[^\s/@]{1,200}@)?"
    r"(?P<host>(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?P<top>[^\W\d_]{2,24}|xn--[a-z0-9-]{1,59})"
    r"|\d{1,3}(?:\.\d{1,3}){3}|localhost)(?![\w-])"
    r"(?P<rest>[:/?#]\S*)?",
    re.IGNORECASE,
)
# A bare word with a dot names a host if it ends like one; `asyncio.sleep`, `README.md` and
# `Node.js` do not. Countries have two letters.
_ENDINGS = re.compile(
    "com|net|org|edu|gov|mil|int|info|biz|name|pro|app|dev|cloud|online|site|shop|store|tech|page|"
    "link|click|live|news|blog|web|xyz|top|bank|email|support|zip|mov|xn--.*"
)
_FILE_ENDINGS = frozenset({"cc", "cs", "go", "js", "md", "ml", "pl", "py", "rb", "rs", "sh", "ts"})


def may_be_link(address: str) -> bool:
    """Whether a link may lead there. `address` as the parser gives it, entities decoded."""
    plain = _BLANKS.sub("", unquote(address))
    scheme = _SCHEME.match(plain)
    if "\\" in plain:
        return False  # browsers read it as a slash
    return scheme is None or scheme.group(1).lower() in SCHEMES


def disguised_target(label: str, address: str) -> str:
    """The host (or mail address) to show beside a label that names another; else empty.

    A label that already ends with it in brackets hides nothing.
    """
    target, deceptive = _target(address)
    label = unicodedata.normalize("NFKC", clean_text(label)).strip()
    if not target or label.lower().endswith(f"({target})"):
        return ""
    named = _named_hosts(label)
    if deceptive or any(_ascii(host) != _bare(target) for host in named):
        return target
    return "" if all(host.isascii() for host in named) else target


def _target(address: str) -> tuple[str, bool]:
    """The host or mail address, and whether the address itself is made to mislead."""
    scheme, _, rest = address.partition(":")
    if scheme.lower() == "mailto":
        return unquote(rest.partition("?")[0]).strip().lower(), False
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return "unknown host", True
    return host, "@" in parts.netloc


def _named_hosts(label: str) -> list[str]:
    hosts = []
    for match in _HOST.finditer(label):
        if match.group("user") and not match.group("scheme"):
            hosts.append(match.group("user").lower() + match.group("host").lower())
        elif match.group("scheme") or match.group("rest") or _ends_like_host(match):
            hosts.append(_bare(match.group("host")))
    return hosts


def _ends_like_host(match: re.Match[str]) -> bool:
    host, top = match.group("host").lower(), (match.group("top") or "").lower()
    if not top or not top.isascii() or host.startswith("www.") or _ENDINGS.fullmatch(top):
        return True
    return len(top) == 2 and top not in _FILE_ENDINGS


def _bare(host: str) -> str:
    return host.lower().rstrip(".").removeprefix("www.")


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host
