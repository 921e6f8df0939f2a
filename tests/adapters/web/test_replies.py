from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.cast import key_of, ref_of
from adapters.web.replies import STEP_S, WebReplies
from adapters.web.rooms import Rooms
from core.conversation import Author, InboundMessage, MessageRef
from core.document import Document, Note, Text
from core.draft import Draft, Ending
from core.errors import DeliveryError, OwnershipLost
from core.turn import QueuedMessage
from tests.fakes.clock import LoopClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.ports import Reply

pytestmark = pytest.mark.looptime
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
REPORT = Document("Title", (Text("**bold** <script>"), Note("small")))


class Saved(list[MessageRef]):
    async def __call__(self, ref: MessageRef) -> None:
        self.append(ref)


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    rooms = Rooms(tmp_path / "rooms.jsonl", LoopClock())
    rooms.load()
    yield rooms
    rooms.close()


def queue(turn_id: str = "turn", parts: tuple[MessageRef, ...] = ()) -> QueuedMessage:
    message = InboundMessage(
        ref_of("general", "q"), key_of("general", "q"), Author("mira", "Mira"), "?", "mention", NOW
    )
    return QueuedMessage(turn_id, 1, "question", message, NOW, parts)


def open_reply(rooms: Rooms, turn_id: str = "turn") -> Reply:
    return WebReplies(rooms, LoopClock()).open(queue(turn_id))


async def test_the_message_is_saved_before_it_has_content(rooms: Rooms) -> None:
    seen: list[str] = []

    async def save(ref: MessageRef) -> None:
        message = rooms.find(ref.message_id)
        assert message is not None
        seen.append(message.text + message.html + str(rooms.to_view(message)["blocks"]))

    draft = Draft()
    draft.append("content")
    draft.end(Ending("answered"))
    await open_reply(rooms).write(draft, (), save)
    assert seen == ["[]"]


async def test_nothing_is_shown_when_the_conversation_is_lost(rooms: Rooms) -> None:
    async def lose(ref: MessageRef) -> None:
        raise OwnershipLost

    draft = Draft()
    draft.append("content")
    with pytest.raises(OwnershipLost):
        await open_reply(rooms).write(draft, (), lose)
    (shell,) = rooms.conversation("general", "q")
    assert (shell.text, rooms.to_view(shell)["blocks"]) == ("", [])


async def test_an_answer_grows_in_paced_steps_and_ends_in_full(rooms: Rooms) -> None:
    reader = rooms.feed.open(rooms.feed.cursor)
    assert reader is not None
    draft, saved = Draft(), Saved()
    writing = asyncio.create_task(open_reply(rooms).write(draft, (), saved))
    for number in range(200):
        draft.append(f"w{number} ")
        await asyncio.sleep(0.005)
    draft.end(Ending("answered", footer="demo", can_rate=True))
    await writing
    (message,) = rooms.conversation("general", "q")
    assert message.text == "".join(f"w{number} " for number in range(200))
    assert (message.state, message.footer, message.can_rate) == ("done", "demo", True)
    assert saved == [ref_of("general", message.id)]
    grown = (await reader.take()).count(b'"t":"grow"')
    assert 10 < grown <= 1.0 / STEP_S + 2


async def test_the_first_visible_moment_is_noted(rooms: Rooms) -> None:
    draft = Draft()
    writing = asyncio.create_task(open_reply(rooms).write(draft, (), Saved()))
    await asyncio.sleep(3)
    assert draft.first_visible_at is None
    draft.append("now")
    await asyncio.sleep(1)
    draft.end(Ending("answered"))
    await writing
    assert draft.first_visible_at == pytest.approx(LoopClock().monotonic() - 1, abs=2 * STEP_S)


async def test_status_is_shown_and_gone_with_the_first_word(rooms: Rooms) -> None:
    draft = Draft()
    writing = asyncio.create_task(open_reply(rooms).write(draft, (), Saved()))
    draft.show_status("Trying again in 2 s")
    await asyncio.sleep(0.1)
    (message,) = rooms.conversation("general", "q")
    assert rooms.to_view(message)["status"] == "Trying again in 2 s"
    draft.append("word")
    await asyncio.sleep(0.1)
    assert rooms.to_view(message)["status"] == ""
    draft.end(Ending("stopped", Document("", (Text("Stopped."),)), can_retry=True))
    await writing
    ended = rooms.find(message.id)
    assert ended is not None
    assert (ended.state, ended.notice, ended.can_retry) == ("stopped", "<p>Stopped.</p>\n", True)


@pytest.mark.parametrize("stored", [True, False])
async def test_an_interrupted_answer_goes_on_in_the_same_message(
    tmp_path: Path, stored: bool
) -> None:
    """`stored` False: the crash came between making the message and saving its id."""
    first = Rooms(tmp_path / "r.jsonl", LoopClock())
    first.load()
    saved = Saved()
    cut = asyncio.create_task(open_reply(first).write(Draft(), (), saved))
    await asyncio.sleep(1)
    cut.cancel()
    await asyncio.wait({cut})
    first.close()

    second = Rooms(tmp_path / "r.jsonl", LoopClock())
    second.load()
    draft, saved_later = Draft(), Saved()
    draft.append("whole")
    draft.end(Ending("answered"))
    await open_reply(second).write(draft, saved if stored else (), saved_later)
    (message,) = second.conversation("general", "q")
    assert (message.text, message.state) == ("whole", "done")
    assert message.id == saved[0].message_id
    assert saved_later == ([] if stored else saved)
    second.close()


async def test_a_second_try_empties_the_message_and_keeps_its_reactions(rooms: Rooms) -> None:
    failed = Draft()
    failed.append("half")
    failed.end(Ending("failed", REPORT, can_retry=True))
    saved = Saved()
    await open_reply(rooms).write(failed, (), saved)
    (message,) = rooms.conversation("general", "q")
    rooms.react(message, "mira", "-1", on=True)

    draft = Draft()
    writing = asyncio.create_task(open_reply(rooms, "turn-2").write(draft, saved, Saved()))
    await asyncio.sleep(0.1)
    (again,) = rooms.conversation("general", "q")
    assert (again.text, again.notice, again.can_retry, again.state) == ("", "", False, "running")
    draft.end(Ending("answered"))
    await writing
    (last,) = rooms.conversation("general", "q")
    assert last.reactions == {"-1": ("mira",)}


async def test_a_message_that_is_gone_is_replaced_by_a_new_one(rooms: Rooms) -> None:
    draft, saved = Draft(), Saved()
    draft.append("text")
    draft.end(Ending("answered"))
    await open_reply(rooms).write(draft, (ref_of("general", "gone"),), saved)
    (message,) = rooms.conversation("general", "q")
    assert saved == [ref_of("general", message.id)]


async def test_a_reaction_while_the_answer_runs_is_kept(rooms: Rooms) -> None:
    draft = Draft()
    writing = asyncio.create_task(open_reply(rooms).write(draft, (), Saved()))
    draft.append("text")
    await asyncio.sleep(0.1)
    (message,) = rooms.conversation("general", "q")
    rooms.react(message, "priya", "+1", on=True)
    draft.end(Ending("answered"))
    await writing
    (ended,) = rooms.conversation("general", "q")
    assert (ended.text, ended.reactions) == ("text", {"+1": ("priya",)})


async def test_reports_and_whispers_are_drawn(rooms: Rooms) -> None:
    reply, saved = open_reply(rooms), Saved()
    await reply.post(REPORT, (), saved)
    await reply.post(REPORT, saved, saved)
    await reply.whisper(REPORT)
    posted, whispered = rooms.conversation("general", "q")
    assert (posted.to, whispered.to) == ("", "mira")
    assert "<strong>bold</strong> &lt;script&gt;" in posted.html
    assert len(saved) == 1


async def test_a_journal_that_cannot_be_written_is_a_retryable_error(rooms: Rooms) -> None:
    rooms.close()
    draft = Draft()
    for attempt in (
        open_reply(rooms).write(draft, (), Saved()),
        open_reply(rooms).post(REPORT, (), Saved()),
        open_reply(rooms).whisper(REPORT),
    ):
        with pytest.raises(DeliveryError) as caught:
            await attempt
        assert caught.value.retryable


@given(pieces=st.lists(st.text(max_size=20), max_size=20), gaps=st.lists(st.booleans()))
def test_no_character_is_lost(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str], gaps: list[bool]
) -> None:
    async def run() -> str:
        rooms = Rooms(tmp_path_factory.mktemp("rooms") / "r.jsonl", QuickClock())
        rooms.load()
        draft = Draft()
        reply = WebReplies(rooms, QuickClock()).open(queue())
        writing = asyncio.create_task(reply.write(draft, (), Saved()))
        for number, piece in enumerate(pieces):
            draft.append(piece)
            if gaps and gaps[number % len(gaps)]:
                await asyncio.sleep(0)
        draft.end(Ending("answered"))
        await writing
        rooms.close()
        rooms.load()
        (message,) = rooms.conversation("general", "q")
        rooms.close()
        return message.text

    assert asyncio.run(run()) == "".join(pieces)


class QuickClock(LoopClock):
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
