from __future__ import annotations

import pytest

from core.conversation import Author
from tests.contracts.stores import LONG_AGO
from tests.core.commands.desk import ADMIN_ID, Desk, words
from tests.core.people.asking import ADA, call

ADMIN = Author(ADMIN_ID, "Root")


@pytest.fixture
def desk():
    return Desk()


async def run(desk, line, by=ADMIN, **more):
    name, *arguments = line.split()
    return words(await desk.commands.run(call(name, *arguments, by=by, **more)))


async def paused(desk):
    return [(one.workspace, one.channel, one.reason) for one in await desk.store.pauses()]


async def deeds(desk):
    noted = [deed for _, deed in await desk.store.deeds(LONG_AGO)]
    return [(deed.who, deed.what, deed.subject, deed.details) for deed in noted]


async def test_an_admin_pauses_a_channel_with_a_reason_and_it_is_on_record(desk):
    said = await run(desk, "pause we are moving")
    assert said.startswith("Paused in this channel.")
    assert await paused(desk) == [("T1", "C1", "we are moving")]
    assert (await run(desk, "resume")).startswith("Going on in this channel.")
    assert await paused(desk) == []
    assert await deeds(desk) == [
        ("slack:T1:U9", "pause", "slack:T1:C1", "we are moving"),
        ("slack:T1:U9", "resume", "slack:T1:C1", ""),
    ]


async def test_a_whole_workspace_is_paused_only_when_it_is_said(desk):
    assert "in this whole workspace" in await run(desk, "pause ALL a fire")
    assert await paused(desk) == [("T1", "", "a fire")]
    said = await run(desk, "resume")
    assert "no pause of this channel" in said
    assert "`resume all` ends that" in said
    assert "Going on in this workspace" in await run(desk, "resume all")
    assert await paused(desk) == []


async def test_what_stays_paused_is_said(desk):
    await run(desk, "pause")
    await run(desk, "pause all")
    assert "`resume all` ends that" in await run(desk, "resume")
    await run(desk, "pause")
    assert "One channel stays paused" in await run(desk, "resume all")


@pytest.mark.parametrize("line", ["pause", "pause all", "pause for lunch", "resume", "resume all"])
async def test_everybody_else_is_refused_and_nothing_happens(desk, line):
    assert (await run(desk, line, by=ADA)).startswith("Only an admin of the bot can")
    assert await paused(desk) == []
    assert await deeds(desk) == []


async def test_a_wrong_use_is_answered_by_the_right_one(desk):
    assert "Usage: `resume [all]`" in await run(desk, "resume now")
    assert "Usage: `pause [all] [reason]`" in await run(desk, f"pause {'x' * 301}")
    assert await paused(desk) == []


async def test_a_reason_cannot_call_everybody(desk):
    await run(desk, "pause <!channel> now")
    ((_, _, reason),) = await paused(desk)
    assert "<!channel>" not in reason


@pytest.mark.parametrize(
    ("text", "by_admin", "found"),
    [
        ("pause", False, ("pause", ())),
        ("pause all", False, ("pause", ("all",))),
        ("pause for lunch", True, ("pause", ("for", "lunch"))),
        ("pause for lunch", False, None),
        ("!pause for lunch", False, ("pause", ("for", "lunch"))),
        ("resume", False, ("resume", ())),
        ("resume all", False, ("resume", ("all",))),
        ("resume the story", True, None),
        ("stats are dull", True, None),
    ],
)
def test_of_an_admin_alone_any_words_after_pause_are_a_reason(desk, text, by_admin, found):
    assert desk.commands.find(text, by_admin=by_admin) == found


@pytest.mark.parametrize(
    ("scope", "subject"), [("channel", "slack:T1:C1"), ("workspace", "slack:T1")]
)
async def test_settings_for_others_are_on_record_and_those_of_a_person_are_not(
    desk, scope, subject
):
    await run(desk, f"settings {scope} temperature 1.5")
    await run(desk, f"settings {scope} temperature default")
    await run(desk, "settings temperature 1.5")
    assert await deeds(desk) == [
        ("slack:T1:U9", "settings", subject, "temperature 1.5"),
        ("slack:T1:U9", "settings", subject, "temperature default"),
    ]
