"""What Slack tells twice, late, out of order, or only after a change; and what no person said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.demo.faults import Fault

if TYPE_CHECKING:
    from tests.e2e.team import Team
    from tests.standins.slack import Message

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def has_one_answer(team: Team, question: Message, holds: str) -> None:
    """After everything that was told has been acknowledged, and a later question answered."""
    await team.answer_to(question, holds)
    await team.told()
    await team.answer_to(team.ask("repeat: the last one"), "the last one")
    assert [one.shown.split("\n")[0] for one in team.answers(question)] == [holds]
    rows = team.ledger("SELECT kind FROM turns WHERE message_id = ?", question.ts)
    assert rows == [{"kind": "question"}]


async def test_a_slow_acknowledgement_and_three_retries_make_one_answer(shared: Team) -> None:
    question = shared.ask("repeat: told four times")
    [mention, _] = shared.slack.outbox.deliveries[-2:]
    for number in (1, 2, 3):
        shared.people.tell_again(mention, first_attempt=number)
    await has_one_answer(shared, question, "told four times")


async def test_eleven_deliveries_under_different_ids_make_one_answer(shared: Team) -> None:
    question = shared.ask("repeat: told eleven times")
    [mention, plain] = shared.slack.outbox.deliveries[-2:]
    for number in range(10):
        delivery = mention if number % 2 else plain
        shared.people.tell_again(delivery, new_event_id=True, first_attempt=0)
    await has_one_answer(shared, question, "told eleven times")


@pytest.mark.parametrize("twins", ["mention_first", "message_first"])
@pytest.mark.parametrize("gap_s", [0.0, 0.3])
async def test_both_events_of_a_mention_make_one_answer(
    shared: Team, twins: str, gap_s: float
) -> None:
    question = shared.ask(f"repeat: {twins} {gap_s}", twins=twins, twin_gap_s=gap_s)
    await has_one_answer(shared, question, f"{twins} {gap_s}")


async def test_a_retry_is_taken_though_the_first_attempt_never_came(shared: Team) -> None:
    question = shared.ask("repeat: the first was lost", first_attempt=1)
    await has_one_answer(shared, question, "the first was lost")


async def test_answers_of_a_thread_keep_the_order_in_which_questions_came(shared: Team) -> None:
    root = shared.ask("repeat: root")
    await shared.answer_to(root, "root")
    questions = [shared.ask(f"repeat: number {n}", thread=root.ts) for n in range(6)]
    for question in questions:
        await shared.recorded(question)
    answers = shared.answers(questions[-1])
    assert [one.shown.split("\n")[0] for one in answers] == [f"number {n}" for n in range(6)]


async def test_an_event_older_than_the_last_one_is_answered_too(shared: Team) -> None:
    root = shared.ask("repeat: root")
    await shared.answer_to(root, "root")
    older = shared.ask("repeat: the older one", thread=root.ts, told=False)
    newer = shared.ask("repeat: the newer one", thread=root.ts)
    await shared.recorded(newer)
    shared.people.tell(older)
    await shared.recorded(older)
    shown = [one.shown.split("\n")[0] for one in shared.answers(older)]
    assert shown == ["the newer one", "the older one"]


async def test_an_edit_while_the_question_waits_changes_it(shared: Team) -> None:
    root = shared.ask("repeat: one two three four five six seven eight nine fault:stall")
    await shared.text_appears(root)
    waiting = shared.ask("repeat: before the edit", by="U0BOB", thread=root.ts)
    await shared.told()
    shared.people.edit(waiting, f"{shared.people.mention} repeat: after the edit")
    await shared.told()
    [answer] = shared.answers(root)
    shared.people.react("U0ALICE", answer, "octagonal_sign")
    await shared.recorded(waiting)
    assert shared.answers(waiting)[-1].shown.startswith("after the edit")
    assert len(shared.answers(root)) == 2


async def test_an_edit_after_the_answer_gives_no_second_one(shared: Team) -> None:
    question = shared.ask("repeat: only once")
    await shared.answer_to(question, "only once")
    shared.people.edit(question, f"{shared.people.mention} repeat: twice")
    shared.people.unfurl(question, "https://example.org/")
    await has_one_answer(shared, question, "only once")


async def test_an_edit_that_adds_the_mention_is_a_question(shared: Team) -> None:
    said = shared.people.say("U0ALICE", "C0GENERAL", "repeat: now for you")
    shared.people.edit(said, f"{shared.people.mention} repeat: now for you")
    await has_one_answer(shared, said, "now for you")


async def test_a_question_deleted_while_it_is_answered_leaves_nothing(shared: Team) -> None:
    question = shared.ask("repeat: a b c d e f g h i j k l m fault:stall")
    await shared.text_appears(question)
    [answer] = shared.answers(question)
    shared.people.delete(question)
    await shared.slack.wait_for(lambda: answer.deleted)
    assert await shared.recorded(question)


async def test_a_question_deleted_while_it_waits_is_never_asked(shared: Team) -> None:
    root = shared.ask("repeat: a b c d e f g h i j k l m fault:stall")
    await shared.text_appears(root)
    waiting = shared.ask("repeat: please forget", thread=root.ts)
    await shared.told()
    calls = shared.model.calls
    shared.people.delete(waiting)
    await shared.told()
    [answer] = shared.answers(root)
    shared.people.react("U0ALICE", answer, "octagonal_sign")
    await shared.answer_to(root, "Stopped")
    await shared.answer_to(shared.ask("repeat: the last one"), "the last one")
    assert shared.model.calls == calls + 1


async def test_a_question_deleted_after_its_answer_is_erased_from_the_ledger(shared: Team) -> None:
    question = shared.ask("repeat: a word to erase")
    answer = await shared.answer_to(question, "a word to erase")
    shared.people.delete(question)
    await shared.told()
    for table, column in (("turns", "question"), ("inbox", "text")):
        [row] = shared.ledger(
            f"SELECT {column} AS text FROM {table} WHERE message_id = ?", question.ts
        )
        assert row["text"] == ""
    assert not answer.deleted


async def test_bots_are_not_answered_nor_the_bot_itself(shared: Team) -> None:
    answer = await shared.answer_to(shared.ask("repeat: and on it goes"), "and on it goes")
    calls = shared.model.calls
    mention = shared.people.mention
    others = [
        shared.people.other_bot_says("C0GENERAL", f"{mention} repeat: are you there"),
        shared.people.other_bot_says("C0GENERAL", f"{mention} repeat: hi", user=None),
        shared.people.other_bot_says("C0GENERAL", f"{mention} more", answer.thread_ts),
    ]
    await shared.told()
    await shared.answer_to(shared.ask("repeat: the last one"), "the last one")
    assert shared.model.calls == calls + 1
    for one in others:
        assert not shared.ledger("SELECT 1 FROM inbox WHERE message_id = ?", one.ts)


async def test_a_hundred_copies_at_the_same_moment_make_one_answer(shared: Team) -> None:
    shared.model.faults.switch(Fault("slow", seconds=0.3, times=1))
    question = shared.ask("repeat: a storm")
    for _ in range(50):  # of both its events
        shared.people.tell(question)
    await has_one_answer(shared, question, "a storm")


async def test_a_stop_drops_what_the_same_person_asked_behind_it_and_nothing_else(
    shared: Team,
) -> None:
    root = shared.ask("repeat: a b c d e f g h i j k l m fault:stall")
    await shared.text_appears(root)
    dropped = shared.ask("repeat: of Alice", thread=root.ts)
    kept = shared.ask("repeat: of Bob", by="U0BOB", thread=root.ts)
    await shared.told()
    [answer] = shared.answers(root)
    shared.people.react("U0ALICE", answer, "octagonal_sign")
    await shared.recorded(kept)
    shown = [one.shown.split("\n")[0] for one in shared.answers(dropped)]
    assert "of Bob" in shown
    assert "of Alice" not in shown
