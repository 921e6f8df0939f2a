"""How the text of a setting is read: lists, rates, times, secrets."""

from __future__ import annotations

import re
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _check_entries(entries: tuple[str, ...]) -> tuple[str, ...]:
    for entry in entries:
        if len(entry.split(":", 2)) != 3 or not all(entry.split(":", 2)):
            raise ValueError("write each entry as platform:workspace:id, like slack:T0123:U0456")
    return entries


def _check_rate(rate: str) -> str:
    if not re.fullmatch(r"0|[1-9][0-9]{0,5}/(second|minute|hour|day)", rate):
        raise ValueError("write it like 20/minute (second, minute, hour or day), or 0 for no limit")
    return rate


def _check_time(text: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError("write it as HH:MM, like 09:00")
    return text


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError):
        raise ValueError("no such time zone; write it like Europe/Berlin or UTC") from None
    return name


def _strip(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""A comma list."""
Entries = Annotated[Names, AfterValidator(_check_entries)]
Text = Annotated[str, BeforeValidator(_strip)]
Secret = Annotated[SecretStr, BeforeValidator(_strip)]
Rate = Annotated[str, AfterValidator(_check_rate)]
"""Like `20/minute`; 0 is no limit."""
TimeOfDay = Annotated[Text, AfterValidator(_check_time)]
Zone = Annotated[Text, AfterValidator(_check_zone)]
Port = Annotated[int, Field(ge=0, le=65535)]
NO_SECRET = SecretStr("")
