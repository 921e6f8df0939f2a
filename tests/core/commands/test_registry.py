from __future__ import annotations

import asyncio
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commands import Commands
from core.correlation import correlated
from core.document import Document, Note
from tests.core.commands.desk import Desk, buttons, words
from tests.core.people.asking import call

COMMANDS = Desk().commands


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("stats", ("stats", ())),
        ("STATS", ("stats", ())),
        ("  Stats  7D  Me ", ("stats", ("7D", "Me"))),
        ("stats me 7d", ("stats", ("me", "7d"))),
        ("!stats", ("stats", ())),
        ("/chatbot-stats", ("stats", ())),
        ("chatbot-stats 24h", ("stats", ("24h",))),
        ("`stats 24h`", ("stats", ("24h",))),
        ("stats\N{NO-BREAK SPACE}7d", ("stats", ("7d",))),
        ("stop", ("stop", ())),
        ("Stop!", ("stop", ())),
        ("/stop now", ("stop", ("now",))),
        ("reset.", ("reset", ())),
        ("help", ("help", ())),
        ("settings", ("settings", ())),
        ("settings temperature 0.3", ("settings", ("temperature", "0.3"))),
        ("settings temperature hot", ("settings", ("temperature", "hot"))),
        ("settings channel model Large", ("settings", ("channel", "model", "Large"))),
        ("settings model default", ("settings", ("model", "default"))),
        ("/chatbot-stats yesterday", ("stats", ("yesterday",))),
        ("!settings colour red", ("settings", ("colour", "red"))),
    ],
)
def test_commands_are_found(text, found):
    assert COMMANDS.find(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "stats about cats please",
        "stats 24h please",
        "stats 24h 7d",
        "chatbot-stats yesterday",
        "chatbot stats",
        "statistics",
        "help me with this",
        "stop the war",
        "please stop",
        "reset my password",
        "settings of my phone",
        "settings temperature",
        "settings temperature 0.3 please",
        "/unknown",
        "! stats",
        "//stats",
        "stats" + " " * 300,
        "stop" + "!" * 3,
        "\N{ARABIC LETTER BEH}",
    ],
)
def test_anything_longer_is_a_question(text):
    assert COMMANDS.find(text) is None


@given(st.text(max_size=300))
def test_no_text_is_too_odd_to_be_looked_at(text):
    found = COMMANDS.find(text)

    assert found is None or found[0] in {command.name for command in COMMANDS.summaries()}


async def test_every_button_is_a_command_that_is_found_again():
    desk = Desk()
    for name, arguments in (("stats", ()), ("settings", ()), ("settings", ("channel",))):
        document = await desk.commands.run(call(name, *arguments))
        assert buttons(document)
        for button in buttons(document):
            assert desk.commands.find(button.command) is not None


async def test_bad_arguments_give_the_usage_with_what_is_valid():
    document = await COMMANDS.run(call("stats", "yester`day", from_slash=True))

    assert "`yester'day`" in words(document)
    assert "1h, 6h, 24h, 7d, 30d" in words(document)
    assert document.blocks[-1] == Note("Usage: `stats [1h|6h|24h|7d|30d] [me|channel|all]`")


async def test_an_unknown_command_names_those_that_there_are():
    said = words(await COMMANDS.run(call("dance")))

    assert ", ".join(f"`{command.name}`" for command in COMMANDS.summaries()) in said


class Broken:
    name = usage = summary = "broken"

    def __init__(self, error):
        self._error = error

    def fits(self, arguments):
        return True

    async def run(self, call):
        raise self._error


async def test_an_error_inside_a_command_is_logged_and_told_politely(caplog):
    commands = Commands([Broken(RuntimeError("the password is hunter2"))])

    with caplog.at_level(logging.ERROR), correlated("id-1"):
        document = await commands.run(call("broken"))

    assert "hunter2" not in words(document)
    assert "went wrong" in words(document)
    assert "`id-1`" in words(document)
    assert "broken" in caplog.text


async def test_cancellation_passes_through():
    with pytest.raises(asyncio.CancelledError):
        await Commands([Broken(asyncio.CancelledError())]).run(call("broken"))


def test_two_commands_of_one_name_are_a_mistake_of_the_wiring():
    with pytest.raises(ValueError, match="same name"):
        Commands([Broken(ValueError()), Broken(ValueError())])


async def test_help_lists_every_command_and_the_emoji():
    text = words(await COMMANDS.run(call("help")))

    for summary in COMMANDS.summaries():
        assert f"{summary.usage} | {summary.summary}" in text
    assert "👍" in text
    assert "🛑" in text


@pytest.mark.parametrize("name", ["help", "stop", "reset"])
async def test_what_takes_no_arguments_says_so(name):
    document = await COMMANDS.run(call(name, "now", from_slash=True))

    assert "takes nothing more" in words(document)
    assert isinstance(document, Document)
