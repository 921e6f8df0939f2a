"""The bot as a process in Teams: what people do, and what they see."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.e2e.tenant import Tenant, shown

if TYPE_CHECKING:
    from tests.standins.teams import Message

pytestmark = pytest.mark.asyncio(loop_scope="module")
SETTINGS = {"RETRY_ATTEMPTS": "1", "ANSWER_FOOTER": "true"}


async def test_a_personal_chat_streams_and_remembers(shared_tenant: Tenant) -> None:
    team = shared_tenant
    question = team.ask("My name is Ada.", where="alice")
    answer = await team.answer_to(question)
    assert answer.stream is not None
    assert answer.stream.informative == ["Thinking…"]
    assert answer.says_ai
    assert answer.feedback_loop == "default"
    follow_up = team.ask("What is my name?", where="alice")
    elsewhere = team.ask("What is my name?", where="bob", by="bob")
    assert "Ada" in shown(await team.answer_to(follow_up))
    assert "Ada" not in shown(await team.answer_to(elsewhere))


@pytest.mark.parametrize("where", ["Lunch", "General"])
async def test_a_mention_is_answered_where_it_was_written(
    shared_tenant: Tenant, where: str
) -> None:
    team = shared_tenant
    question = team.ask("How do I connect Slack?", where=where)
    answer = await team.answer_to(question, "connect slack")
    assert (answer.stream, answer.root) == (None, question.root)
    assert answer.says_ai
    assert "demo · " in shown(answer), "the footer"
    assert team.teams.typing(where), "nobody saw that the bot was at work"


async def test_a_thread_goes_on_with_its_mentions_and_ends_at_its_edge(
    shared_tenant: Tenant,
) -> None:
    team = shared_tenant
    root = team.ask("My name is Ada.")
    await team.answer_to(root)
    follow_up = team.ask("What is my name?", root=root.id)
    assert "Ada" in shown(await team.answer_to(follow_up))
    elsewhere = team.ask("What is my name?")
    assert "Ada" not in shown(await team.answer_to(elsewhere))


async def test_a_bot_that_hears_everything_goes_on_without_a_mention_while_alone_with_the_asker(
    shared_tenant: Tenant,
) -> None:
    team = shared_tenant
    team.people.hears_everything = True
    try:
        overheard = team.people.say("bob", "Random", "Who is for lunch?")
        root = team.ask("My name is Ada.", where="Random")
        await team.answer_to(root)
        follow_up = team.people.say("alice", "Random", "What is my name?", root.id)
        assert "Ada" in shown(await team.answer_to(follow_up))
        team.people.say("bob", "Random", "I know!", root.id)
        ignored = team.people.say("alice", "Random", "So do I.", root.id)
        await team.told()
        last = team.ask("repeat: the last one", where="Random")
        await team.answer_to(last, "the last one")
        assert team.answers(overheard) == team.answers(ignored) == []
    finally:
        team.people.hears_everything = False


# --- ratings -----------------------------------------------------------------------------------


async def ratings_in(team: Tenant, channel: str) -> str:
    """The line of `stats` about them."""
    [line] = [line for line in shown(await stats(team, channel)).splitlines() if "👍" in line]
    return line


async def stats(team: Tenant, where: str, text: str = "stats") -> Message:
    asked = team.ask(text, where=where)
    return await team.teams.wait_for(
        lambda: next((a for a in team.answers(asked) if a.cards), None)
    )


async def test_each_person_counts_once_for_an_answer_and_the_last_word_wins(
    shared_tenant: Tenant,
) -> None:
    team, people = shared_tenant, shared_tenant.people
    team.teams.workspace.add_channel("Ratings")
    answer = await team.answer_to(team.ask("How do I connect Slack?", where="Ratings"))

    async def counts(line: str) -> None:
        await team.told()
        assert await ratings_in(team, "Ratings") == line

    people.react("alice", answer, "like")
    people.react("bob", answer, "1f44e_thumbsdown-tone3")
    people.react("carol", answer, "1f440_eyes")  # looking at something is no rating
    await counts("👍 1 👎 1")
    people.change_reaction("alice", answer, "like", "angry")
    await counts("👍 0 👎 2")
    people.feedback("alice", answer, liked=True, words="It was right after all")
    people.feedback("carol", answer, liked=False, names_message=False)
    await counts("👍 1 👎 2")
    people.unreact("bob", answer, "1f44e_thumbsdown-tone3")
    await counts("👍 1 👎 1")
    assert [one.complaint for one in team.teams.outbox.deliveries if one.complaint] == []
    reasons = team.ledger("SELECT DISTINCT reason FROM ratings WHERE reason != ''")
    assert reasons == [{"reason": "It was right after all"}]


# --- commands ----------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["stats", "chatbot-stats", "/chatbot-stats 7d", "STATS 7d all"])
async def test_stats_have_several_names(shared_tenant: Tenant, typed: str) -> None:
    answer = await stats(shared_tenant, "General", typed)
    assert "Statistics of the last" in shown(answer)
    assert answer.feedback_loop is None


async def says(team: Tenant, text: str, holds: str, where: str = "carol") -> Message:
    """What is answered to a word that is typed by Carol."""
    typed = team.ask(text, where=where, by="carol")
    await team.recorded(typed)
    [answer] = await team.teams.wait_for(lambda: team.answers(typed))
    assert holds in shown(answer)
    return answer


async def test_words_that_are_commands(shared_tenant: Tenant) -> None:
    team = shared_tenant
    team.teams.workspace.add_group("Words")
    await says(team, "settings temperature 0.3", "0.3")
    await says(team, "chatbot-settings", "0.3", "Words")
    for where in ("carol", "Words"):
        await says(team, "stats", "Statistics of the last 24 hours", where)
        await says(team, "stop", "Nothing", where)
    await says(team, "help", "reset", "General")


async def test_reset_forgets_the_conversation(shared_tenant: Tenant) -> None:
    team = shared_tenant
    team.teams.workspace.add_group("Secrets")
    await says(team, "My name is Ada.", "", "Secrets")
    await says(team, "reset", "forgotten", "Secrets")
    assert "Ada" not in shown(await says(team, "What is my name?", "", "Secrets"))


async def test_a_slash_command_is_answered_to_its_caller_alone(shared_tenant: Tenant) -> None:
    team = shared_tenant
    for where, command in (("Lunch", "chatbot-stats 7d"), ("General", "/chatbot-help")):
        asked = team.people.slash("alice", where, command)
        [answer] = await team.teams.wait_for(lambda asked=asked: team.answers(asked))
        assert answer.targeted_to == asked.sender
        assert answer.root == asked.root
        assert answer not in team.teams.messages(where, reader="bob")


async def test_buttons_of_a_card_run_their_command(shared_tenant: Tenant) -> None:
    team = shared_tenant
    card = await stats(team, "General")
    pressed = team.people.press("bob", card, "7d")
    await team.told()
    assert pressed.complaint is None
    assert "7 days" in json.dumps(pressed.response["value"])


async def test_a_failed_answer_can_be_tried_again(shared_tenant: Tenant) -> None:
    team = shared_tenant
    question = team.ask("How do I connect Slack? fault:quota x1")
    failed = await team.answer_to(question, "used up")
    assert failed.feedback_loop is None
    assert "429" not in shown(failed)
    pressed = team.people.press("alice", failed, "Try again")
    again = await team.answer_to(question, "connect slack")
    assert again is failed
    assert again.feedback_loop == "default"
    assert pressed.complaint is None
    assert "Trying again" in pressed.response["value"]


# --- stopping ----------------------------------------------------------------------------------

LONG = "repeat: one two three four five six seven eight nine fault:stall"


async def test_stop_by_word_and_by_emoji_keep_what_was_written(shared_tenant: Tenant) -> None:
    team = shared_tenant
    typed, reacted = team.ask(LONG), team.ask(LONG, where="Random")
    for question in (typed, reacted):
        await team.text_appears(question)
    team.ask("stop", root=typed.id)
    team.people.react("bob", team.answer_in(reacted), "1f6d1_octagonalsign")
    for question in (typed, reacted):
        answer = await team.answer_to(question, "Stopped")
        assert answer.text.startswith("one two")


async def test_stop_under_a_stream_ends_the_call_of_the_model(shared_tenant: Tenant) -> None:
    team = shared_tenant
    question = team.ask("repeat: " + "and on " * 200 + "fault:drip:0.01", where="bob", by="bob")
    answer = await team.text_appears(question)
    team.people.stop("bob")
    assert (await team.request(question))["outcome"] == "stopped"
    assert "and on".startswith(answer.text[:6])
    assert len(team.answers(question)) == 1


# --- edits and deletes -------------------------------------------------------------------------


async def test_an_edit_that_adds_the_mention_is_a_question_and_any_other_is_none(
    shared_tenant: Tenant,
) -> None:
    team, people = shared_tenant, shared_tenant.people
    said = people.say("alice", "General", "repeat: now for you")
    people.edit(said, "@bot repeat: now for you")
    await team.answer_to(said, "now for you")
    people.edit(said, "@bot repeat: once more")
    await team.told()
    await team.answer_to(team.ask("repeat: the last one"), "the last one")
    assert "now for you" in shown(team.answer_in(said))


async def test_what_waits_can_be_changed_and_taken_back(shared_tenant: Tenant) -> None:
    team, people = shared_tenant, shared_tenant.people
    root = team.ask(LONG)
    await team.text_appears(root)
    changed = team.ask("repeat: before the edit", by="bob", root=root.id)
    dropped = team.ask("repeat: never asked", by="bob", root=root.id)
    await team.told()
    calls = team.model.calls
    people.edit(changed, "@bot repeat: after the edit")
    people.delete(dropped)
    await team.told()
    team.people.react("alice", team.answer_in(root), "1f6d1_octagonalsign")
    await team.recorded(changed)
    last = team.ask("repeat: the last one", by="bob", root=root.id)
    await team.answer_to(last, "the last one")
    told = [shown(one) for one in team.teams.answers("General", root=root.id)]
    assert [words.split("\n")[0] for words in told[1:]] == ["after the edit", "the last one"]
    assert team.model.calls == calls + 2


async def test_a_question_deleted_while_it_is_answered_leaves_nothing(
    shared_tenant: Tenant,
) -> None:
    team = shared_tenant
    question = team.ask(LONG)
    answer = await team.text_appears(question)
    team.people.delete(question)
    await team.teams.wait_for(lambda: answer.deleted)


async def test_a_question_deleted_after_its_answer_is_erased_from_the_ledger(
    shared_tenant: Tenant,
) -> None:
    team = shared_tenant
    question = team.ask("repeat: a word to erase")
    answer = await team.answer_to(question, "a word to erase")
    team.people.delete(question)
    await team.told()
    assert team.ledger("SELECT question FROM turns WHERE message_id = ?", question.id) == [
        {"question": ""}
    ]
    assert not answer.deleted


# --- installing --------------------------------------------------------------------------------


async def test_an_installation_is_welcomed_once(shared_tenant: Tenant) -> None:
    team = shared_tenant

    def welcomes(where: str) -> list[Message]:
        return [one for one in team.teams.answers(where) if "Good to meet you" in shown(one)]

    for where in ("carol", "Lunch", "Random"):
        team.people.install("carol" if where == "carol" else "alice", where)
    team.people.join("bob", "Random")
    await team.told()
    for where in ("carol", "Lunch", "Random"):
        await team.teams.wait_for(lambda where=where: welcomes(where))
        await team.recorded(team.ask("stats", where=where, by="carol"))
        assert len(welcomes(where)) == 1
    pressed = team.people.press("bob", welcomes("Random")[0], "Show help")
    await team.told()
    assert pressed.complaint is None


async def test_other_bots_are_not_answered(shared_tenant: Tenant) -> None:
    team = shared_tenant
    other = team.people.other_bot_says("General", "@bot repeat: are you there")
    await team.told()
    await team.answer_to(team.ask("repeat: the last one"), "the last one")
    assert team.answers(other) == []
