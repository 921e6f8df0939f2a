"""What a reader of the stand-in sees, and questions asked there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from core.conversation import InboundMessage
    from tests.adapters.teams.conftest import Bot
    from tests.standins.teams import Message

PLACES = {"personal": "alice", "group": "Lunch", "channel": "General"}
SHELL = "…"


def words_of(message: Message) -> str:
    """Its text, or where it has none the words of its card."""
    return message.text or " ".join(card_words(message))


def card_words(message: Message) -> list[str]:
    return [found for card in message.cards for found in _texts(card["body"])]


def buttons_of(message: Message) -> list[dict[str, Any]]:
    """The actions of its cards."""
    return [
        action
        for card in message.cards
        for element in [*card["body"], card]
        for action in element.get("actions", ())
    ]


def _texts(elements: list[dict[str, Any]]) -> Iterator[str]:
    for element in elements:
        if isinstance(element.get("text"), str):
            yield element["text"]
        yield from _texts(element.get("items", []))


async def inbound(bot: Bot, where: str = "alice", text: str = "question") -> InboundMessage:
    """A question that nobody answers yet."""
    platform, bot.chatbot.platform = bot.chatbot.platform, None
    mention = "" if where in bot.teams.workspace.people else "@bot "
    asked = bot.teams.people.say("alice", where, mention + text)
    accepted = bot.chatbot.accepted
    found = await bot.teams.wait_for(
        lambda: next((one for one in accepted if one.ref.message_id == asked.id), None)
    )
    bot.chatbot.platform = platform
    return found


async def answered(bot: Bot, where: str = "alice") -> list[Message]:
    """Ask, wait for the end of the turn, and return the messages of the answer."""
    mention = "" if where in bot.teams.workspace.people else "@bot "
    before = len(bot.chatbot.turns)
    bot.teams.people.say("alice", where, f"{mention}question")
    await ended(bot, before)
    return bot.teams.answers(where)


async def until(condition: Callable[[], object]) -> None:
    """For what the stand-in does not hear of."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)


async def until_ready(bot: Bot) -> None:
    """Keys and token are there, and nothing more is fetched behind the test."""
    await until(lambda: not bot.channel._trouble)


async def ended(bot: Bot, before: int = 0) -> None:
    """Until a turn after so many others is over; raises what it raised."""
    turns = bot.chatbot.turns
    await bot.teams.wait_for(lambda: len(turns) > before)
    await asyncio.wait_for(turns[before], 10)
