"""Rate limits, under a clock that the test pushes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from slack_sdk.errors import SlackApiError

from tests.standins.slack import SlackStandIn
from tests.standins.slack.api.rates import Rates
from tests.standins.slack.clock import StandInClock

if TYPE_CHECKING:
    import aiohttp
    from slack_sdk.web.async_client import AsyncWebClient


@pytest.mark.parametrize(
    ("method", "limit"),
    [
        ("chat.startStream", 20),
        ("chat.stopStream", 20),
        ("chat.appendStream", 100),
        ("chat.update", 50),
        ("chat.delete", 50),
        ("conversations.replies", 50),
        ("reactions.add", 50),
        ("users.info", 100),
        ("chat.postEphemeral", 100),
        ("views.publish", 100),
        ("apps.connections.open", 1),
        ("assistant.threads.setStatus", 60),
    ],
)
def test_a_minute_holds_so_many_calls_and_slides(method: str, limit: int) -> None:
    clock = StandInClock()
    rates = Rates(clock)
    assert [rates.admit(method, "C1") for _ in range(limit)] == [None] * limit
    assert rates.admit(method, "C1") == 60
    clock.advance(30)
    assert rates.admit(method, "C1") == 30
    clock.advance(30)
    assert rates.admit(method, "C1") is None


def test_posts_are_counted_for_each_channel_and_for_the_workspace() -> None:
    clock = StandInClock()
    rates = Rates(clock)

    def posted(channel: str, tries: int) -> int:
        return sum(rates.admit("chat.postMessage", channel) is None for _ in range(tries))

    assert posted("C1", 20) == 5
    assert posted("C2", 20) == 5
    assert sum(posted(f"D{number}", 5) for number in range(100)) == 290
    assert rates.admit("chat.postMessage", "D999") == 60


def test_a_channel_takes_a_post_a_second() -> None:
    clock = StandInClock()
    rates = Rates(clock)
    passed = 0
    for _ in range(120):
        passed += rates.admit("chat.postMessage", "C1") is None
        clock.advance(1)
    assert passed == 120
    for _ in range(5):
        rates.admit("chat.postMessage", "C1")
    assert rates.admit("chat.postMessage", "C1") is not None


async def test_too_many_calls_get_429_with_whole_seconds(
    client: AsyncWebClient, slack: SlackStandIn, session: aiohttp.ClientSession
) -> None:
    slack.rates.limits["users.info"] = 1
    await client.users_info(user="U0ALICE")
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    async with session.get(f"{slack.api_url}users.info?user=U0ALICE", headers=headers) as answer:
        assert answer.status == 429
        assert answer.headers["Retry-After"] == "60"
        assert await answer.json() == {"ok": False, "error": "ratelimited"}
    slack.clock.advance(61)
    assert (await client.users_info(user="U0ALICE"))["ok"]


async def test_twenty_posts_at_once_are_held_to_a_burst(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    async def post() -> bool:
        try:
            await client.chat_postMessage(channel="C0GENERAL", text="x")
        except SlackApiError:
            return False
        return True

    posted = await asyncio.gather(*(post() for _ in range(20)))
    assert sum(posted) == len(slack.workspace.messages("C0GENERAL")) == 5


async def test_limits_can_be_switched_off(session: Any) -> None:
    async with SlackStandIn(tiers=False) as slack:
        assert all(slack.rates.admit("chat.update", "C1") is None for _ in range(1000))


async def test_time_can_pass_faster() -> None:
    clock = StandInClock(scale=1000)
    await asyncio.wait_for(clock.sleep(60), 5)
    assert clock.monotonic() >= 60


async def test_a_push_wakes_who_sleeps() -> None:
    clock = StandInClock()
    sleeper = asyncio.ensure_future(clock.sleep(3600))
    await asyncio.sleep(0)
    clock.advance(3600)
    await asyncio.wait_for(sleeper, 5)
