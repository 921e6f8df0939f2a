from __future__ import annotations

from typing import TYPE_CHECKING

from tests.adapters.chatbot import says

if TYPE_CHECKING:
    from tests.adapters.slack.conftest import Bot


async def test_a_signed_mention_is_streamed_into_its_thread_and_can_be_rated(bot: Bot) -> None:
    bot.chatbot.script = says("One ", "two ", "three.")

    asked = await bot.ask("count")
    await bot.slack.wait_for(lambda: bot.chatbot.turns and bot.chatbot.turns[0].done())
    bot.chatbot.turns[0].result()

    (answer,) = bot.slack.workspace.answers_to(asked.ts)
    assert answer.markdown == "One two three."
    assert answer.thread_ts == asked.ts
    assert bot.chatbot.accepted[0].text == "count"
    assert bot.chatbot.accepted[0].address == "mention"
    assert [ref.message_id for ref in bot.chatbot.saved[asked.ts]] == [answer.ts]
    pressed = bot.slack.people.press("U0ALICE", answer, "feedback", "up")
    await bot.slack.wait_for(lambda: pressed.delivery.state == "acked")
    assert [(r.emoji, r.ref.message_id) for r in bot.chatbot.reactions] == [
        ("button:up", answer.ts)
    ]
