"""What the registry relies on of every command that the bot has, over every store."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from bot.wiring import build_commands
from core.commands import UsageError
from core.commands.registry import Commands
from core.conversation import Author, CommandCall, ConversationKey
from core.document import Document
from core.people.access import Access
from core.people.preferences import ModelChoice
from tests.contracts.stores import ANN, KEY

if TYPE_CHECKING:
    from core.commands import Command
    from tests.contracts.stores import Place

ODD = ("", "\ud800", "\0", "`", "<!channel>", "x" * 5_000, "nan", "1e999", "-1", "٣", "me", "7d")
NAMES = ("stats", "reset", "settings", "stop", "pause", "resume", "help")
WORDY = {"pause"}
"""They take any words from whoever means them as a command."""
CALLS = [
    CommandCall("?", (), KEY, ANN),
    CommandCall("?", (), replace(KEY, thread=""), ANN, from_slash=True),
    CommandCall("?", (), replace(KEY, thread=""), ANN, from_slash=True, direct=True),
    CommandCall("?", (), ConversationKey("\ud800", "", "'", "\0"), Author("\ud800", "\0")),
]


@dataclass
class Known:
    commands: Commands
    by_name: dict[str, Command]


@pytest.fixture
def known(place: Place) -> Known:
    async def stop(conversation: ConversationKey, author: Author) -> bool:
        return False

    ground = SimpleNamespace(store=place.store, clock=place.clock, access=Access())
    choice = ModelChoice(place.store, "openai/small", 0.7, ["openai/large"])
    commands = build_commands(ground, choice, stop)
    return Known(commands, commands._commands)  # type: ignore[attr-defined]  # the registry alone knows them


def test_the_names_of_these_tests_are_all_there_are(known: Known) -> None:
    assert tuple(one.name for one in known.commands.summaries()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_says_in_one_line_what_it_is_and_how_it_is_typed(known: Known, name: str) -> None:
    command = known.by_name[name]
    assert re.fullmatch("[a-z]+", command.name)
    assert command.usage.split()[0] == command.name
    assert command.summary
    assert len(command.summary) < 80
    assert not {"\n", "`"} & {*command.summary, *command.usage}


@pytest.mark.parametrize("name", NAMES)
def test_its_name_is_found_however_it_is_marked(known: Known, name: str) -> None:
    for text in (name, name.upper(), f"!{name}", f"/{name}", f"/chatbot-{name}", f"`{name}`"):
        assert known.commands.find(text) == (name, ())
    for text in (f"what is {name}?", f"{name} is a word that I do not understand"):
        assert known.commands.find(text) is None


@pytest.mark.parametrize("name", NAMES)
async def test_words_that_do_not_fit_are_answered_with_what_does(known: Known, name: str) -> None:
    command = known.by_name[name]
    for arguments in [(), *((one,) for one in ODD), *((one, two) for one in ODD for two in ODD)]:
        call = replace(CALLS[0], name=name, arguments=arguments)
        try:
            document = await command.run(call)
        except UsageError:
            continue
        if name in WORDY:
            continue
        assert command.fits(arguments), f"{arguments} is no argument, but was taken"
        assert isinstance(document, Document)


@pytest.mark.parametrize("name", [*NAMES, "unknown", "", "\ud800"])
async def test_whatever_is_typed_by_whomever_gets_a_document(
    known: Known, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    for call in CALLS:
        for arguments in [
            (),
            *((one,) for one in ODD),
            *(("settings", "model", one) for one in ODD),
            *(("temperature", one) for one in ODD),
            *(("person", "model", one) for one in ODD),
        ]:
            document = await known.commands.run(replace(call, name=name, arguments=arguments))
            assert isinstance(document, Document)
            assert all(len(str(block)) < 10_000 for block in document.blocks)
    assert caplog.records == []
