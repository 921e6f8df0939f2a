"""Bots that end while they answer, and those that come after them."""

from __future__ import annotations

from adapters.demo.faults import Fault


async def test_socket_mode_answers_too(socket_team):
    async with socket_team.bot():
        question = socket_team.ask("How do I connect Slack?")
        answer = await socket_team.answer_to(question)
        assert "connect slack" in answer.shown


async def test_a_bot_killed_in_an_answer_finishes_it_in_the_same_message(team):
    async with team.bot() as bot:
        question = team.ask("How do I connect Slack? fault:stall x1")
        await team.text_appears(question)
        [begun] = team.answers(question)
        await bot.kill()
    async with team.bot():
        answer = await team.answer_to(question)
        assert answer.ts == begun.ts


async def test_questions_that_came_before_a_kill_are_answered_after_it(team):
    team.model.faults.switch(Fault("silent"))
    async with team.bot() as bot:
        questions = [team.ask(f"What does it cost? ({n})") for n in range(5)]
        await team.slack.wait_for(lambda: all(team.answers(one) for one in questions))
        await bot.kill()
    team.model.faults.switch(None)
    async with team.bot():
        for question in questions:
            await team.answer_to(question)


async def test_sigterm_lets_a_running_answer_end(team):
    async with team.bot() as bot:
        question = team.ask("How do I connect Slack?")
        await team.slack.wait_for(lambda: team.answers(question))
        assert await bot.stop() == 0
        await team.answer_to(question)
