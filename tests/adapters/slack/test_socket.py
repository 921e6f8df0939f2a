"""Socket Mode: stored before acknowledged, and never two sockets too many."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from tests.adapters.slack.conftest import running_bot


class QuickClock:
    """Sleeps a twentieth as long."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() * 20

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 20)


async def test_a_question_over_the_socket_is_answered_and_acknowledged() -> None:
    async with running_bot(socket_mode=True) as bot:
        await bot.slack.wait_for(lambda: bot.slack.sockets.connections)
        asked = await bot.ask()
        await bot.slack.wait_for(lambda: bot.chatbot.turns and bot.chatbot.turns[0].done())
        await bot.slack.outbox.settled()
        assert len(bot.slack.workspace.answers_to(asked.ts)) == 1
        assert all(d.state == "acked" for d in bot.slack.outbox.deliveries)
        typed = bot.slack.people.command("U0ALICE", "C0GENERAL", "/chatbot-help")
        await bot.slack.wait_for(lambda: bot.slack.workspace.ephemerals)
        assert typed.delivery.state == "acked"
        assert typed.delivery.response is None
        assert bot.slack.sockets.most_at_once == 1


async def test_what_is_not_stored_is_not_acknowledged() -> None:
    async with running_bot(socket_mode=True, ack_timeout_s=0.2, time_scale=100) as bot:
        await bot.slack.wait_for(lambda: bot.slack.sockets.connections)
        bot.chatbot.stored = False
        asked = await bot.ask()
        await bot.slack.wait_for(lambda: len(bot.slack.outbox.deliveries[0].attempts) > 1)
        assert bot.slack.outbox.deliveries[0].attempts[0].ack_s is None
        bot.chatbot.stored = True
        await bot.slack.wait_for(lambda: bot.slack.workspace.answers_to(asked.ts))


async def test_readiness_follows_the_socket() -> None:
    async with running_bot(socket_mode=True) as bot:
        assert await bot.channel.ready() != ""
        async with asyncio.timeout(5):
            while await bot.channel.ready():  # noqa: ASYNC110 - it is asked, it does not tell
                await asyncio.sleep(0.02)


async def test_stopping_closes_the_socket_first() -> None:
    async with running_bot(socket_mode=True) as bot:
        await bot.slack.wait_for(lambda: bot.slack.sockets.connections)
        await bot.channel.close_socket()
        await bot.slack.wait_for(lambda: not bot.slack.sockets.connections)
        assert bot.slack.sockets.opened == 1


async def test_after_a_dead_network_the_socket_comes_back() -> None:
    async with running_bot(socket_mode=True, clock=QuickClock(), time_scale=100) as bot:
        await bot.slack.wait_for(lambda: bot.slack.sockets.connections)
        await bot.slack.go_offline()
        await bot.slack.wait_for(lambda: not bot.slack.sockets.connections)
        await bot.slack.go_online()
        await bot.slack.wait_for(lambda: bot.slack.sockets.connections, 30)
        asked = await bot.ask()
        await bot.slack.wait_for(lambda: bot.slack.workspace.answers_to(asked.ts), 20)
        assert bot.slack.sockets.most_at_once <= 2


async def test_a_socket_that_hears_nothing_for_long_is_replaced() -> None:
    class ImpatientClock(QuickClock):
        def monotonic(self) -> float:
            return time.monotonic() * 2_000

    async with running_bot(socket_mode=True, clock=ImpatientClock(), time_scale=1000) as bot:
        await bot.slack.wait_for(lambda: bot.slack.sockets.opened >= 2, 20)
        assert bot.slack.sockets.most_at_once <= 2
