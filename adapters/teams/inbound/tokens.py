"""Bearer tokens: read, checked against the key that signed them, and remembered while they hold."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import jwt

from adapters.teams.inbound.keys import KeysUnavailable
from adapters.wire.bodies import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from adapters.teams.inbound.keys import KeySet
    from adapters.teams.settings import TeamsSettings
    from core.ports import Clock

ALGORITHM: Final = "RS256"
LEEWAY_S: Final = 300
"""learn.microsoft.com, "Authenticate requests from the Connector": clocks may be so far apart."""
SERVICE_URL_CLAIM: Final = "serviceurl"
REMEMBERED_MAX: Final = 256


@dataclass(frozen=True, slots=True)
class _Verified:
    claims: Mapping[str, Any]
    key_id: str
    key: RSAPublicKey
    expires_at: float
    """Seconds since 1970, the leeway included."""


class Tokens:
    """Teams sends one token with everything it has to tell for about an hour, and to check a
    signature costs more than to read what it signs."""

    def __init__(self, settings: TeamsSettings, keys: KeySet, clock: Clock) -> None:
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._verified: dict[bytes, _Verified] = {}
        """By digest, the oldest first."""

    async def verify(self, token: str) -> Mapping[str, Any]:
        """Its claims. Raises Refused with 401; with 503 while no keys are known."""
        digest = sha256(token.encode(errors="surrogatepass")).digest()
        known = self._verified.get(digest)
        if known is not None and await self._holds(known):
            return known.claims
        key_id = _read_key_id(token)
        key = await self._find(key_id)
        if key is None:
            raise Refused(401, "signed with an unknown key")
        claims = self._decode(token, key)
        self._remember(digest, _Verified(claims, key_id, key, float(claims["exp"]) + LEEWAY_S))
        return claims

    async def _holds(self, known: _Verified) -> bool:
        """Not when it is over, or its key was withdrawn since."""
        if self._clock.now().timestamp() >= known.expires_at:
            return False
        return await self._find(known.key_id) is known.key

    async def _find(self, key_id: str) -> RSAPublicKey | None:
        try:
            return await self._keys.find(key_id)
        except KeysUnavailable as error:
            raise Refused(503, "the keys are not known yet") from error

    def _decode(self, token: str, key: RSAPublicKey) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=self._settings.app_id,
                issuer=self._settings.issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iss", "aud", SERVICE_URL_CLAIM]},
            )
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise Refused(401, "the token is not valid for us") from error
        return claims

    def _remember(self, digest: bytes, verified: _Verified) -> None:
        self._verified.pop(digest, None)
        while len(self._verified) >= REMEMBERED_MAX:
            del self._verified[next(iter(self._verified))]
        self._verified[digest] = verified


def _read_key_id(token: str) -> str:
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise Refused(401, "not a token") from error
    key_id = header.get("kid")
    if header.get("alg") != ALGORITHM or not isinstance(key_id, str):
        raise Refused(401, "an unexpected algorithm, or no key named")
    return key_id
