"""The bot's own token: fetched before it is needed, once for all who wait, again when refused."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from adapters.teams.login import LoginRefused, LoginUnreachable
from adapters.teams.outbound.token import EARLY_S, SHORTEST_S, BotToken
from adapters.wire.sessions import build_session
from core.errors import DeliveryError
from tests.adapters.teams.conftest import FastClock, running_bot, settings_of
from tests.adapters.teams.eyes import answered, until_ready
from tests.adapters.teams.scripts import said
from tests.fakes.clock import FakeClock
from tests.standins.teams import TeamsStandIn, faults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.ports import Clock

PATH = "/*/oauth2/v2.0/token"
LIFE_S = 3_599


@asynccontextmanager
async def bot_token(clock: Clock) -> AsyncIterator[tuple[TeamsStandIn, BotToken]]:
    async with TeamsStandIn() as teams, build_session() as session:
        yield teams, BotToken(settings_of(teams), session, clock)


async def test_one_request_serves_all_who_ask_and_all_who_come_later() -> None:
    async with bot_token(FakeClock()) as (teams, token):
        got = await asyncio.gather(*(token.get() for _ in range(50)))
        assert set(got) == {await token.get()}
        assert teams.login.calls == 1


async def test_it_is_renewed_before_it_is_over() -> None:
    clock = FakeClock()
    async with bot_token(clock) as (teams, token):
        first = await token.get()
        await clock.advance(LIFE_S - EARLY_S - 1)
        assert await token.get() == first
        await clock.advance(2)
        assert await token.get() != first
        assert teams.login.calls == 2


@pytest.mark.parametrize("fault", [faults.http_status(503), faults.error(400, "invalid_client")])
async def test_while_it_is_good_trouble_with_renewing_is_not_felt(fault: faults.Fault) -> None:
    clock = FakeClock()
    async with bot_token(clock) as (teams, token):
        first = await token.get()
        teams.faults.on("POST", PATH, fault, times=None)
        await clock.advance(LIFE_S - EARLY_S + 1)
        for _ in range(5):
            assert await token.get() == first
        assert len(teams.calls("POST")) == 2
        await clock.advance(SHORTEST_S)
        assert await token.get() == first
        assert len(teams.calls("POST")) == 3
        await clock.advance(EARLY_S)
        with pytest.raises((LoginUnreachable, LoginRefused)):
            await token.get()


async def test_a_token_that_lasts_no_time_is_not_asked_for_at_every_call() -> None:
    async with bot_token(FakeClock()) as (teams, token):
        teams.login.expires_in_s = 0
        await token.get()
        await token.get()
        assert teams.login.calls == 1


async def test_who_waits_for_a_request_that_fails_fails_with_it() -> None:
    async with bot_token(FastClock()) as (teams, token):
        slow = faults.Fault("slow", 503, {}, latency_s=0.1)
        teams.faults.on("POST", PATH, slow, times=None)
        failed = await asyncio.gather(*(token.get() for _ in range(20)), return_exceptions=True)
        assert all(isinstance(one, LoginUnreachable) for one in failed)
        assert len(teams.calls("POST")) == 1
        teams.faults.clear()
        assert await token.get()


async def test_only_the_token_that_was_refused_is_forgotten() -> None:
    async with bot_token(FakeClock()) as (teams, token):
        first = await token.get()
        token.forget("another")
        assert await token.get() == first
        token.forget("".join(first))
        second = await token.get()
        token.forget(first)
        assert await token.get() == second != first
        assert teams.login.calls == 2


@pytest.mark.parametrize("where", ["alice", "General"])
async def test_a_token_that_teams_refuses_is_fetched_anew_and_nobody_notices(where: str) -> None:
    async with running_bot() as bot:
        assert await answered(bot, where)
        calls = bot.teams.login.calls
        bot.teams.login.revoke_all()
        await answered(bot, where)
        assert said(bot.teams.answers(where)) == ["Hello."] * 2
        assert bot.teams.login.calls == calls + 1


async def test_a_refusal_that_a_new_token_does_not_cure_is_one() -> None:
    async with running_bot() as bot:
        bot.teams.faults.on("*", "/v3/*", faults.error(401, "Unauthorized"), times=None)
        with pytest.raises(DeliveryError):
            await answered(bot, "General")
        assert len([c for c in bot.teams.calls_made if c.path.startswith("/v3/")]) < 8


@pytest.mark.parametrize("where", ["alice", "General"])
async def test_an_answer_waits_a_moment_for_a_login_that_is_down(where: str) -> None:
    async with running_bot() as bot:
        await until_ready(bot)
        bot.channel.connector._token.forget(await bot.channel.connector._token.get())
        rule = bot.teams.faults.on("POST", PATH, faults.http_status(503), times=6)
        await answered(bot, where)
        assert said(bot.teams.answers(where)) == ["Hello."]
        assert rule.hits == 6


async def test_one_that_stays_down_is_trouble_that_passes_and_one_that_refuses_is_not() -> None:
    for fault, retryable in (
        (faults.http_status(503), True),
        (
            faults.Fault("refused", 401, {"error": "invalid_client", "error_codes": [7000215]}),
            False,
        ),
    ):
        async with running_bot() as bot:
            await until_ready(bot)
            bot.channel.connector._token.forget(await bot.channel.connector._token.get())
            bot.teams.faults.on("POST", PATH, fault, times=None)
            with pytest.raises(DeliveryError) as failure:
                await answered(bot, "General")
            assert failure.value.retryable is retryable, fault.name
            assert bot.teams.secret not in str(failure.value)
