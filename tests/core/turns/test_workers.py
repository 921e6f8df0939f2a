"""Who works on what: order, slots, crashes, hand-over."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from core.conversation import ConversationKey
from core.errors import DeliveryError, NotStored
from tests.core.turns.making import ADA, ask
from tests.core.turns.office import Office
from tests.fakes.model import Pause

pytestmark = pytest.mark.looptime


def thread(n: int) -> ConversationKey:
    return ConversationKey("fake", "T1", "C1", f"thread-{n}")


async def shows_text(office):
    await office.chat.until(lambda: any(shown.text for shown in office.chat.answers))


async def test_messages_of_a_conversation_are_answered_in_order_one_at_a_time():
    office = Office([Pause(1), "Ok."])
    for n in range(5):
        await office.desk.accept(ask(f"Q{n}?", n=n))
    turns = await office.recorded(5)
    assert [turn.question for turn in turns] == [f"Q{n}?" for n in range(5)]
    assert office.model.most_running == 1


async def test_conversations_are_answered_side_by_side():
    office = Office([Pause(1), "Ok."])
    for n in range(3):
        await office.desk.accept(ask("Q?", n=n, key=thread(n)))
    await office.recorded(3)
    assert office.model.most_running == 3


async def test_turns_at_work_are_bounded_and_the_rest_is_answered_later():
    office = Office([Pause(1), "Ok."], slots=2)
    for n in range(7):
        await office.desk.accept(ask("Q?", n=n, key=thread(n)))
    turns = await office.recorded(7)
    assert office.model.most_running == 2
    assert [turn.conversation.thread for turn in turns] == [f"thread-{n}" for n in range(7)]


async def test_a_busy_conversation_lets_others_have_the_slot():
    office = Office([Pause(1), "Ok."], slots=1)
    for n in range(3):
        await office.desk.accept(ask(f"Q{n}?", n=n, key=thread(1)))
    await office.desk.accept(ask("Mine?", n=9, key=thread(2)))
    turns = await office.recorded(4)
    questions = [turn.question for turn in turns]
    assert questions.index("Mine?") < 3
    assert [one for one in questions if one != "Mine?"] == ["Q0?", "Q1?", "Q2?"]


async def test_a_stuck_conversation_delays_no_other():
    office = Office([asyncio.Event()], ["Ok."], slots=2)
    await office.desk.accept(ask("Stuck?", key=thread(1)))
    await office.chat.until(lambda: bool(office.chat.answers))
    await office.desk.accept(ask("Mine?", n=2, key=thread(2)))
    await office.chat.until(lambda: any(shown.text == "Ok." for shown in office.chat.answers))
    await office.workers.drain(0)


async def test_a_delivery_that_is_repeated_is_answered_once():
    office = Office("Ok.")
    results = [await office.desk.accept(ask("Q?")) for _ in range(11)]
    await office.recorded()
    await office.workers.sweep()
    assert results == ["accepted"] + ["duplicate"] * 10
    assert len(office.turns) == 1
    assert office.duplicates == ["fake"] * 10
    assert len(office.acknowledged) == 11


async def test_a_process_that_dies_in_an_answer_is_continued_in_the_same_message():
    first = Office(["Half an ", asyncio.Event()])
    await first.desk.accept(ask("Q?"))
    await shows_text(first)
    dead = [task for task in asyncio.all_tasks() if task.get_name().startswith("conversation")]
    first.store.broken = "the process is dead"
    for task in dead:
        task.cancel()
    await asyncio.wait(dead)

    first.store.broken = ""
    second = Office("Whole.", store=first.store.reopened(), chat=first.chat)
    assert await second.workers.sweep() == 1
    [turn] = await second.recorded()
    assert turn.answer == "Whole."
    assert [shown.text for shown in second.chat.answers] == ["Whole."]


async def test_drain_lets_running_answers_end():
    office = Office([Pause(5), "Done."])
    await office.desk.accept(ask("Q?"))
    await office.workers.drain(25)
    assert [turn.answer for turn in office.turns] == ["Done."]


async def test_drain_hands_over_what_does_not_end_and_counts_no_start():
    office = Office([asyncio.Event()], ["Done."])
    await office.desk.accept(ask("Q?"))
    await office.chat.until(lambda: bool(office.chat.answers))
    await office.workers.drain(25)
    assert office.turns == []
    [hold] = await office.store.adopt(5)
    queued = await hold.begin()
    assert (queued.starts, queued.failures) == (1, 0)


async def test_while_draining_messages_are_stored_but_not_started():
    office = Office("Ok.")
    await office.workers.drain(0)
    assert await office.desk.accept(ask("Q?")) == "accepted"
    assert await office.workers.sweep() == 0
    assert (await office.store.depth())[0] == 1


async def test_a_message_that_always_fails_is_given_up_after_three_times_and_said_so():
    office = Office("Ok.")
    office.chat.failures = [DeliveryError("503", retryable=True) for _ in range(3)]
    await office.desk.accept(ask("Poison?"))
    await office.desk.accept(ask("Next?", n=2))
    turns = await office.recorded(1)
    assert [turn.question for turn in turns] == ["Next?"]
    [(dead, _)] = await office.store.dead_letters()
    assert dead.message.text == "Poison?"
    assert office.dead_letters == 1
    assert office.clock.sleeps == [2.0, 8.0]
    assert "several times" in office.chat.answers[0].ending.notice.blocks[0].markdown


async def test_an_answer_that_cannot_be_recorded_yet_is_recorded_when_the_store_is_back():
    office = Office(["Ok.", Pause(1)])
    await office.desk.accept(ask("Q?"))
    await shows_text(office)
    office.store.broken = "the disk is full"
    asyncio.get_running_loop().call_later(10, setattr, office.store, "broken", "")
    [turn] = await office.recorded()
    assert turn.answer == "Ok."
    assert len(office.chat.answers) == 1


async def test_what_cannot_be_stored_is_not_acknowledged():
    office = Office("Ok.")
    office.store.broken = "the disk is full"
    with pytest.raises(NotStored):
        await office.desk.accept(ask("Q?"))


async def test_a_store_that_fails_in_a_turn_counts_no_failure_and_the_answer_comes_later():
    office = Office("Ok.")
    await office.desk.accept(ask("Q?"))
    await office.chat.until(lambda: bool(office.chat.answers))
    office.store.broken = "the disk is full"
    await office.workers.idle()
    assert office.turns == []
    office.store.broken = ""
    [turn] = await office.recorded()
    assert (turn.outcome, len(office.chat.answers)) == ("answered", 1)
    assert office.clock.sleeps == []


async def test_a_lease_that_cannot_be_renewed_ends_own_turns_in_time():
    office = Office(["Text", asyncio.Event()], lease_s=10)
    await office.desk.accept(ask("Q?"))
    await shows_text(office)
    await office.workers.beat()
    office.store.broken = "no connection"
    for _ in range(7):
        await asyncio.sleep(1)
        await office.workers.beat()
    assert office.model.running == 1
    for _ in range(2):
        await asyncio.sleep(1)
        await office.workers.beat()
    await office.workers.idle()
    assert office.model.running == 0


async def test_a_former_owner_records_nothing():
    office = Office([Pause(1), "Late."])
    await office.desk.accept(ask("Q?"))
    await office.chat.until(lambda: bool(office.chat.answers))
    other = office.store.reopened()
    assert len(await other.adopt(5)) == 1
    await office.workers.idle()
    assert office.turns == []
    assert office.store.data.turns == {}


async def test_stop_drops_what_the_same_person_has_queued_behind():
    office = Office([asyncio.Event()], ["Ok."])
    await office.desk.accept(ask("One?"))
    await office.chat.until(lambda: bool(office.chat.answers))
    await office.desk.accept(ask("Two?", n=2))
    assert await office.desk.stop(ask("").conversation, ADA)
    [turn] = await office.recorded()
    await office.workers.sweep()
    await office.workers.idle()
    assert (turn.question, turn.outcome) == ("One?", "stopped")
    assert len(office.turns) == 1


async def test_a_deleted_question_ends_its_answer_without_a_last_word():
    office = Office(["Text", asyncio.Event()])
    message = ask("Q?")
    await office.desk.accept(message)
    await shows_text(office)
    parts = await office.desk.deleted(message.ref)
    [shown] = office.chat.answers
    assert list(parts) == [shown.ref]
    assert shown.ending is None
    assert [turn.outcome for turn in office.turns] == ["stopped"]


async def test_a_question_edited_while_it_waits_is_answered_as_edited():
    office = Office([Pause(1), "Ok."])
    await office.desk.accept(ask("One?"))
    second = ask("Two?", n=2)
    await office.desk.accept(second)
    await office.desk.edited(second.ref, "Two, really?")
    turns = await office.recorded(2)
    assert [turn.question for turn in turns] == ["One?", "Two, really?"]


async def test_an_edit_asks_what_was_no_question_before_and_nothing_twice():
    office = Office("Ok.")
    await office.desk.accept(replace(ask("P?"), twin="same words"))
    message = replace(ask("Q, please?", n=2), twin="same words")
    for _ in range(3):
        await office.desk.edited(message.ref, message.text, message)
    await office.workers.idle()
    await office.desk.edited(message.ref, "Q, now?", replace(message, text="Q, now?"))
    await office.workers.idle()
    assert [turn.question for turn in office.turns] == ["P?", "Q, please?"]
    assert office.duplicates == [], "an edit is no delivery that came twice"


async def test_an_edit_of_a_question_that_waits_replaces_it():
    office = Office([Pause(1), "Ok."])
    await office.desk.accept(ask("One?"))
    second = replace(ask("Two?", n=2), twin="words and moment")
    await office.desk.accept(second)
    now = replace(second, text="Two, really?", twin="other words")
    await office.desk.edited(second.ref, now.text, now)
    turns = await office.recorded(2)
    assert [turn.question for turn in turns] == ["One?", "Two, really?"]


async def test_overheard_words_are_answered_only_while_the_asker_is_alone():
    office = Office("Ok.")
    await office.desk.accept(ask("One?"))
    follow_up = replace(ask("And?", n=2), address="thread")
    assert await office.desk.accept(follow_up) == "accepted"
    other = replace(ask("I think so too", n=3, by=replace(ADA, user_id="U2")), address="thread")
    assert await office.desk.accept(other) == "not_for_us"
    again = replace(ask("And again?", n=4), address="thread")
    assert await office.desk.accept(again) == "not_for_us"
    await office.recorded(2)
