from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from adapters.teams.login import LoginRefused, LoginUnreachable, Token, fetch_token
from adapters.teams.settings import DEFAULT_SCOPE
from adapters.wire.sessions import build_session
from tests.adapters.teams.token_endpoint import APP_ID, SECRET, TENANT, TokenEndpoint, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import aiohttp


@pytest.fixture
async def endpoint() -> AsyncIterator[TokenEndpoint]:
    async with TokenEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    session = build_session()
    yield session
    await session.close()


async def test_the_right_credentials_give_a_token(
    session: aiohttp.ClientSession, endpoint: TokenEndpoint
) -> None:
    token = await fetch_token(session, endpoint.url, TENANT, APP_ID, SECRET)
    assert token == Token("a-token", 3599)
    assert "a-token" not in repr(token)
    assert endpoint.asked == [
        {
            "tenant": TENANT,
            "grant_type": "client_credentials",
            "client_id": APP_ID,
            "client_secret": SECRET,
            "scope": DEFAULT_SCOPE,
        }
    ]


@pytest.mark.parametrize(
    ("tenant", "app_id", "password", "code", "word"),
    [
        ("33333333-1111-4111-8111-111111111111", APP_ID, SECRET, 90002, "no such tenant"),
        (TENANT, "33333333-2222-4222-8222-222222222222", SECRET, 700016, "does not exist"),
        (TENANT, APP_ID, "other", 7000215, "not its Secret ID"),
    ],
)
async def test_a_refusal_is_explained_without_the_values(
    session: aiohttp.ClientSession,
    endpoint: TokenEndpoint,
    tenant: str,
    app_id: str,
    password: str,
    code: int,
    word: str,
) -> None:
    with pytest.raises(LoginRefused) as refused:
        await fetch_token(session, endpoint.url, tenant, app_id, password)
    assert refused.value.code == code
    assert word in refused.value.advice
    assert not any(value in str(refused.value) for value in (tenant, app_id, SECRET, "Trace"))


@pytest.mark.parametrize(("code", "word"), [(7000222, "expired"), (1234567, "refuses")])
async def test_other_codes_are_refusals_too(
    session: aiohttp.ClientSession, endpoint: TokenEndpoint, code: int, word: str
) -> None:
    endpoint.instead = refusal(code)
    with pytest.raises(LoginRefused, match=f"AADSTS{code}.*{word}"):
        await fetch_token(session, endpoint.url, TENANT, APP_ID, SECRET)


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=503, text="busy"),
        web.Response(status=429, text="slow down"),
        web.Response(status=307, headers={"Location": "/elsewhere"}),
        web.Response(status=400, text="<html>a proxy's page</html>"),
        web.Response(status=200, text="[" * 100_000),
        web.json_response({"access_token": 5}),
        web.json_response({"access_token": ""}),
        refusal(90033, 400),
    ],
    ids=lambda answer: str(answer.status),
)
async def test_what_says_nothing_about_the_credentials_may_be_tried_again(
    session: aiohttp.ClientSession, endpoint: TokenEndpoint, answer: web.Response
) -> None:
    endpoint.instead = answer
    with pytest.raises(LoginUnreachable):
        await fetch_token(session, endpoint.url, TENANT, APP_ID, SECRET)


async def test_nobody_there_is_unreachable(session: aiohttp.ClientSession) -> None:
    async with TokenEndpoint() as endpoint:
        url = endpoint.url
    with pytest.raises(LoginUnreachable):
        await fetch_token(session, url, TENANT, APP_ID, SECRET)


@pytest.mark.parametrize(
    ("lifetime", "seconds"), [("3599", 3599), (None, 0), ("soon", 0), (-5, 0), ("inf", 0)]
)
async def test_a_strange_lifetime_makes_a_token_for_now_only(
    session: aiohttp.ClientSession, endpoint: TokenEndpoint, lifetime: object, seconds: float
) -> None:
    endpoint.instead = web.json_response({"access_token": "t", "expires_in": lifetime})
    token = await fetch_token(session, endpoint.url, TENANT, APP_ID, SECRET)
    assert token.expires_in_s == seconds


async def test_a_tenant_cannot_lead_to_another_path(
    session: aiohttp.ClientSession, endpoint: TokenEndpoint
) -> None:
    with pytest.raises(LoginRefused):
        await fetch_token(session, endpoint.url, "../x?y#z", APP_ID, SECRET)
    assert endpoint.asked[0]["tenant"] == "../x?y#z"
