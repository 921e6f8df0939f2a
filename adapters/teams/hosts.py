"""Which addresses the bot's token may be sent to: Microsoft's own, and what a setting names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from adapters.wire.urls import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable

MICROSOFT: Final = frozenset(
    {
        "smba.trafficmanager.net",
        "smba.infra.gcc.teams.microsoft.com",
        "smba.infra.gov.teams.microsoft.us",
        "smba.infra.dod.teams.microsoft.us",
    }
)
_PLAIN: Final = re.compile(r"[A-Za-z0-9:/.%_~@?=&#+\[\]-]{1,500}")
MICROSOFT_SUFFIX: Final = ".botframework.com"


class ServiceHosts:
    """A service URL comes with each activity and is kept with each question: whoever could choose
    it would get the bot's token."""

    def __init__(self, extra: Iterable[str] = (), *, any_loopback: bool = False) -> None:
        """`extra` are `host` or `host:port`; plain http is for loopback alone."""
        self._extra = frozenset(entry.strip().lower() for entry in extra)
        self._any_loopback = any_loopback

    def allow(self, url: str) -> bool:
        if not _PLAIN.fullmatch(url):
            return False  # what one reader of addresses drops, another takes for a border
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            return False
        if parts.username is not None or parts.query or parts.fragment or not host:
            return False
        local = is_loopback(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            return False
        if self._any_loopback and local:
            return True
        if host in self._extra or f"{host}:{port}" in self._extra:
            return True
        own = host in MICROSOFT or host.endswith(MICROSOFT_SUFFIX)
        return own and parts.scheme == "https" and port in (None, 443)
