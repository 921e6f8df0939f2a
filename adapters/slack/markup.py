"""Reads Slack's markup into plain Markdown: escapes, links, mentions, dates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.text.clean import clean_text

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN: Final = re.compile(r"<([^<>]*)>")
_USER: Final = re.compile(r"@([UW][A-Z0-9]+)(?:\|[^<>]*)?")


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person typed, as core reads it."""

    text: str
    mentions_bot: bool
    people: tuple[str, ...]
    """The ids of the others that it names."""
    mentions_others: bool
    """People, a group, or everybody."""


def read_text(text: str, bot_user: str, name_of: Callable[[str], str]) -> Typed:
    """The bot's own mention is taken out, other people's become @Name."""
    people: list[str] = []
    flags = {"bot": False, "others": False}

    def read_token(match: re.Match[str]) -> str:
        token = match.group(1)
        if user := _USER.fullmatch(token):
            if user[1] == bot_user:
                flags["bot"] = True
                return ""
            people.append(user[1])
            flags["others"] = True
            return "@" + name_of(user[1])
        if token.startswith("!") and not token.startswith("!date"):
            flags["others"] = True
        return read_reference(token)

    plain = _unescape(_TOKEN.sub(read_token, text))
    return Typed(clean_text(plain).strip(), flags["bot"], tuple(people), flags["others"])


def read_reference(token: str) -> str:
    """What stands between `<` and `>`, other than a person, as Markdown."""
    target, _, label = token.partition("|")
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!subteam^"):
        return label if label.startswith("@") else f"@{label or 'group'}"
    if target.startswith("!date^"):
        return label
    if target.startswith("!"):
        return f"@{label.lstrip('@') or target[1:]}"
    if not label or label == target:
        return target
    if target in (f"mailto:{label}", f"tel:{label}"):
        return label
    return f"[{label}]({target})"


def named_people(text: str) -> list[str]:
    """The ids of the people that a text names."""
    tokens = (_USER.fullmatch(token) for token in _TOKEN.findall(text))
    return [user[1] for user in tokens if user]


def mentions(text: str, bot_user: str) -> bool:
    return f"<@{bot_user}>" in text or f"<@{bot_user}|" in text


def _unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
