"""The keys that Teams signs with: fetched, kept for a day, fetched again when a new one appears."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import jwt

from adapters.teams.fields import dicts_field
from adapters.wire.bodies import read_answer
from adapters.wire.sessions import proxy_for
from adapters.wire.urls import is_loopback

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from core.ports import Clock

TIMEOUT_S: Final = 5.0
LIFE_S: Final = 24 * 3600.0
COOL_DOWN_S: Final = 10.0
"""Between two fetches, whatever strangers send: a key that was not there just now is none."""
FIRST_COOL_DOWN_S: Final = 1.0
"""While none are known: Teams gives a message up after a few tries within some seconds."""
CHANNEL: Final = "msteams"
KEYS_MAX: Final = 100
BODY_MAX_BYTES: Final = 1024 * 1024

log = logging.getLogger(__name__)


class KeysUnavailable(Exception):
    """No keys could ever be fetched: nothing can be verified yet."""


@dataclass(frozen=True, slots=True)
class _Keys:
    by_id: dict[str, RSAPublicKey]
    fetched_at: float


class KeySet:
    """Keeps the last good keys when a fetch fails. `close` at the end."""

    def __init__(self, session: aiohttp.ClientSession, openid_url: str, clock: Clock) -> None:
        self._session = session
        self._openid_url = openid_url
        self._clock = clock
        self._keys: _Keys | None = None
        self._tried_at: float | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, key_id: str) -> RSAPublicKey | None:
        """A key endorsed for Teams; None: there is none of that name. One that is known is there at
        once, and looked after behind it when it is old. Raises KeysUnavailable."""
        keys = self._keys
        if keys is not None and key_id in keys.by_id:
            if self._is_old(keys):
                self._refresh()
            return keys.by_id[key_id]
        if (fetching := self._refresh()) is not None:
            await asyncio.shield(fetching)  # others wait for it too
        if self._keys is None:
            raise KeysUnavailable
        return self._keys.by_id.get(key_id)

    async def close(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    def _refresh(self) -> asyncio.Task[None] | None:
        """The one fetch that runs; None: none does, as the newest was just now."""
        if self._fetching is not None and not self._fetching.done():
            return self._fetching
        if self._is_cooling():
            return None
        self._tried_at = self._clock.monotonic()
        self._fetching = asyncio.create_task(self._fetch())
        return self._fetching

    def _is_old(self, keys: _Keys) -> bool:
        return self._clock.monotonic() - keys.fetched_at > LIFE_S

    def _is_cooling(self) -> bool:
        cool_down_s = COOL_DOWN_S if self._keys else FIRST_COOL_DOWN_S
        tried_at = self._tried_at
        return tried_at is not None and self._clock.monotonic() - tried_at < cool_down_s

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                address = await self._get(self._openid_url)
                found = await self._get(_keys_address(address, self._openid_url))
            keys = _read_keys(found)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            log.warning("the keys of Teams cannot be fetched: %s", type(error).__name__)
            return
        self._keys = _Keys(keys, self._clock.monotonic())

    async def _get(self, url: str) -> dict[str, Any]:
        async with self._session.get(url, allow_redirects=False, proxy=proxy_for(url)) as response:
            response.raise_for_status()
            return _parse(await read_answer(response, BODY_MAX_BYTES))


def _parse(body: bytes) -> dict[str, Any]:
    data = json.loads(body)
    if not isinstance(data, dict):
        raise ValueError("not an object")
    return data


def _keys_address(metadata: dict[str, Any], openid_url: str) -> str:
    """https as everywhere; loopback may point at loopback."""
    address = metadata.get("jwks_uri")
    if not isinstance(address, str):
        raise ValueError("no jwks_uri")
    is_local = is_loopback(address) and is_loopback(openid_url)
    if not address.startswith("https://") and not is_local:
        raise ValueError("jwks_uri is not https")
    return address


def _read_keys(data: dict[str, Any]) -> dict[str, RSAPublicKey]:
    """RSA keys with Teams' endorsement, by their id; others are left out."""
    found: dict[str, RSAPublicKey] = {}
    for entry in dicts_field(data, "keys")[:KEYS_MAX]:
        key_id, endorsements = entry.get("kid"), entry.get("endorsements")
        if entry.get("kty") != "RSA" or not isinstance(key_id, str):
            continue
        if isinstance(endorsements, list) and CHANNEL in endorsements:
            # A broken entry is no reason to lose the others.
            with contextlib.suppress(jwt.PyJWTError, ValueError, TypeError, AttributeError):
                found[key_id] = jwt.PyJWK.from_dict(entry, algorithm="RS256").key
    if not found:
        raise ValueError("no key is endorsed for Teams")
    return found
