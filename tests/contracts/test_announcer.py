"""What core relies on when it speaks without having been asked, on every platform."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from adapters.web.cast import BOT
from adapters.web.channel import WebChannel
from core.conversation import Author, ConversationKey, InboundMessage, MessageRef
from core.document import Document, Text
from core.errors import DeliveryError
from core.reports.plain import to_plain_text
from core.turn import QueuedMessage
from tests.adapters.slack.conftest import WallClock, running_bot
from tests.adapters.teams.conftest import running_bot as running_teams_bot
from tests.adapters.teams.eyes import words_of
from tests.contracts.platforms import TickingClock
from tests.fakes.clock import START, LoopClock
from tests.fakes.platform import FakeChat
from tests.standins.slack import faults
from tests.standins.teams import faults as teams_faults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from core.ports import Platform, Reply

REPORT = Document("", (Text("42 requests"),))


@dataclass(frozen=True, slots=True)
class Board:
    """A platform, where the bot can speak there, and what everybody can read."""

    platform: Platform
    workspace: str
    channel: str
    person: str
    strange: tuple[str, ...]
    """Channels that are not there, or without the bot."""
    tops: Callable[[str], list[str]]
    """What the bot says in a channel, or to a person, outside of any thread, oldest first."""
    go_down: Callable[[], None]
    finds_lost: bool = True
    """Whether an empty message that was not stored can be found again."""


@asynccontextmanager
async def on_fake() -> AsyncIterator[Board]:
    chat = FakeChat(LoopClock())
    chat.not_there.add("C2")

    def tops(channel: str) -> list[str]:
        where = f"dm-of-{channel}" if channel.startswith("person-") else channel
        found = [one for one in chat.answers if one.ref.channel == where]
        return [to_plain_text(one.document) if one.document else one.text for one in found]

    def go_down() -> None:
        chat.failures.append(DeliveryError("down", retryable=True))

    yield Board(chat.platform, "T1", "C1", "person-1", ("C2",), tops, go_down)


class HastyClock(WallClock):
    """Waits between retries are short."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / 100)


@asynccontextmanager
async def on_slack() -> AsyncIterator[Board]:
    async with running_bot(tiers=False, pacing="off", clock=HastyClock()) as bot:
        workspace = bot.slack.workspace
        workspace.add_person("dora")
        bot.slack.people.say("U0ALICE", "C0GENERAL", "Lunch?")

        def tops(channel: str) -> list[str]:
            room = workspace.dm(channel) if channel in workspace.people else None
            found = workspace.messages(room.id if room else channel)
            return [m.shown for m in found if m.user == workspace.bot_user and not m.thread_ts]

        def go_down() -> None:
            bot.slack.faults.on("*", faults.http_status(503), times=None)

        strange = ("C0OUTSIDE", "C0OLD", "C0NOWHERE", "U0NOBODY", "C0 ODD/../")
        yield Board(
            bot.channel.platform, workspace.team, "C0GENERAL", "U0DORA", strange, tops, go_down
        )


@asynccontextmanager
async def on_web() -> AsyncIterator[Board]:
    with TemporaryDirectory() as folder:
        channel = WebChannel(Path(folder), TickingClock())
        await channel.start()
        rooms = channel.playground.rooms

        def tops(room: str) -> list[str]:
            where = "dm-mira" if room == "mira" else room
            return [one.text for one in rooms.conversation(where, "") if one.author == BOT]

        try:
            yield Board(
                channel.platform, "playground", "general", "mira", ("nowhere",), tops, rooms.close
            )
        finally:
            await channel.stop()


@asynccontextmanager
async def on_teams() -> AsyncIterator[Board]:
    async with running_teams_bot() as bot:
        bot.chatbot.platform = None
        teams = bot.teams
        teams.people.say("alice", "alice", "Hello")  # so that an address of the tenant is known
        await teams.wait_for(lambda: bot.chatbot.accepted)

        def tops(where: str) -> list[str]:
            answers = teams.answers("bob" if where == bob else where)
            return [words_of(one) for one in answers if one.root in (None, one.id)]

        def go_down() -> None:
            teams.faults.on("*", "*", teams_faults.http_status(503), times=None)

        general = teams.workspace.conversation("General").id
        outside = teams.workspace.conversation("Outside").id
        strange = (outside, "19:nowhere@thread.tacv2", "29:nobody", "a:b/../c")
        bob = teams.workspace.person("bob").aad_id
        yield Board(
            bot.channel.platform,
            teams.tenant,
            general,
            bob,
            strange,
            tops,
            go_down,
            finds_lost=False,
        )


BOARDS = {"fake": on_fake, "slack": on_slack, "teams": on_teams, "web": on_web}


@pytest.fixture(params=BOARDS)
async def board(request: pytest.FixtureRequest) -> AsyncIterator[Board]:
    async with BOARDS[request.param]() as board:
        yield board


class Saved(list[MessageRef]):
    async def __call__(self, ref: MessageRef) -> None:
        self.append(ref)


async def crash(ref: MessageRef) -> None:
    raise RuntimeError(f"killed before {ref.message_id} was stored")


async def place(board: Board, channel: str = "", workspace: str = "") -> str:
    assert board.platform.announcer is not None
    return await board.platform.announcer.place(
        workspace or board.workspace, channel or board.channel
    )


def reply(board: Board, where: str, *, channel: str = "", recovered: bool = False) -> Reply:
    """To a message that nobody wrote."""
    key = (board.platform.name, board.workspace, channel or board.channel)
    message = InboundMessage(
        MessageRef(*key, "digest/2026-03-02"),
        ConversationKey(*key, "digest"),
        Author("", ""),
        "",
        "mention",
        START,
        reply_to=where,
    )
    queued = QueuedMessage("turn", 1, "report", message, START, recovered=recovered)
    return board.platform.replies.open(queued)


async def test_a_report_begins_a_thread_in_the_channel(board: Board) -> None:
    saved = Saved()
    await reply(board, await place(board)).post(REPORT, (), saved)
    assert board.tops(board.channel) == ["42 requests"]
    (ref,) = saved
    assert (ref.platform, ref.channel) == (board.platform.name, board.channel)


async def test_a_report_reaches_a_person_in_their_dm(board: Board) -> None:
    where = await place(board, board.person)
    await reply(board, where, channel=board.person).post(REPORT, (), Saved())
    assert board.tops(board.person) == ["42 requests"]
    assert board.tops(board.channel) == []


async def test_a_report_that_is_posted_again_is_the_same_message(board: Board) -> None:
    saved, later = Saved(), Saved()
    where = await place(board)
    await reply(board, where).post(Document("", (Text("41 requests"),)), (), saved)
    await reply(board, where, recovered=True).post(REPORT, saved, later)
    assert board.tops(board.channel) == ["42 requests"]
    assert later == []


async def test_a_crash_before_the_message_was_stored_leaves_one_message(board: Board) -> None:
    where, saved = await place(board), Saved()
    with pytest.raises(RuntimeError):
        await reply(board, where).post(REPORT, (), crash)
    assert all(text in ("", "…") for text in board.tops(board.channel))
    await reply(board, where, recovered=True).post(REPORT, (), saved)
    said = board.tops(board.channel)
    assert said[-1] == "42 requests"
    assert said[:-1] == ([] if board.finds_lost else ["…"])
    assert len(saved) == 1


async def test_where_the_bot_is_not_it_cannot_speak(board: Board) -> None:
    for channel in board.strange:
        with pytest.raises(DeliveryError) as raised:
            await place(board, channel)
        assert not raised.value.retryable, channel
    assert board.tops(board.channel) == []


async def test_another_workspace_is_not_spoken_to() -> None:
    for name in ("slack", "web"):
        async with BOARDS[name]() as board:
            with pytest.raises(DeliveryError) as raised:
                await place(board, workspace="T0OTHER")
            assert not raised.value.retryable


async def test_a_platform_that_is_down_may_be_asked_again(board: Board) -> None:
    await place(board)
    board.go_down()
    with pytest.raises(DeliveryError) as raised:
        await place(board)
    assert raised.value.retryable
