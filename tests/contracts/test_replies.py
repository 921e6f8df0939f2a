"""What core relies on when it answers, on every platform."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.document import Document, Text
from core.draft import Draft, Ending
from core.errors import DeliveryError, OwnershipLost
from core.lease import Lease
from tests.contracts.platforms import PLATFORMS
from tests.contracts.screen import queued
from tests.fakes.clock import FakeClock, settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.conversation import MessageRef
    from core.ports import Reply
    from tests.conftest import Count
    from tests.contracts.screen import Screen

ANSWERED = Ending("answered", can_rate=True)
STOPPED = Ending("stopped", Document("", (Text("Stopped."),)), can_retry=True)
WAITING = Ending(None, Document("", (Text("It waits."),)), can_cancel=True)
REPORT = Document("", (Text("42 requests"),))


class Saved(list["MessageRef"]):
    async def __call__(self, ref: MessageRef) -> None:
        self.append(ref)


def ended(text: str, ending: Ending = ANSWERED) -> Draft:
    draft = Draft()
    if text:
        draft.append(text)
    draft.end(ending)
    return draft


def open_reply(screen: Screen, turn_id: str = "turn", **changes: object) -> Reply:
    return screen.platform.replies.open(queued(screen, turn_id, **changes))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - neither a draft nor a reader tells of it
            await asyncio.sleep(0)


async def begun(screen: Screen, text: str, saved: Saved) -> tuple[Draft, asyncio.Task[None]]:
    """An answer that is being written, its first words on the screen."""
    draft = Draft()
    writing = asyncio.create_task(open_reply(screen).write(draft, (), saved))
    draft.append(text)
    await until(lambda: draft.first_visible_at is not None)
    return draft, writing


async def test_the_whole_text_is_shown_when_write_returns(screen: Screen) -> None:
    saved = Saved()
    await open_reply(screen).write(ended("The whole answer."), (), saved)
    assert list(screen.texts().values()) == ["The whole answer."]
    assert [ref.message_id for ref in saved] == list(screen.texts())


async def test_text_is_shown_while_it_grows(screen: Screen) -> None:
    draft, writing = await begun(screen, "First", Saved())
    assert list(screen.texts().values()) == ["First"]
    draft.append(" and last")
    draft.end(ANSWERED)
    await writing
    assert list(screen.texts().values()) == ["First and last"]


async def test_what_the_bot_does_is_shown_and_is_no_text(screen: Screen) -> None:
    draft = Draft()
    writing = asyncio.create_task(open_reply(screen).write(draft, (), Saved()))
    draft.show_status("Trying again in 2 s")
    shown = "Trying again in 2 s" if screen.shows_status else "…"
    await until(lambda: screen.status() == shown)
    assert all(text in ("", "…") for text in screen.texts().values())
    assert draft.first_visible_at is None
    draft.append("Here.")
    draft.end(ANSWERED)
    await writing
    assert list(screen.texts().values()) == ["Here."]


async def test_nothing_is_said_before_the_ref_is_saved(screen: Screen) -> None:
    async def lose(ref: MessageRef) -> None:
        raise OwnershipLost

    with pytest.raises(OwnershipLost):
        await open_reply(screen).write(ended("secret"), (), lose)
    with pytest.raises(OwnershipLost):
        await open_reply(screen, "other").post(REPORT, (), lose)
    assert all(text in ("", "…") for text in screen.texts().values())


async def test_messages_of_an_earlier_run_are_used_again(screen: Screen) -> None:
    first, later = Saved(), Saved()
    await open_reply(screen).write(ended("half"), (), first)
    await open_reply(screen, starts=2, recovered=True).write(ended("The whole."), first, later)
    assert later == []
    assert list(screen.texts().values()) == ["The whole."]


@pytest.mark.parametrize("method", ["write", "post"])
async def test_what_is_left_of_an_earlier_run_is_no_part_of_the_new(
    screen: Screen, method: str
) -> None:
    parts, later = Saved(), Saved()
    await open_reply(screen, "one").write(ended("stale words"), (), parts)
    await open_reply(screen, "two").write(ended("more stale words"), (), parts)
    assert len(set(parts)) == 2
    if method == "write":
        await open_reply(screen, "again").write(ended("42 requests"), parts, later)
    else:
        await open_reply(screen, "again").post(REPORT, parts, later)
    assert later == []
    assert screen.texts() == {parts[0].message_id: "42 requests"}


@pytest.mark.parametrize("method", ["write", "post"])
async def test_a_message_that_was_deleted_is_replaced_by_a_new_one(
    screen: Screen, method: str
) -> None:
    gone, fresh = Saved(), Saved()
    await open_reply(screen, "one").write(ended("half"), (), gone)
    screen.erase(gone[0].message_id)
    if method == "write":
        await open_reply(screen, "again").write(ended("42 requests"), gone, fresh)
    else:
        await open_reply(screen, "again").post(REPORT, gone, fresh)
    assert screen.texts() == {fresh[0].message_id: "42 requests"}


async def test_a_cancelled_write_leaves_what_is_there_to_the_next_run(screen: Screen) -> None:
    saved, later = Saved(), Saved()
    draft, writing = await begun(screen, "So far", saved)
    draft.append(", unseen")
    writing.cancel()
    async with asyncio.timeout(1):
        with pytest.raises(asyncio.CancelledError):
            await writing
    draft.append(" for good")
    draft.end(ANSWERED)
    await settle()
    assert list(screen.texts().values()) in (["So far"], ["So far, unseen"])
    await open_reply(screen, starts=2, recovered=True).write(ended("The whole."), saved, later)
    used = saved if screen.resumes_growing else later
    assert screen.texts() == {used[0].message_id: "The whole."}
    assert len(later) == (0 if screen.resumes_growing else 1)


@pytest.mark.parametrize(
    "ending",
    [
        Ending("answered", footer="m, 1 s", can_rate=True),
        Ending("failed", Document("", (Text("It broke."),)), can_retry=True),
        Ending("answered", Document("", (Text("Cut short."),)), can_rate=True, can_retry=True),
        Ending("refused", Document("", (Text("Too many."),))),
    ],
    ids=["footer", "retry", "both", "neither"],
)
@pytest.mark.parametrize("text", ["Half an answer", ""])
async def test_how_an_answer_ended_stands_below_it(
    screen: Screen, ending: Ending, text: str
) -> None:
    saved = Saved()
    await open_reply(screen).write(ended(text, ending), (), saved)
    below = screen.below(saved[-1].message_id)
    assert (below.can_rate, below.can_retry) == (ending.can_rate, ending.can_retry)
    said = ending.footer or next(b.markdown for b in ending.notice.blocks if isinstance(b, Text))  # type: ignore[union-attr]  # a footer or a notice
    assert said in below.words


async def test_a_question_that_waits_says_so_where_its_answer_will_stand(screen: Screen) -> None:
    saved, later = Saved(), Saved()
    await open_reply(screen).write(ended("", WAITING), (), saved)
    (waits,) = saved
    below = screen.below(waits.message_id)
    assert (below.can_rate, below.can_retry, below.can_cancel) == (False, False, True)
    assert "It waits." in below.words
    await open_reply(screen, told=True).write(ended("The answer."), saved, later)
    assert (screen.texts(), later) == ({waits.message_id: "The answer."}, [])
    below = screen.below(waits.message_id)
    assert (below.can_rate, below.can_cancel) == (True, False)
    assert "It waits." not in below.words


def renewed(clock: FakeClock) -> Lease:
    lease = Lease(clock, lease_s=10)
    lease.renew(clock.monotonic())
    return lease


@pytest.mark.parametrize("method", ["write", "post", "whisper"])
async def test_who_has_overslept_writes_nothing(screen: Screen, method: str) -> None:
    clock = FakeClock()
    lease, saved = renewed(clock), Saved()
    await clock.advance(11)
    writes = {
        "write": lambda: open_reply(screen).write(ended("Late."), (), saved),
        "post": lambda: open_reply(screen).post(REPORT, (), saved),
        "whisper": lambda: open_reply(screen).whisper(REPORT),
    }
    with lease.bounding(), pytest.raises(OwnershipLost):
        await writes[method]()
    assert (screen.texts(), screen.whispers(), saved) == ({}, [], [])


async def test_who_falls_asleep_in_an_answer_writes_nothing_more(screen: Screen) -> None:
    clock = FakeClock()
    lease = renewed(clock)
    with lease.bounding():
        draft, writing = await begun(screen, "First", Saved())
        await clock.advance(11)
        draft.append(" and last")
        draft.end(ANSWERED)
        with pytest.raises(OwnershipLost):
            await writing
    assert list(screen.texts().values()) == ["First"]


async def test_a_lease_that_is_renewed_lets_the_answer_go_on(screen: Screen) -> None:
    clock = FakeClock()
    lease = renewed(clock)
    with lease.bounding():
        draft, writing = await begun(screen, "First", Saved())
        await clock.advance(9)
        lease.renew(clock.monotonic() - 7)
        draft.append(" and last")
        draft.end(ANSWERED)
        await writing
    assert list(screen.texts().values()) == ["First and last"]


async def refuse(ref: MessageRef) -> None:
    raise OwnershipLost(str(ref))


async def test_what_a_former_owner_wrote_late_can_be_set_to_what_is_recorded(
    screen: Screen,
) -> None:
    saved = Saved()
    _, writing = await begun(screen, "Half an", saved)
    writing.cancel()
    await asyncio.wait({writing})
    later = Saved()
    again = open_reply(screen, starts=2, recovered=True)
    await again.write(ended("The whole answer."), saved, later)
    parts = [ref for ref in (*saved, *later) if ref.message_id in screen.texts()]
    await open_reply(screen).write(ended("Half an old answer", STOPPED), parts, refuse)
    await open_reply(screen).write(ended("The whole answer."), parts, refuse)
    (ref,) = parts
    assert screen.texts() == {ref.message_id: "The whole answer."}
    below = screen.below(ref.message_id)
    assert (below.can_rate, below.can_retry) == (True, False)


async def test_a_report_is_one_message_and_replaces_the_one_of_before(screen: Screen) -> None:
    saved = Saved()
    await open_reply(screen).post(REPORT, (), saved)
    assert screen.texts() == {saved[0].message_id: "42 requests"}
    await open_reply(screen, starts=2).post(REPORT, saved, saved)
    assert len(screen.texts()) == len(saved) == 1


async def test_a_whisper_reaches_the_asker_alone(screen: Screen) -> None:
    await open_reply(screen).whisper(REPORT)
    said = list(screen.texts().values())
    if screen.whispers_apart:
        assert (screen.whispers(), said) == ([(screen.asker, "42 requests")], [])
    else:
        assert (screen.whispers(), said) == ([], ["42 requests"])


@pytest.mark.parametrize("method", ["write", "post", "whisper"])
async def test_a_platform_that_refuses_is_a_delivery_error(screen: Screen, method: str) -> None:
    screen.refuse()
    reply = open_reply(screen)
    attempts = {
        "write": lambda: reply.write(ended("words"), (), Saved()),
        "post": lambda: reply.post(REPORT, (), Saved()),
        "whisper": lambda: reply.whisper(REPORT),
    }
    with pytest.raises(DeliveryError):
        await attempts[method]()
    assert not any(screen.texts().values())
    assert screen.whispers() == []


@pytest.mark.parametrize("name", PLATFORMS)
def test_no_character_is_lost_however_the_text_arrives(name: str, count: Count) -> None:
    """Whitespace may change where a platform cuts one answer into several messages."""

    @given(
        words=st.integers(1, 4_000),
        cuts=st.lists(st.integers(0, 24_000), max_size=12),
        pauses=st.integers(0, 3),
    )
    @example(words=4_000, cuts=[5, 13_000], pauses=3)
    @settings(max_examples=count(short=6, long=200))
    def check(words: int, cuts: list[int], pauses: int) -> None:
        text = " ".join(f"word{number}" for number in range(words))
        edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
        pieces = [text[a:b] for a, b in pairwise(edges)]
        said = asyncio.run(shown(pieces, pauses))
        assert "".join(said.split()) == "".join(text.split())

    async def shown(pieces: list[str], pauses: int) -> str:
        async with PLATFORMS[name]() as screen:
            draft, saved = Draft(), Saved()
            writing = asyncio.create_task(open_reply(screen).write(draft, (), saved))
            for piece in pieces:
                draft.append(piece)
                await settle(pauses)
            draft.end(ANSWERED)
            await writing
            assert [ref.message_id for ref in saved] == list(screen.texts())
            return " ".join(screen.texts().values())

    check()
