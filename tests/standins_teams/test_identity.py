"""Login at Entra ID, and the keys with which the channel signs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from botframework.connector.auth import EmulatorValidation
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.standins.teams import faults
from tests.standins.teams.identity.keys import STRANGER, UNENDORSED, private_key
from tests.standins_teams.conftest import code

if TYPE_CHECKING:
    import aiohttp

    from tests.standins.teams import TeamsStandIn
    from tests.standins_teams.conftest import Connector

Json = dict[str, Any]


async def login(
    teams: TeamsStandIn, session: aiohttp.ClientSession, tenant: str | None = None, **changes: Any
) -> tuple[int, Json]:
    form = {
        "grant_type": "client_credentials",
        "client_id": teams.app_id,
        "client_secret": teams.secret,
        "scope": "https://api.botframework.com/.default",
    } | changes
    form = {name: value for name, value in form.items() if value is not None}
    url = f"{teams.base_url}/{tenant or teams.tenant}/oauth2/v2.0/token"
    async with session.post(url, data=form) as response:
        return response.status, await response.json()


async def test_a_login_gives_a_token_that_runs_out(
    teams: TeamsStandIn, session: aiohttp.ClientSession, bot: Connector
) -> None:
    teams.login.expires_in_s = 60
    status, answer = await login(teams, session)
    assert (status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 60)
    bot.token = answer["access_token"]
    await bot.say("alice")
    teams.clock.advance(60)
    assert code(await bot.post("alice", {"type": "message", "text": "x"})) == (401, "Unauthorized")
    assert teams.login.calls == 1


@pytest.mark.parametrize(
    ("changes", "status", "error", "number"),
    [
        ({"client_secret": "guess"}, 401, "invalid_client", 7000215),
        ({"client_id": "somebody"}, 400, "unauthorized_client", 700016),
        ({"tenant": "elsewhere"}, 400, "invalid_request", 90002),
        ({"scope": "https://graph.microsoft.com/.default"}, 400, "invalid_scope", 1002012),
        ({"scope": None}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"resource": "x"}, 400, "invalid_request", 9002014),
    ],
)
async def test_a_wrong_login_is_refused_as_entra_does(
    teams: TeamsStandIn,
    session: aiohttp.ClientSession,
    changes: Json,
    status: int,
    error: str,
    number: int,
) -> None:
    seen, answer = await login(teams, session, **changes)
    assert (seen, answer["error"], answer["error_codes"]) == (status, error, [number])
    assert answer["error_description"].startswith(f"AADSTS{number}: ")


async def test_login_and_keys_can_fail(teams: TeamsStandIn, session: aiohttp.ClientSession) -> None:
    teams.faults.on("POST", "*/token", faults.http_status(500))
    async with session.post(f"{teams.base_url}/{teams.tenant}/oauth2/v2.0/token") as response:
        assert response.status == 500
    assert teams.login.calls == 0
    teams.faults.on("GET", "/v1/*", faults.garbage())
    async with session.get(teams.metadata_url) as response:
        with pytest.raises(ValueError, match="Expecting"):
            json.loads(await response.text())


async def test_keys_are_published_and_rolled(
    teams: TeamsStandIn, session: aiohttp.ClientSession
) -> None:
    async with session.get(teams.metadata_url) as response:
        metadata = await response.json()
    old = teams.token()
    teams.roll_keys()
    async with session.get(metadata["jwks_uri"]) as response:
        keys = {key["kid"]: key for key in (await response.json())["keys"]}
    assert len(teams.keys.fetched) == 2
    assert jwt.get_unverified_header(old)["kid"] not in keys
    kid = jwt.get_unverified_header(teams.token())["kid"]
    assert keys[kid]["endorsements"] == ["msteams"]
    jwt.decode(teams.token(), jwt.PyJWK(keys[kid]), algorithms=["RS256"], audience=teams.app_id)
    assert "msteams" not in keys[UNENDORSED]["endorsements"]


def test_hostile_tokens_are_what_they_say(teams: TeamsStandIn) -> None:
    now = time.time()
    plain = {"options": {"verify_signature": False}}
    assert jwt.decode(teams.token(aud="other"), **plain)["aud"] == "other"
    assert "serviceurl" not in jwt.decode(teams.token(serviceurl=None), **plain)
    assert jwt.decode(teams.token(exp=1), **plain)["exp"] == 1
    assert jwt.decode(teams.token(nbf=int(now) + 999), **plain)["nbf"] > now
    assert "kid" not in jwt.get_unverified_header(teams.token(kid=""))
    assert jwt.get_unverified_header(teams.token(alg="none"))["alg"] == "none"
    tenant = EmulatorValidation.TO_BOT_FROM_EMULATOR_TOKEN_VALIDATION_PARAMETERS.issuer[0]
    assert jwt.decode(teams.token(iss=tenant), **plain)["iss"] == tenant
    stranger = teams.token(key=STRANGER, kid=teams.keys.current)
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(
            stranger,
            private_key(teams.keys.current).public_key(),
            algorithms=["RS256"],
            audience=teams.app_id,
        )


def test_the_public_key_as_a_secret(teams: TeamsStandIn) -> None:
    signed, _, mac = teams.token(alg="HS256").rpartition(".")
    pem = private_key(teams.keys.current).public_key()
    secret = pem.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    expected = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(mac + "==") == expected
