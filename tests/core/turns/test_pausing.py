"""Questions that wait for the end of a pause, in a whole bot of fakes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.conversation import Author
from core.errors import DeliveryError
from core.people.access import Access
from tests.core.turns.making import ADA, ask
from tests.core.turns.office import Office
from tests.fakes.model import Pause

pytestmark = pytest.mark.looptime

ADMIN = Author("U9", "Root")
ACCESS = Access(admins=["fake:T1:U9"])


def told(office):
    return [(user, document.blocks[0].markdown) for user, document in office.chat.whispers]


async def say(office, text, *, by=ADA, n=1):
    return await office.desk.accept(replace(ask(text, n=n), author=by))


async def test_questions_wait_their_askers_are_told_once_and_all_are_answered_in_order():
    office = Office("Ok.", access=ACCESS)
    await say(office, "pause for lunch", by=ADMIN)
    await office.recorded(1)
    for n in range(2, 5):
        assert await say(office, f"Q{n}?", n=n) == "accepted"
        await office.workers.sweep()
        await office.teller.tell()
    await office.workers.idle()
    assert [turn.kind for turn in office.turns] == ["command"]
    [(user, words)] = told(office)
    assert user == ADA.user_id
    assert "paused here for now: for lunch. Your question is kept" in words

    await say(office, "resume", by=ADMIN, n=5)
    turns = await office.recorded(5)
    assert [turn.question for turn in turns] == [
        "pause for lunch", "resume", "Q2?", "Q3?", "Q4?"
    ]  # fmt: skip
    assert len(told(office)) == 1


async def test_a_running_answer_ends_and_the_next_question_waits():
    office = Office([Pause(5), "Done."], access=ACCESS)
    await say(office, "Q1?")
    await say(office, "Q2?", n=2)
    await office.store.pause("fake", "T1", "", "", None)
    await office.workers.idle()
    assert [turn.question for turn in office.turns] == ["Q1?"]
    await office.workers.sweep()
    assert office.workers._tasks == {}
    await office.store.resume("fake", "T1", "", None)
    assert len(await office.recorded(2)) == 2


async def test_who_is_no_admin_asks_the_model_about_pauses():
    office = Office("They are good for you.", access=ACCESS)
    await say(office, "pause for lunch")
    [turn] = await office.recorded(1)
    assert turn.kind == "question"


async def test_who_is_no_admin_is_refused_in_the_usual_way():
    office = Office("Ok.", access=ACCESS)
    await say(office, "pause")
    await office.recorded(1)
    [shown] = office.chat.answers
    assert shown.document.blocks[0].markdown.startswith("Only an admin")
    assert await office.store.pauses() == []


async def test_a_waiting_question_can_be_stopped_and_is_never_answered():
    office = Office("Ok.", access=ACCESS)
    await office.store.pause("fake", "T1", "", "", None)
    await say(office, "Q?")
    await say(office, "stop", n=2)
    await office.store.resume("fake", "T1", "", None)
    [turn] = await office.recorded(1)
    assert turn.kind == "command"
    assert (await office.store.depth())[0] == 0


async def test_a_platform_that_refuses_and_a_store_that_fails_are_survived(caplog):
    office = Office("Ok.", access=ACCESS)
    await office.store.pause("fake", "T1", "", "", None)
    await say(office, "Q?")
    office.chat.failures = [DeliveryError("no")]
    await office.teller.tell()
    office.store.broken = "no disk"
    await office.teller.tell()
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
