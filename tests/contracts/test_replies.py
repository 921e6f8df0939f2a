"""What core relies on when it answers, on every platform."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.document import Document, Text
from core.draft import Draft, Ending
from core.errors import OwnershipLost
from tests.contracts.replies import PLATFORMS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.conversation import MessageRef
    from tests.contracts.replies import Screen

ANSWERED = Ending("answered", can_rate=True)


@pytest.fixture(params=PLATFORMS)
async def screen(request: pytest.FixtureRequest) -> AsyncIterator[Screen]:
    async with PLATFORMS[request.param]() as screen:
        yield screen


class Saved:
    def __init__(self) -> None:
        self.refs: list[MessageRef] = []

    async def __call__(self, ref: MessageRef) -> None:
        self.refs.append(ref)


def ended(text: str, ending: Ending = ANSWERED) -> Draft:
    draft = Draft()
    if text:
        draft.append(text)
    draft.end(ending)
    return draft


async def test_the_whole_text_is_shown_when_write_returns(screen: Screen) -> None:
    saved = Saved()
    draft = ended("The whole answer.")
    await screen.platform.replies.open(screen.queued()).write(draft, (), saved)
    assert list(screen.texts().values()) == ["The whole answer."]
    assert [ref.message_id for ref in saved.refs] == list(screen.texts())


async def test_text_is_shown_while_it_grows(screen: Screen) -> None:
    draft, saved = Draft(), Saved()
    reply = screen.platform.replies.open(screen.queued())
    writing = asyncio.create_task(reply.write(draft, (), saved))
    draft.append("First")
    async with asyncio.timeout(5):
        while draft.first_visible_at is None:  # noqa: ASYNC110 - a draft tells nobody of it
            await asyncio.sleep(0)
    assert list(screen.texts().values()) == ["First"]
    draft.append(" and last")
    draft.end(ANSWERED)
    await writing
    assert list(screen.texts().values()) == ["First and last"]


async def test_nothing_is_said_before_the_ref_is_saved(screen: Screen) -> None:
    async def lose(ref: MessageRef) -> None:
        raise OwnershipLost

    with pytest.raises(OwnershipLost):
        await screen.platform.replies.open(screen.queued()).write(ended("secret"), (), lose)
    assert all(text in ("", "…") for text in screen.texts().values())


async def test_messages_of_an_earlier_run_are_used_again(screen: Screen) -> None:
    first, later = Saved(), Saved()
    await screen.platform.replies.open(screen.queued()).write(ended("half"), (), first)
    again = screen.platform.replies.open(screen.queued(starts=2, recovered=True))
    await again.write(ended("The whole."), first.refs, later)
    assert later.refs == []
    assert list(screen.texts().values()) == ["The whole."]


async def test_a_cancelled_write_leaves_what_is_there(screen: Screen) -> None:
    draft, saved = Draft(), Saved()
    reply = screen.platform.replies.open(screen.queued())
    writing = asyncio.create_task(reply.write(draft, (), saved))
    draft.append("So far")
    async with asyncio.timeout(5):
        while draft.first_visible_at is None:  # noqa: ASYNC110 - a draft tells nobody of it
            await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert list(screen.texts().values()) == ["So far"]


async def test_a_report_is_one_message_and_replaces_the_one_of_before(screen: Screen) -> None:
    saved = Saved()
    document = Document("Numbers", (Text("42"),))
    await screen.platform.replies.open(screen.queued()).post(document, (), saved)
    assert len(screen.texts()) == len(saved.refs) == 1
    again = screen.platform.replies.open(screen.queued(starts=2))
    await again.post(document, saved.refs, saved)
    assert len(screen.texts()) == len(saved.refs) == 1
