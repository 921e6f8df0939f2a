from __future__ import annotations

import pytest

from core.conversation import Author
from tests.core.commands.desk import ADMIN_ID, Desk, buttons, words
from tests.core.people.asking import BEN, call, message

ADMIN = Author(ADMIN_ID, "Root")


@pytest.fixture
def desk():
    return Desk()


async def run(desk, line, **who):
    return words(await desk.commands.run(call("settings", *line.split(), **who)))


async def test_a_person_changes_and_removes_settings_of_their_own(desk):
    assert "now 0.3 (focused) for you" in await run(desk, "temperature 0.3")
    assert "now `openai/large` for you" in await run(desk, "me model LARGE")
    assert await desk.choice.of(message()) == ("openai/large", 0.3)
    assert await desk.choice.of(message(by=BEN)) == ("openai/small", 0.7)

    said = await run(desk, "temperature default")

    assert "no longer set for you. For you it is 0.7 (balanced): the bot's default." in said
    assert await desk.choice.of(message()) == ("openai/large", 0.7)


@pytest.mark.parametrize("scope", ["channel", "workspace"])
async def test_only_an_admin_changes_what_others_get(desk, scope):
    said = await run(desk, f"{scope} temperature 1.5")
    assert f"Only an admin of the bot can change settings for this {scope}." in said
    assert await desk.choice.of(message(by=BEN)) == ("openai/small", 0.7)

    assert f"for this {scope}" in await run(desk, f"{scope} temperature 1.5", by=ADMIN)
    assert await desk.choice.of(message(by=BEN)) == ("openai/small", 1.5)


async def test_an_admin_with_a_setting_of_their_own_learns_that_it_wins(desk):
    await run(desk, "temperature 0", by=ADMIN)

    said = await run(desk, "channel temperature 1.5", by=ADMIN)

    assert "For you it is 0 (focused): your own setting." in said


@pytest.mark.parametrize(
    ("line", "valid"),
    [
        ("temperature 2.1", "a number from 0 to 2"),
        ("temperature hot", "focused, balanced, creative"),
        ("model gpt-9", "`openai/small`, `openai/large`, `gemini/flash`"),
        ("colour red", "Usage: `settings"),
        ("temperature", "Usage: `settings"),
        ("workspace channel temperature 1", "Usage: `settings"),
    ],
)
async def test_a_wrong_value_is_answered_by_the_valid_ones_and_changes_nothing(desk, line, valid):
    assert valid in await run(desk, line)
    assert desk.store.data.preferences == {}


async def test_temperatures_have_words(desk):
    await run(desk, "temperature Creative")

    assert (await desk.choice.of(message())).temperature == 1.2


async def test_without_arguments_it_shows_what_is_in_force_and_where_it_comes_from(desk):
    await run(desk, "workspace model flash", by=ADMIN)
    await run(desk, "temperature 0.2")

    said = await run(desk, "")

    assert "Model: gemini/flash (set for this workspace)" in said
    assert "Temperature: 0.2, focused (your own setting)" in said


async def test_buttons_offer_presets_other_models_and_the_way_back(desk):
    await run(desk, "temperature 0.2")

    offered = buttons(await desk.commands.run(call("settings")))

    assert [(one.command, one.style) for one in offered] == [
        ("settings temperature 0.2", "primary"),
        ("settings temperature 0.7", "default"),
        ("settings temperature 1.2", "default"),
        ("settings temperature default", "default"),
        ("settings model openai/large", "default"),
        ("settings model gemini/flash", "default"),
    ]


async def test_a_scope_alone_offers_buttons_for_that_scope(desk):
    offered = buttons(await desk.commands.run(call("settings", "channel")))

    assert all(one.command.startswith("settings channel ") for one in offered)
