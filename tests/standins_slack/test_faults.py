"""Faults on request, as the real SDK sees them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from tests.standins.slack import faults
from tests.standins_slack.conftest import refused

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

    from tests.standins.slack import SlackStandIn


async def post(client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel="C0GENERAL", text="x")


def stored(slack: SlackStandIn) -> int:
    return len(slack.workspace.messages("C0GENERAL"))


@pytest.mark.parametrize("retry_after", ["1", "30", "soon", None])
async def test_a_limit_with_any_kind_of_retry_after(
    client: AsyncWebClient, slack: SlackStandIn, retry_after: str | None
) -> None:
    slack.faults.on("chat.postMessage", faults.rate_limited(retry_after))
    with pytest.raises(SlackApiError) as caught:
        await post(client)
    assert caught.value.response.headers.get("Retry-After") == retry_after
    assert stored(slack) == 0
    await post(client)
    assert stored(slack) == 1


@pytest.mark.parametrize(
    "fault", [faults.html(), faults.http_status(500), faults.http_status(503)], ids=str
)
async def test_an_answer_that_is_no_json(
    client: AsyncWebClient, slack: SlackStandIn, fault: faults.Fault
) -> None:
    slack.faults.on("chat.postMessage", fault)
    with pytest.raises(SlackApiError):
        await post(client)
    assert stored(slack) == 0


async def test_an_error_code(client: AsyncWebClient, slack: SlackStandIn) -> None:
    slack.faults.on("chat.*", faults.error("fatal_error"))
    assert await refused(client.chat_postMessage(channel="C0GENERAL", text="x")) == "fatal_error"


async def test_a_reset_before_the_call_stores_nothing(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    slack.faults.on("chat.postMessage", faults.reset_before())
    with pytest.raises(aiohttp.ClientError):
        await post(client)
    assert stored(slack) == 0


async def test_a_reset_after_the_call_has_stored_it(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    slack.faults.on("chat.postMessage", faults.reset_after())
    with pytest.raises(aiohttp.ClientError):
        await post(client)
    assert stored(slack) == 1
    [call] = slack.calls("chat.postMessage")
    assert (call.accepted, call.error) == (True, "reset_after")


@pytest.mark.parametrize("after", [False, True])
async def test_a_black_hole_answers_nothing(
    client: AsyncWebClient, slack: SlackStandIn, after: bool
) -> None:
    slack.faults.on("chat.postMessage", faults.black_hole(after=after))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(post(client), 0.1)
    assert stored(slack) == after


@pytest.mark.parametrize("after", [False, True])
async def test_a_late_answer_is_stored_early_or_late(
    client: AsyncWebClient, slack: SlackStandIn, after: bool
) -> None:
    slack.faults.on("chat.postMessage", faults.latency(0.3, after=after))
    call = asyncio.ensure_future(post(client))
    await slack.wait_for(lambda: slack.calls("chat.postMessage"))
    if after:
        await slack.wait_for(lambda: stored(slack))
    assert (stored(slack), call.done()) == (int(after), False)
    await call
    assert stored(slack) == 1


async def test_a_rule_strikes_when_it_should(client: AsyncWebClient, slack: SlackStandIn) -> None:
    slack.rates.enabled = False
    rule = slack.faults.on(
        "chat.postMessage",
        faults.error("internal_error"),
        times=None,
        skip=1,
        every=3,
        where=lambda args: args["channel"] == "C0GENERAL",
    )
    results = []
    for _ in range(8):
        await client.chat_postMessage(channel="C0RANDOM", text="x")
        try:
            await post(client)
        except SlackApiError:
            results.append("x")
        else:
            results.append(".")
    assert "".join(results) == ".x..x..x"
    assert rule.hits == 3
    slack.faults.clear()
    await post(client)


async def test_a_network_that_is_gone_refuses_and_comes_back(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    await post(client)
    await slack.go_offline()
    with pytest.raises(aiohttp.ClientError):
        await post(client)
    await slack.go_online()
    await post(client)
    assert stored(slack) == 2
