"""Reads what a person typed in Teams into plain Markdown: mentions, entities, odd spaces."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any, Final

from adapters.teams.fields import dict_field, text_field
from core.text.clean import clean_name, clean_text

Json = dict[str, Any]

_TAG: Final = re.compile(r"<at(?:\s[^<>]{0,200})?>([^<>]{0,200})</at>", re.IGNORECASE)
MENTIONS_MAX: Final = 100
_LINE: Final = re.compile(r"<br\s{0,4}/?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person typed, as core reads it."""

    text: str
    mentions_bot: bool
    mentions_others: bool


def read_text(text: str, mentions: list[Json], bot: str, bot_name: str) -> Typed:
    """The bot's own mention is taken out where it stands, other people's become @Name."""
    said = _LINE.sub("\n", text)
    mentions_bot = mentions_others = False
    for mention in mentions[:MENTIONS_MAX]:
        mentioned = dict_field(mention, "mentioned")
        if text_field(mentioned, "id") == bot:
            mentions_bot = True
            said = _take_out(said, text_field(mention, "text"), bot_name)
        else:
            mentions_others = True
    said = _TAG.sub(lambda tag: "@" + clean_name(html.unescape(tag[1])), said)
    plain = html.unescape(said).replace("\u00a0", " ")
    return Typed(clean_text(plain).strip(), mentions_bot, mentions_others)


def _take_out(said: str, tag: str, name: str) -> str:
    """Exactly the mention, once; where its text is not to be found, a tag of the same name."""
    if _TAG.fullmatch(tag) and tag in said:
        before, _, after = said.partition(tag)
    else:
        own = re.compile(rf"<at(?:\s[^<>]{{0,200}})?>{re.escape(name)}</at>", re.IGNORECASE)
        found = own.search(said) if name else None
        if found is None:
            return said
        before, after = said[: found.start()], said[found.end() :]
    if not before.strip():
        return after.lstrip(" \u00a0,:")
    return before.rstrip(" \u00a0") + " " + after.lstrip(" \u00a0")
