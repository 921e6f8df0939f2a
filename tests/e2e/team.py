"""Slack, a model, and bots between them: what people do, and what can be seen from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.e2e.deployment import Deployment, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.demo.server import DemoServer
    from tests.standins.slack import Message, SlackStandIn
    from tests.standins.slack.interactions import Interaction

__all__ = ["Team", "eventually"]


class Team(Deployment["Message"]):
    """Slack, and where the bot lives that is in it."""

    def __init__(self, slack: SlackStandIn, model: DemoServer, folder: Path, port: int) -> None:
        super().__init__(model, folder, port)
        self.slack = slack
        self.people = slack.people

    @property
    def events_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/slack/events"

    def environment(self) -> dict[str, str]:
        return self.slack.environment()

    def id_of(self, question: Message) -> str:
        return question.ts

    # --- what people do ------------------------------------------------------------------------

    def ask(
        self, text: str, *, by: str = "U0ALICE", thread: str | None = None, **more: Any
    ) -> Message:
        """A mention in #general; returns the message."""
        words = f"{self.people.mention} {text}".strip()
        return self.people.say(by, "C0GENERAL", words, thread, raw=True, **more)

    def command(self, text: str = "", *, by: str = "U0ALICE", name: str = "stats") -> Interaction:
        return self.people.command(by, "C0GENERAL", f"/chatbot-{name}", text)

    async def stats(self, text: str = "") -> str:
        """What a person sees after /chatbot-stats."""
        asked = self.command(text)
        return await self.slack.wait_for(
            lambda: asked.response_url.shown and asked.response_url.shown[-1].shown
        )

    # --- what they see -------------------------------------------------------------------------

    def answers(self, question: Message) -> list[Message]:
        """The bot's messages to a question: those before the next one in its thread."""
        return self.slack.workspace.answers_to(question.ts, question.channel)

    async def answer_to(self, question: Message, holds: str = "", timeout_s: float = 20.0):
        """The only answer to a question, once it is finished and has this text."""

        def finished():
            done = [one for one in self.answers(question) if one.blocks and holds in one.shown]
            return done[0] if done else None

        answer = await self.slack.wait_for(finished, timeout_s)
        await self.recorded(question)
        assert len(self.answers(question)) == 1
        return answer

    async def answered(self, question: Message) -> str:
        """All that the bot says to a question, once it is recorded."""
        await self.recorded(question)
        return "\n".join(one.shown for one in self.answers(question))

    async def text_appears(self, question: Message) -> None:
        """Wait until the first words of an answer are on the screen."""
        await self.slack.wait_for(lambda: any(one.shown for one in self.answers(question)))

    async def told(self) -> None:
        """Wait until the bot has acknowledged everything that it was told."""
        deliveries = self.slack.outbox.deliveries
        await self.slack.wait_for(lambda: all(one.state == "acked" for one in deliveries))

    def whispers(self, user: str, since: int = 0) -> list[str]:
        """What one person alone was shown."""
        shown = self.slack.workspace.ephemerals[since:]
        return [one.shown for one in shown if one.user == user]
