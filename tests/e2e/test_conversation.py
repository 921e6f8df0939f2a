"""The bot as a process in Slack: what people do, and what they see."""

from __future__ import annotations

import io
import time

import aiohttp

from adapters.demo.faults import Fault
from tests.standins.slack import sign


def text_of(answer) -> str:
    return answer.shown


async def test_a_mention_is_answered_in_a_thread_and_followed_up(team):
    async with team.bot():
        question = team.ask("How do I connect Slack?")
        answer = await team.answer_to(question)
        assert answer.thread_ts == question.ts
        assert "connect slack" in text_of(answer)
        name = team.people.say("U0ALICE", "C0GENERAL", "My name is Ada.", question.ts)
        await team.answer_to(name)

        follow_up = team.people.say("U0ALICE", "C0GENERAL", "What is my name?", question.ts)
        answer = await team.answer_to(follow_up)
        assert "Ada" in text_of(answer)


async def test_a_second_person_ends_follow_ups_without_a_mention(team):
    async with team.bot():
        question = team.ask("How do I connect Slack?")
        await team.answer_to(question)
        team.people.say("U0BOB", "C0GENERAL", "I did that yesterday.", question.ts)
        ignored = team.people.say("U0ALICE", "C0GENERAL", "Good to know.", question.ts)
        mention = team.ask("What did Bob say?", thread=question.ts)
        await team.answer_to(mention)
        between = [
            one
            for one in team.slack.workspace.answers_to(ignored.ts)
            if float(one.ts) < float(mention.ts)
        ]
        assert between == []


async def test_each_top_level_dm_is_a_conversation_of_its_own(team):
    async with team.bot():
        first = team.people.say("U0ALICE", "U0ALICE", "My name is Ada.")
        await team.answer_to(first)
        second = team.people.say("U0ALICE", "U0ALICE", "What is my name?")
        answer = await team.answer_to(second)
        assert "Ada" not in text_of(answer)


async def test_deliveries_that_are_repeated_are_answered_once(team):
    async with team.bot():
        question = team.ask("How do I connect Slack?")
        for _ in range(5):
            team.people.tell(question)
        await team.answer_to(question)
        after = team.ask("And what does it cost?", thread=question.ts)
        await team.answer_to(after)
        assert len(team.slack.workspace.answers_to(question.ts)) == 2


async def test_socket_mode_answers_too(socket_team):
    async with socket_team.bot():
        question = socket_team.ask("How do I connect Slack?")
        answer = await socket_team.answer_to(question)
        assert "connect slack" in text_of(answer)


async def test_a_bot_killed_in_an_answer_finishes_it_in_the_same_message(team):
    async with team.bot() as bot:
        question = team.ask("How do I connect Slack? fault:stall x1")
        await team.text_appears(question)
        [begun] = team.slack.workspace.answers_to(question.ts)
        await bot.kill()
    async with team.bot():
        answer = await team.answer_to(question)
        assert answer.ts == begun.ts


async def test_questions_that_came_before_a_kill_are_answered_after_it(team):
    team.model.faults.switch(Fault("silent"))
    async with team.bot() as bot:
        questions = [team.ask(f"What does it cost? ({n})") for n in range(5)]
        await team.slack.wait_for(
            lambda: all(team.slack.workspace.answers_to(one.ts) for one in questions)
        )
        await bot.kill()
    team.model.faults.switch(None)
    async with team.bot():
        for question in questions:
            await team.answer_to(question)


async def test_sigterm_lets_a_running_answer_end(team):
    async with team.bot() as bot:
        question = team.ask("How do I connect Slack?")
        await team.slack.wait_for(lambda: team.slack.workspace.answers_to(question.ts))
        assert await bot.stop() == 0
        await team.answer_to(question)


async def test_an_answer_is_rated_with_emoji_and_button_and_counted(team):
    async with team.bot():
        question = team.ask("How do I connect Slack?")
        answer = await team.answer_to(question)
        team.people.react("U0ALICE", answer, "thumbsdown::skin-tone-3")
        team.people.react("U0BOB", answer, "+1")
        await team.told()
        shown = await stats(team)
        assert "👍 1  👎 1" in shown


async def test_a_failing_model_gives_a_notice_and_can_be_tried_again(team):
    async with team.bot(RETRY_ATTEMPTS="0"):
        question = team.ask("How do I connect Slack? fault:server_error x1")
        answer = await team.answer_to(question, "not available")
        assert "500" not in text_of(answer)
        team.people.press("U0ALICE", answer, "try-again")
        again = await team.answer_to(question, "connect slack")
        assert again.ts == answer.ts


async def test_retries_are_quiet_and_the_answer_comes(team):
    async with team.bot():
        question = team.ask("How do I connect Slack? fault:unavailable x1")
        answer = await team.answer_to(question)
        assert "connect slack" in text_of(answer)


async def test_stop_by_word_keeps_what_was_written(team):
    async with team.bot():
        question = team.ask("How do I connect Slack? fault:stall")
        await team.text_appears(question)
        team.people.say("U0ALICE", "C0GENERAL", "stop", question.ts)
        answer = await team.answer_to(question, "Stopped")
        assert len(text_of(answer)) > len("Stopped.")


async def test_stop_by_emoji(team):
    async with team.bot():
        question = team.ask("How do I connect Slack? fault:stall")
        await team.text_appears(question)
        [running] = team.slack.workspace.answers_to(question.ts)
        team.people.react("U0BOB", running, "octagonal_sign")
        await team.answer_to(question, "Stopped")


async def test_stop_by_slacks_own_button_in_the_agent_pane(team):
    async with team.bot():
        question = team.people.say("U0ALICE", "U0ALICE", "How do I connect Slack? fault:stall")
        await team.text_appears(question)
        team.people.stop("U0ALICE", question.channel, question.ts)
        await team.answer_to(question, "Stopped")


async def test_commands_are_seen_by_the_caller_alone(team):
    async with team.bot():
        await team.answer_to(team.ask("How do I connect Slack?"))
        assert "Questions" in await stats(team)
        before = len(team.slack.workspace.messages("C0GENERAL"))
        assert "7d" in await stats(team, "nonsense")
        assert len(team.slack.workspace.messages("C0GENERAL")) == before


async def test_a_typed_command_is_answered_in_the_thread(team):
    async with team.bot():
        question = team.ask("stats")
        await team.slack.wait_for(
            lambda: any("Statistics" in one.shown for one in team.slack.workspace.answers_to(question.ts))
        )


async def test_reset_forgets_the_conversation(team):
    async with team.bot():
        first = team.ask("My name is Ada.")
        await team.answer_to(first)
        reset = team.ask("reset", thread=first.ts)
        await team.slack.wait_for(lambda: team.slack.workspace.answers_to(reset.ts))
        second = team.ask("What is my name?", thread=first.ts)
        await team.slack.wait_for(
            lambda: any(one.blocks for one in team.slack.workspace.answers_to(second.ts))
        )
        assert "Ada" not in text_of(team.slack.workspace.answers_to(second.ts)[-1])


async def test_health_metrics_and_the_request_log(team, tmp_path):
    async with team.bot() as bot, aiohttp.ClientSession() as http:
        async with http.get(f"{bot.url}/healthz") as response:
            assert response.status == 200
        async with http.get(f"{bot.url}/readyz") as response:
            assert (await response.json())["ready"] is True
        await team.answer_to(team.ask("How do I connect Slack?"))
        await bot.stop()
    [line] = (tmp_path / "metrics" / "requests.jsonl").read_text().splitlines()
    assert '"outcome": "answered"' in line.replace('":"', '": "')
    assert "connect" not in line


async def test_nothing_that_a_stranger_sends_is_stored_or_breaks_the_bot(team):
    async with team.bot() as bot, aiohttp.ClientSession() as http:
        url = f"{bot.url}/slack/events"
        bodies = [b"", b"{", b"null", b"[]", b"\xff\xfe", b"[" * 100_000, b"x" * 1_100_000]
        for body in bodies:
            async with http.post(url, data=io.BytesIO(body)) as response:
                assert 400 <= response.status < 500
            async with http.post(url, data=io.BytesIO(body), headers=signed(team, body)) as response:
                assert response.status < 500
        async with http.get(f"{bot.url}/readyz") as response:
            assert response.status == 200
        await team.answer_to(team.ask("How do I connect Slack?"))


def signed(team, body: bytes) -> dict[str, str]:
    now = int(time.time())
    return {
        "X-Slack-Request-Timestamp": str(now),
        "X-Slack-Signature": sign(team.slack.signing_secret, now, body),
        "Content-Type": "application/json",
    }


async def stats(team, text: str = "") -> str:
    """What a person sees after /chatbot-stats."""
    asked = team.people.command("U0ALICE", "C0GENERAL", "/chatbot-stats", text)
    return await team.slack.wait_for(
        lambda: asked.response_url.shown and asked.response_url.shown[-1].shown
    )
