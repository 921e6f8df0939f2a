"""The keys that requests are verified with: when they are fetched, and what keeps them good."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from adapters.teams.inbound.keys import COOL_DOWN_S, LIFE_S, KeySet, KeysUnavailable
from adapters.wire.sessions import build_session
from tests.adapters.teams.conftest import running_bot
from tests.adapters.teams.eyes import until_ready
from tests.adapters.teams.requests import send, typed
from tests.fakes.clock import FakeClock
from tests.standins.teams import TeamsStandIn, faults
from tests.standins.teams.identity.keys import public

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.adapters.teams.conftest import Bot

OPENID = "/v1/.well-known/openidconfiguration"
KEYS = "/v1/.well-known/keys"


@asynccontextmanager
async def key_set(teams: TeamsStandIn, clock: FakeClock) -> AsyncIterator[KeySet]:
    async with build_session() as session:
        keys = KeySet(session, teams.metadata_url, clock)
        try:
            yield keys
        finally:
            await keys.close()


@pytest.fixture
async def teams() -> AsyncIterator[TeamsStandIn]:
    async with TeamsStandIn() as running:
        yield running


async def test_a_key_that_appears_is_good_at_once(bot: Bot) -> None:
    assert await send(bot, typed(bot)) == 200
    await bot.channel._clock.sleep(COOL_DOWN_S)
    bot.teams.roll_keys()
    assert await send(bot, typed(bot)) == 200
    old = bot.teams.token(key="key-1")
    assert await send(bot, typed(bot), [f"Bearer {old}"]) == 401


async def test_keys_are_fetched_once_for_many_and_then_kept(teams: TeamsStandIn) -> None:
    async with key_set(teams, FakeClock()) as keys:
        found = await asyncio.gather(*(keys.find("key-1") for _ in range(20)))
        assert all(found)
        assert teams.keys.fetched == [OPENID, KEYS]


async def test_strangers_cannot_make_us_fetch_all_the_time(teams: TeamsStandIn) -> None:
    clock = FakeClock()
    async with key_set(teams, clock) as keys:
        for number in range(50):
            assert await keys.find(f"who-{number}") is None
        assert len(teams.keys.fetched) == 2
        await clock.advance(COOL_DOWN_S)
        assert await keys.find("who") is None
        assert len(teams.keys.fetched) == 4


async def test_a_key_is_looked_after_once_a_day(teams: TeamsStandIn) -> None:
    clock = FakeClock()
    async with key_set(teams, clock) as keys:
        await keys.find("key-1")
        teams.roll_keys()
        await clock.advance(LIFE_S + 1)
        assert await keys.find("key-1") is not None
        assert await keys.find("key-2") is not None
        assert await keys.find("key-1") is None  # withdrawn
        assert len(teams.keys.fetched) == 4


async def test_an_old_key_is_good_while_it_is_looked_after(
    teams: TeamsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.teams.inbound.keys.COOL_DOWN_S", 0.0)
    clock = FakeClock()
    async with key_set(teams, clock) as keys:
        await keys.find("key-1")
        teams.faults.on("GET", OPENID, faults.black_hole(), times=None)
        await clock.advance(LIFE_S + 1)
        async with asyncio.timeout(0.5):
            assert all(await asyncio.gather(*(keys.find("key-1") for _ in range(20))))
            await teams.wait_for(lambda: len(teams.calls("GET", OPENID)) > 1)
            assert await keys.find("key-1") is not None
        assert len(teams.calls("GET", OPENID)) == 2
        async with asyncio.timeout(0.5):
            await keys.close()


async def test_what_is_known_stays_good_while_the_endpoint_is_down(teams: TeamsStandIn) -> None:
    clock = FakeClock()
    async with key_set(teams, clock) as keys:
        await keys.find("key-1")
        await teams.go_offline()
        await clock.advance(LIFE_S + 1)
        assert await keys.find("key-1") is not None
        assert await keys.find("key-2") is None


@pytest.mark.parametrize(
    "fault",
    [
        faults.http_status(503),
        faults.html(),
        faults.garbage(),
        faults.reset_before(),
        faults.Fault("list", 200, []),
        faults.Fault("no address", 200, {}),
        faults.Fault("address", 200, {"jwks_uri": 7}),
        faults.Fault("plain http", 200, {"jwks_uri": "http://evil.example/keys"}),
        faults.Fault("redirect", 302, {}, {"Location": "http://127.0.0.1:1/"}),
    ],
    ids=lambda fault: fault.name,
)
async def test_without_keys_nobody_is_let_in_until_there_are_some(
    teams: TeamsStandIn, fault: faults.Fault
) -> None:
    clock = FakeClock()
    # A GET whose connection is cut is asked once more by aiohttp itself.
    teams.faults.on("GET", OPENID, fault, times=2 if fault.reset else 1)
    async with key_set(teams, clock) as keys:
        for _ in range(3):
            with pytest.raises(KeysUnavailable):
                await keys.find("key-1")
        await clock.advance(COOL_DOWN_S)
        assert await keys.find("key-1") is not None


@pytest.mark.parametrize(
    "broken",
    [
        {"n": 7},
        {"n": "***"},
        {"e": None},
        {"n": ""},
        {"kty": "EC"},
        {"kid": 7},
        {"endorsements": "msteams"},
        {"endorsements": None},
    ],
    ids=str,
)
async def test_a_broken_key_is_no_reason_to_lose_the_others(
    teams: TeamsStandIn, broken: dict[str, Any]
) -> None:
    entry = public("other", ["msteams"]) | broken
    body = {"keys": ["odd", entry, public("good", ["msteams"])]}
    teams.faults.on("GET", KEYS, faults.Fault("keys", 200, body))
    async with key_set(teams, FakeClock()) as keys:
        assert await keys.find("good") is not None
        assert await keys.find("other") is None


async def test_a_slow_endpoint_is_given_up_and_keeps_nobody_out_who_is_known(
    teams: TeamsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.teams.inbound.keys.TIMEOUT_S", 0.05)
    clock = FakeClock()
    async with key_set(teams, clock) as keys:
        await keys.find("key-1")
        teams.faults.on("GET", OPENID, faults.black_hole(), times=None)
        await clock.advance(COOL_DOWN_S)
        stranger = asyncio.create_task(keys.find("who"))
        await teams.wait_for(lambda: len(teams.calls("GET", OPENID)) > 1)
        async with asyncio.timeout(0.02):
            assert await keys.find("key-1") is not None
        assert await stranger is None


async def test_over_http_it_is_503_until_the_endpoint_is_back() -> None:
    async with running_bot() as bot:
        token = [f"Bearer {bot.teams.token(key='key-7', kid='key-7')}"]
        bot.channel._keys._keys = None
        bot.channel._keys._tried_at = None
        rule = bot.teams.faults.on("GET", "/v1/*", faults.http_status(503), times=None)
        assert await send(bot, typed(bot), token) == 503
        assert await send(bot, typed(bot)) == 503
        rule.times = 0
        await bot.channel._clock.sleep(COOL_DOWN_S)
        assert await send(bot, typed(bot)) == 200
        assert await send(bot, typed(bot), token) == 401


async def test_the_channel_is_ready_when_keys_and_token_are_there() -> None:
    async with running_bot(settings={"login_url": "http://127.0.0.1:1"}) as bot:
        await bot.channel._clock.sleep(2)
        assert "no token" in await bot.channel.ready()
        assert bot.teams.app_id not in await bot.channel.ready()
    async with running_bot() as bot:
        await until_ready(bot)
        assert await bot.channel.ready() == ""
