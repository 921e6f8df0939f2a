"""The bot's own token: one for the process, fetched before it is needed."""

from __future__ import annotations

import asyncio
import hmac
import logging
import math
from typing import TYPE_CHECKING, Final

from adapters.teams.login import LoginRefused, LoginUnreachable, fetch_token

if TYPE_CHECKING:
    import aiohttp

    from adapters.teams.settings import TeamsSettings
    from core.ports import Clock

EARLY_S: Final = 300.0
"""Before its end, so that no call is made with a token that is over on arrival."""
SHORTEST_S: Final = 30.0
"""A token without a lifetime, or with a very short one, is used for so long."""

log = logging.getLogger(__name__)


class BotToken:
    """Raises LoginRefused, LoginUnreachable only when there is no token that is still good."""

    def __init__(
        self, settings: TeamsSettings, session: aiohttp.ClientSession, clock: Clock
    ) -> None:
        self._settings = settings
        self._session = session
        self._clock = clock
        self._lock = asyncio.Lock()
        self._value = ""
        self._renew_at = 0.0
        self._over_at = 0.0
        self._failed_at = -math.inf
        self._failure: Exception | None = None

    async def get(self) -> str:
        """Empty where nobody asks for one."""
        if self._settings.unauthenticated:
            return ""
        asked_at = self._clock.monotonic()
        if asked_at >= self._renew_at:
            async with self._lock:
                if self._failure is not None and self._failed_at > asked_at:
                    raise self._failure  # of the one request that all have waited for
                if self._clock.monotonic() >= self._renew_at:
                    await self._renew()
        return self._value

    def forget(self, value: str) -> None:
        """The Bot Connector did not take it."""
        if hmac.compare_digest(value.encode(), self._value.encode()):
            self._renew_at = self._over_at = 0.0

    async def _renew(self) -> None:
        settings = self._settings
        self._failure = None
        try:
            token = await fetch_token(
                self._session,
                settings.login_url.rstrip("/"),
                settings.login_tenant,
                settings.app_id,
                settings.app_password,
                settings.scope,
            )
        except (LoginUnreachable, LoginRefused) as failure:
            if self._clock.monotonic() >= self._over_at:
                self._failed_at, self._failure = self._clock.monotonic(), failure
                raise
            log.warning("the token for Teams cannot be renewed yet: %s", failure)
            self._renew_at = self._clock.monotonic() + SHORTEST_S
            return
        now = self._clock.monotonic()
        lasts_s = max(token.expires_in_s, SHORTEST_S)
        self._value = token.value
        self._over_at = now + lasts_s
        self._renew_at = now + max(lasts_s - EARLY_S, min(lasts_s, SHORTEST_S))
