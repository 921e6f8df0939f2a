"""The channel's signing keys, their publication, and tokens of every kind, good and hostile."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from functools import lru_cache
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm
from jwt.utils import base64url_encode

Json = dict[str, Any]
ISSUER = "https://api.botframework.com"
LIFETIME_S = 3600
UNENDORSED = "unendorsed"
STRANGER = "stranger"


@lru_cache(maxsize=16)
def private_key(name: str) -> rsa.RSAPrivateKey:
    """Made once a process: it takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Keys:
    """`generation` is the current key's; older ones are no longer published."""

    def __init__(self, app_id: str, issuer: str = ISSUER) -> None:
        self.app_id = app_id
        self.issuer = issuer
        self.service_url = ""
        self.generation = 1
        self.fetched: list[str] = []
        """Paths of the documents that were asked for, in order."""

    @property
    def current(self) -> str:
        return f"key-{self.generation}"

    def roll(self) -> str:
        """From now on another key signs, and the old one is gone from the list."""
        self.generation += 1
        return self.current

    # --- publication ----------------------------------------------------------------------------

    async def metadata(self, request: web.Request) -> web.Response:
        self.fetched.append(request.path)
        return web.json_response(
            {
                "issuer": self.issuer,
                "authorization_endpoint": "https://invalid.botframework.com",
                "jwks_uri": str(request.url.origin()) + "/v1/.well-known/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            }
        )

    async def key_set(self, request: web.Request) -> web.Response:
        self.fetched.append(request.path)
        return web.json_response({"keys": self.published()})

    def published(self) -> list[Json]:
        return [public(self.current, ["msteams"]), public(UNENDORSED, ["webchat"])]

    # --- tokens ---------------------------------------------------------------------------------

    def claims(self, **changes: Any) -> Json:
        """What a genuine token says; a change to None takes the claim away."""
        now = int(time.time())
        genuine = {
            "serviceurl": self.service_url,
            "nbf": now,
            "exp": now + LIFETIME_S,
            "iss": self.issuer,
            "aud": self.app_id,
        }
        return {name: v for name, v in (genuine | changes).items() if v is not None}

    def sign(
        self, claims: Json, *, key: str | None = None, alg: str = "RS256", kid: str | None = None
    ) -> str:
        """`key`: a name; None is the current one, UNENDORSED one that is published for another
        channel, any other a stranger's. `alg` "none" and "HS256" (over the public key) are the
        known attacks. `kid` "" leaves the header out."""
        name = key or self.current
        headers = {"kid": name if kid is None else kid, "x5t": name}
        if kid == "":
            del headers["kid"]
        if alg == "none":
            return jwt.encode(claims, "", algorithm="none", headers=headers)
        if alg == "HS256":
            return confused(claims, headers, name)
        return jwt.encode(claims, private_key(name), algorithm=alg, headers=headers)

    def token(
        self, *, key: str | None = None, alg: str = "RS256", kid: str | None = None, **changes: Any
    ) -> str:
        """A genuine token with these claims changed."""
        return self.sign(self.claims(**changes), key=key, alg=alg, kid=kid)


def confused(claims: Json, headers: Json, name: str) -> str:
    """HS256 with the public key as the secret, by hand: PyJWT refuses to."""
    pem = (
        private_key(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    parts = [headers | {"alg": "HS256", "typ": "JWT"}, claims]
    signed = b".".join(base64url_encode(json.dumps(part).encode()) for part in parts)
    mac = hmac.new(pem, signed, hashlib.sha256).digest()
    return (signed + b"." + base64url_encode(mac)).decode()


def public(name: str, endorsements: list[str]) -> Json:
    key: Json = RSAAlgorithm.to_jwk(private_key(name).public_key(), as_dict=True)
    key.pop("key_ops", None)
    return key | {"use": "sig", "kid": name, "x5t": name, "endorsements": endorsements}
