from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.web.cast import BOT
from adapters.web.messages import Message
from adapters.web.reading import WebTranscript, read_message
from adapters.web.rooms import Rooms
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = {"stats", "stop"}


def said(text: str, thread: str = "", room: str = "general") -> Message:
    return Message("m1", room, thread, "mira", 1_000, text=text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("@chatbot hi", "hi"),
        ("@ChatBot: hi", "hi"),
        ("hi @chatbot, how are you?", "hi how are you?"),
        ("hi\n@chatbot", "hi"),
        ("@chatbot", ""),
        ("/stats 24h", "stats 24h"),
        ("@chatbot stats 24h", "stats 24h"),
    ],
)
def test_the_mention_is_removed(text: str, read: str) -> None:
    message = read_message(said(text), COMMANDS)
    assert message is not None
    assert (message.text, message.address) == (read, "mention")


@pytest.mark.parametrize(
    "text", ["mail chatbot@example.org", "@chatbots", "@@chatbot", "/statsx", "/"]
)
def test_what_only_looks_like_a_mention_is_none(text: str) -> None:
    assert read_message(said(text), COMMANDS) is None
    overheard = read_message(said(text, thread="r"), COMMANDS)
    assert overheard is not None
    assert (overheard.text, overheard.address) == (text, "thread")


def test_a_message_to_somebody_else_says_so() -> None:
    message = read_message(said("@jonas what do you think?", thread="r"), COMMANDS)
    assert message is not None
    assert message.mentions_others


async def test_the_transcript_is_what_people_said_before(tmp_path: Path) -> None:
    rooms = Rooms(tmp_path / "r.jsonl", FakeClock())
    rooms.load()
    root = rooms.add("general", "", "jonas", text="one")
    rooms.add("general", "", "jonas", text="elsewhere")
    second = rooms.add("general", root.id, "priya", text="@chatbot two")
    rooms.add("general", root.id, BOT, text="an answer")
    rooms.add("general", root.id, "priya", text="three")
    question = rooms.add("general", root.id, "mira", text="@chatbot and?")
    rooms.add("general", root.id, "jonas", text="later")
    message = read_message(question, COMMANDS)
    assert message is not None
    transcript = WebTranscript(rooms)
    before = await transcript.before(message, None, 10)
    assert [(one.author.user_id, one.text) for one in before] == [
        ("jonas", "one"),
        ("priya", "two"),
        ("priya", "three"),
    ]
    assert [one.text for one in await transcript.before(message, second.id, 10)] == ["three"]
    assert [one.text for one in await transcript.before(message, None, 1)] == ["three"]
    assert await transcript.before(message, None, 0) == []
    rooms.close()
