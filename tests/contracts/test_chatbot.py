"""What channel adapters rely on, of the real desk and of the two that stand in for it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import pytest

from core.conversation import CommandCall, MessageRef, Reaction
from core.document import Document
from core.errors import NotStored
from core.people.access import Access
from core.ports import Acceptance, CommandSummary
from tests.adapters.chatbot import ScriptedChatbot
from tests.adapters.web.scripted_bot import build_bot
from tests.core.turns.making import ADA, NOON, THREAD, ask
from tests.core.turns.office import Office
from tests.fakes.clock import LoopClock
from tests.fakes.platform import FakeChat

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from core.ports import Chatbot

    Deed = Callable[[Chatbot], Awaitable[object]]

pytestmark = pytest.mark.looptime
UNKNOWN = MessageRef("fake", "T1", "C1", "unknown")
ODD = "\ud800" * 50


@asynccontextmanager
async def desk() -> AsyncIterator[Chatbot]:
    office = Office("Hello.")
    yield office.desk
    await office.workers.idle()


@asynccontextmanager
async def scripted_for_slack() -> AsyncIterator[Chatbot]:
    yield ScriptedChatbot()


@asynccontextmanager
async def scripted_for_web() -> AsyncIterator[Chatbot]:
    bot = build_bot(FakeChat(LoopClock()).platform, LoopClock())
    yield bot
    await bot.close()


@pytest.fixture(params=[desk, scripted_for_slack, scripted_for_web], ids=lambda one: one.__name__)
async def chatbot(request: pytest.FixtureRequest) -> AsyncIterator[Chatbot]:
    async with request.param() as chatbot:
        yield chatbot


async def test_a_delivery_is_taken_once(chatbot: Chatbot) -> None:
    assert await chatbot.accept(ask("Hi?")) == "accepted"
    assert await chatbot.accept(ask("Hi?")) == "duplicate"
    assert await chatbot.accept(ask("And?", n=2)) == "accepted"


@pytest.mark.parametrize("address", ["mention", "direct", "thread"])
@pytest.mark.parametrize("text", ["", "stats", "stop", "!reset now", ODD, "x" * 100_000])
async def test_every_message_ends_in_one_of_the_words_for_it(
    chatbot: Chatbot, text: str, address: str
) -> None:
    message = replace(ask(text), address=address)
    assert await chatbot.accept(message) in get_args(Acceptance)


async def test_what_concerns_an_unknown_message_is_harmless(chatbot: Chatbot) -> None:
    for emoji in ("+1", "octagonal_sign", "button:down", "eyes", ODD):
        for added in (True, False):
            assert await chatbot.react(Reaction(UNKNOWN, ADA, emoji, added, NOON)) is None
    assert await chatbot.edited(UNKNOWN, ODD) is None
    assert list(await chatbot.deleted(UNKNOWN)) == []


async def test_commands_are_listed_and_answered(chatbot: Chatbot) -> None:
    listed = chatbot.commands()
    assert all(isinstance(one, CommandSummary) and one.name and one.usage for one in listed)
    for name in (*(one.name for one in listed), "unknown", "", ODD):
        for arguments in ((), ("7d",), (ODD,) * 9):
            document = await chatbot.run(CommandCall(name, arguments, THREAD, ADA, from_slash=True))
            assert isinstance(document, Document)


async def test_nothing_is_stopped_where_nothing_runs_and_nothing_unknown_begins_again() -> None:
    for make in (desk, scripted_for_web):
        async with make() as chatbot:
            assert await chatbot.stop(THREAD, ADA) is False
            assert await chatbot.again(UNKNOWN, ADA, "click") is False


DEEDS: dict[str, Deed] = {
    "accept": lambda one: one.accept(ask("Hi?", n=9)),
    "rate": lambda one: one.react(Reaction(UNKNOWN, ADA, "+1", added=True, at=NOON)),
    "stop by emoji": lambda one: one.react(
        Reaction(UNKNOWN, ADA, "octagonal_sign", added=True, at=NOON)
    ),
    "stop": lambda one: one.stop(THREAD, ADA),
    "again": lambda one: one.again(UNKNOWN, ADA, "click"),
    "edited": lambda one: one.edited(UNKNOWN, "text"),
    "deleted": lambda one: one.deleted(UNKNOWN),
}


@pytest.mark.parametrize("deed", DEEDS)
async def test_what_could_not_be_stored_is_said_so_and_works_when_the_store_is_back(
    deed: str,
) -> None:
    office = Office("Hello.")
    office.store.broken = "no disk"
    with pytest.raises(NotStored):
        await DEEDS[deed](office.desk)
    office.store.broken = ""
    await DEEDS[deed](office.desk)
    await office.workers.idle()


async def test_a_command_is_answered_even_without_a_store() -> None:
    office = Office("Hello.")
    office.store.broken = "no disk"
    for summary in office.desk.commands():
        document = await office.desk.run(
            CommandCall(summary.name, (), THREAD, ADA, from_slash=True)
        )
        assert document.blocks


async def test_who_may_not_use_the_bot_is_told_and_nothing_else_happens() -> None:
    office = Office("Hello.", access=Access(users=["fake:T1:U9"]))
    assert await office.desk.accept(ask("Hi?")) == "not_allowed"
    assert await office.desk.again(UNKNOWN, ADA, "click") is False
    assert (await office.desk.run(CommandCall("ping", (), THREAD, ADA))).title != "Pong"
    await office.chat.until(lambda: office.chat.whispers)
    assert office.model.requests == []
