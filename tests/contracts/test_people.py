"""What core relies on when it asks for somebody's name: an answer waits for it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from core.conversation import Author
from tests.adapters.slack.conftest import running_bot
from tests.contracts.platforms import on_web
from tests.fakes.clock import LoopClock
from tests.fakes.platform import FakeChat
from tests.standins.slack import faults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from core.ports import People

    Case = tuple[People, str, str, Callable[[faults.Fault], object]]
    """Also somebody's id and name, and a way to break what is asked."""


@asynccontextmanager
async def on_fake() -> AsyncIterator[Case]:
    chat = FakeChat(LoopClock())
    chat.names["U1"] = "Ada"
    yield chat, "U1", "Ada", lambda _: chat.names.clear()


@asynccontextmanager
async def on_slack() -> AsyncIterator[Case]:
    async with running_bot(tiers=False, pacing="off") as bot:
        assert bot.channel.platform.people is not None
        person = bot.slack.workspace.people["U0BOB"]

        def hurt(fault: faults.Fault) -> None:
            bot.slack.faults.on("users.info", fault, times=None)

        yield bot.channel.platform.people, person.id, person.display_name, hurt


@pytest.fixture(params=[on_fake, on_slack])
async def case(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    async with request.param() as case:
        yield case


async def test_a_name_is_learned_and_the_person_stays_the_same(case: Case) -> None:
    people, user_id, name, _ = case
    assert await people.named(Author(user_id, user_id)) == Author(user_id, name)


@pytest.mark.parametrize("user_id", ["U0NOBODY", "", "\ud800", "a/b?c=\n"])
async def test_a_stranger_keeps_the_id(case: Case, user_id: str) -> None:
    assert (await case[0].named(Author(user_id, user_id))).user_id == user_id


@pytest.mark.parametrize(
    "fault",
    [faults.error("missing_scope"), faults.http_status(503), faults.html(), faults.black_hole()],
    ids=lambda fault: fault.name,
)
async def test_a_name_that_cannot_be_learned_costs_a_second_at_most(
    case: Case, fault: faults.Fault
) -> None:
    people, user_id, _, hurt = case
    hurt(fault)
    async with asyncio.timeout(2):
        assert await people.named(Author(user_id, user_id)) == Author(user_id, user_id)


async def test_messages_of_the_playground_come_with_the_right_names() -> None:
    async with on_web() as screen:
        assert screen.platform.people is None
        assert screen.question.author == Author("mira", "Mira Okafor")
