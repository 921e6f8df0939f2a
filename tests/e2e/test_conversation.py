"""The bot as a process in Slack: what people do, and what they see."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")
SETTINGS = {"RETRY_ATTEMPTS": "1"}


async def test_a_mention_is_answered_in_a_thread_and_followed_up(shared):
    question = shared.ask("How do I connect Slack?")
    answer = await shared.answer_to(question)
    assert answer.thread_ts == question.ts
    assert "connect slack" in answer.shown
    name = shared.people.say("U0ALICE", "C0GENERAL", "My name is Ada.", question.ts)
    await shared.answer_to(name)

    follow_up = shared.people.say("U0ALICE", "C0GENERAL", "What is my name?", question.ts)
    answer = await shared.answer_to(follow_up)
    assert "Ada" in answer.shown


async def test_a_second_person_ends_follow_ups_without_a_mention(shared):
    question = shared.ask("How do I connect Slack?")
    await shared.answer_to(question)
    shared.people.say("U0BOB", "C0GENERAL", "I did that yesterday.", question.ts)
    ignored = shared.people.say("U0ALICE", "C0GENERAL", "Good to know.", question.ts)
    mention = shared.ask("What did Bob say?", thread=question.ts)
    await shared.answer_to(mention)
    between = [one for one in shared.answers(ignored) if float(one.ts) < float(mention.ts)]
    assert between == []


async def test_each_top_level_dm_is_a_conversation_of_its_own(shared):
    first = shared.people.say("U0ALICE", "U0ALICE", "My name is Ada.")
    await shared.answer_to(first)
    second = shared.people.say("U0ALICE", "U0ALICE", "What is my name?")
    answer = await shared.answer_to(second)
    assert "Ada" not in answer.shown


async def test_deliveries_that_are_repeated_are_answered_once(shared):
    question = shared.ask("How do I connect Slack?")
    for _ in range(5):
        shared.people.tell(question)
    await shared.answer_to(question)
    after = shared.ask("And what does it cost?", thread=question.ts)
    await shared.answer_to(after)
    assert len(shared.answers(question)) == 2


async def test_an_answer_is_rated_with_emoji_and_button_and_counted(shared):
    question = shared.ask("How do I connect Slack?")
    answer = await shared.answer_to(question)
    shared.people.react("U0ALICE", answer, "thumbsdown::skin-tone-3")
    shared.people.react("U0BOB", answer, "+1")
    await shared.told()
    shown = await shared.stats()
    assert "👍 1  👎 1" in shown


async def test_a_failing_model_gives_a_notice_and_can_be_tried_again(shared):
    question = shared.ask("How do I connect Slack? fault:quota x1")
    answer = await shared.answer_to(question, "used up")
    assert "429" not in answer.shown
    shared.people.press("U0ALICE", answer, "try-again")
    again = await shared.answer_to(question, "connect slack")
    assert again.ts == answer.ts


async def test_retries_are_quiet_and_the_answer_comes(shared):
    question = shared.ask("How do I connect Slack? fault:unavailable x1")
    answer = await shared.answer_to(question)
    assert "connect slack" in answer.shown


async def test_stop_by_word_keeps_what_was_written(shared):
    question = shared.ask("How do I connect Slack? fault:stall")
    await shared.text_appears(question)
    shared.people.say("U0ALICE", "C0GENERAL", "stop", question.ts)
    answer = await shared.answer_to(question, "Stopped")
    assert len(answer.shown) > len("Stopped.")


async def test_stop_by_emoji(shared):
    question = shared.ask("How do I connect Slack? fault:stall")
    await shared.text_appears(question)
    [running] = shared.answers(question)
    shared.people.react("U0BOB", running, "octagonal_sign")
    await shared.answer_to(question, "Stopped")


async def test_stop_by_slacks_own_button_in_the_agent_pane(shared):
    question = shared.people.say("U0ALICE", "U0ALICE", "How do I connect Slack? fault:stall")
    await shared.text_appears(question)
    shared.people.stop("U0ALICE", question.channel, question.ts)
    await shared.answer_to(question, "Stopped")


async def test_commands_are_seen_by_the_caller_alone(shared):
    await shared.answer_to(shared.ask("How do I connect Slack?"))
    assert "Questions" in await shared.stats()
    before = len(shared.slack.workspace.messages("C0GENERAL"))
    assert "7d" in await shared.stats("nonsense")
    assert len(shared.slack.workspace.messages("C0GENERAL")) == before


async def test_a_typed_command_is_answered_in_the_thread(shared):
    question = shared.ask("stats")
    await shared.slack.wait_for(
        lambda: any("Statistics" in one.shown for one in shared.answers(question))
    )


async def test_reset_forgets_the_conversation(shared):
    first = shared.ask("My name is Ada.")
    await shared.answer_to(first)
    reset = shared.ask("reset", thread=first.ts)
    await shared.slack.wait_for(lambda: shared.answers(reset))
    second = shared.ask("What is my name?", thread=first.ts)
    await shared.slack.wait_for(lambda: any(one.blocks for one in shared.answers(second)))
    assert "Ada" not in shared.answers(second)[-1].shown
