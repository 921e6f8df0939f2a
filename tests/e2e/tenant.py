"""Teams, a model, and bots between them: what people do, and what can be seen from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.e2e.deployment import Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from adapters.demo.server import DemoServer
    from tests.standins.teams import Message, TeamsStandIn

SHOWN_FIELDS = ("text", "title", "value")
"""Of the elements of a card: what a reader sees."""


class Tenant(Deployment["Message"]):
    """Teams, and where the bot lives that is in it."""

    def __init__(self, teams: TeamsStandIn, model: DemoServer, folder: Path, port: int) -> None:
        super().__init__(model, folder, port)
        self.teams = teams
        self.people = teams.people

    def environment(self) -> dict[str, str]:
        return self.teams.environment()

    def id_of(self, question: Message) -> str:
        return question.id

    # --- what people do ------------------------------------------------------------------------

    def ask(
        self,
        text: str,
        *,
        by: str = "alice",
        where: str = "General",
        root: str | None = None,
        **more: Any,
    ) -> Message:
        """A mention in a channel or group, or with `where` a person's name in their chat with the
        bot; returns the message."""
        chat = self.teams.workspace.conversation(where)
        words = text if chat.kind == "personal" else f"@bot {text}"
        return self.people.say(by, chat, words, root, **more)

    # --- what they see -------------------------------------------------------------------------

    def answers(self, question: Message) -> list[Message]:
        """The bot's messages to a question: those before the next one of a person there."""
        told = self.teams.messages(question.conversation, root=question.root)
        bot = self.teams.workspace.bot.id
        found = []
        for message in told[told.index(question) + 1 :] if question in told else []:
            if message.sender != bot:
                break
            found.append(message)
        return found

    def answer_in(self, question: Message) -> Message:
        """The only one."""
        [answer] = self.answers(question)
        return answer

    async def answer_to(
        self, question: Message, holds: str = "", timeout_s: float = 20.0
    ) -> Message:
        """The only answer to a question, once it is finished and has this text."""
        await self.recorded(question)
        return await self.teams.wait_for(lambda: self._finished(question, holds), timeout_s)

    def _finished(self, question: Message, holds: str) -> Message | None:
        answers = self.answers(question)
        assert len(answers) <= 1, [shown(one) for one in answers]
        done = [one for one in answers if is_finished(one) and holds in shown(one)]
        return done[0] if done else None

    async def text_appears(self, question: Message) -> Message:
        """Wait until the first words of an answer are on the screen."""

        def growing() -> Message | None:
            return next((one for one in self.answers(question) if one.text.strip("… ")), None)

        return await self.teams.wait_for(growing)

    async def told(self) -> None:
        """Wait until the bot has acknowledged everything that it was told."""
        await self.teams.settled()
        given_up = [one for one in self.teams.outbox.deliveries if one.state != "acked"]
        assert given_up == []


def is_finished(message: Message) -> bool:
    """What follows the last words of an answer is there: buttons to rate it, or a notice."""
    stream = message.stream
    has_end = message.feedback_loop is not None or bool(message.cards)
    return has_end and (stream is None or stream.state != "open")


def shown(message: Message) -> str:
    """What a reader sees of a message: its text, and the words of its cards."""
    return "\n".join([*([message.text] if message.text else []), *_words(message.cards)])


def _words(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _words(item)
    elif isinstance(node, dict):
        yield from (node[name] for name in SHOWN_FIELDS if isinstance(node.get(name), str))
        for name, item in node.items():
            if name not in ("data", "fallback"):
                yield from _words(item)
