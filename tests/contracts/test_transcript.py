"""What core relies on when it reads what was said before a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import DeliveryError
from tests.contracts.platforms import PLATFORMS, UNREAD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.contracts.screen import Screen


async def texts(screen: Screen, since: str | None = None, limit: int = 50) -> list[str]:
    message = await screen.ask("and now?")
    return [one.text for one in await screen.platform.transcript.before(message, since, limit)]


@pytest.fixture(params=sorted(set(PLATFORMS) - UNREAD))
async def screen(request: pytest.FixtureRequest) -> AsyncIterator[Screen]:
    async with PLATFORMS[request.param]() as screen:
        yield screen


@pytest.fixture(params=sorted(UNREAD))
async def unread(request: pytest.FixtureRequest) -> AsyncIterator[Screen]:
    """Where what others said cannot be looked up."""
    async with PLATFORMS[request.param]() as screen:
        yield screen


@pytest.fixture
async def talk(screen: Screen) -> list[str]:
    """Ids of three messages by two people, with words of the bot among them."""
    ben, cleo = screen.people
    first = screen.say(ben, "one")
    await screen.answer("words of the bot")
    return [first, screen.say(cleo, "two"), screen.say(ben, "three")]


@pytest.mark.usefixtures("talk")
async def test_people_are_quoted_oldest_first_with_who_and_when(screen: Screen) -> None:
    message = await screen.ask("and now?")
    said = await screen.platform.transcript.before(message, None, 50)
    assert [one.text for one in said][-3:] == ["one", "two", "three"]
    ben, cleo = screen.people
    assert [one.author.user_id for one in said][-3:] == [ben, cleo, ben]
    assert [one.sent_at for one in said] == sorted(one.sent_at for one in said)
    assert all(one.sent_at.tzinfo and one.sent_at <= message.sent_at for one in said)


@pytest.mark.usefixtures("talk")
async def test_neither_the_bot_nor_the_question_nor_what_follows_is_quoted(screen: Screen) -> None:
    message = await screen.ask("and now?")
    screen.say(screen.people[0], "afterwards")
    said = await screen.platform.transcript.before(message, None, 50)
    found = " ".join(one.text for one in said)
    assert "words of the bot" not in found
    assert "and now?" not in found
    assert "afterwards" not in found


@pytest.mark.parametrize(("limit", "newest"), [(1, 1), (2, 2), (0, 0)])
@pytest.mark.usefixtures("talk")
async def test_the_newest_stay_within_the_limit(screen: Screen, limit: int, newest: int) -> None:
    assert await texts(screen, limit=limit) == ["one", "two", "three"][3 - newest :]


async def test_only_what_came_after_a_message_is_quoted(screen: Screen, talk: list[str]) -> None:
    assert await texts(screen, since=talk[0]) == ["two", "three"]
    assert await texts(screen, since=talk[2], limit=1) != ["three"]


async def test_a_deleted_message_is_not_quoted(screen: Screen, talk: list[str]) -> None:
    screen.erase(talk[1])
    screen.erase(screen.question.ref.message_id)
    assert await texts(screen) == ["one", "three"]


async def test_a_deleted_message_still_says_where_to_begin(screen: Screen, talk: list[str]) -> None:
    screen.erase(talk[1])
    assert (await texts(screen, since=talk[1]))[-1:] == ["three"]
    assert "one" not in await texts(screen, since=talk[1])


async def test_the_newest_of_a_very_long_thread_are_quoted(screen: Screen) -> None:
    for number in range(1_200):
        screen.say(screen.people[number % 2], f"m{number}")
    assert await texts(screen, limit=3) == ["m1197", "m1198", "m1199"]


async def test_a_thread_that_cannot_be_read_is_a_delivery_error(screen: Screen) -> None:
    message = await screen.ask("and now?")
    screen.refuse()
    if screen.platform.name == "web":
        assert await screen.platform.transcript.before(message, None, 5)  # held in memory
        return
    with pytest.raises(DeliveryError):
        await screen.platform.transcript.before(message, None, 5)


async def test_where_nothing_can_be_looked_up_nothing_is_quoted(unread: Screen) -> None:
    first = unread.say(unread.asker, "one")
    await unread.answer("words of the bot")
    assert await texts(unread) == await texts(unread, since=first) == []
    message = await unread.ask("and now?")
    unread.refuse()
    assert list(await unread.platform.transcript.before(message, None, 5)) == []
