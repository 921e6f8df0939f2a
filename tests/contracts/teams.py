"""Microsoft Teams for the contracts: a chat of two, which is streamed, and a thread, edited."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from adapters.teams.outbound.activities import to_message
from adapters.teams.place import Place
from tests.adapters.teams.conftest import running_bot
from tests.adapters.teams.eyes import buttons_of, card_words, inbound, words_of
from tests.contracts.screen import Below
from tests.standins.teams import TeamsFile, faults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.conversation import InboundMessage
    from tests.adapters.teams.conftest import Bot
    from tests.contracts.screen import Screen
    from tests.standins.teams import Message


class ChatScreen:
    """Alice and the bot."""

    where = "alice"
    mention = ""
    file_is = ("a.txt", "text/plain")
    shows_status = True
    whispers_apart = resumes_growing = False

    def __init__(self, bot: Bot, question: InboundMessage) -> None:
        self._bot = bot
        self._workspace = bot.teams.workspace
        self._thread: str | None = question.ref.message_id
        self.platform = bot.channel.platform
        self.question = question
        self.asker = self._workspace.person("alice").aad_id
        self.people = tuple(self._workspace.person(name).aad_id for name in ("bob", "carol"))

    def texts(self) -> dict[str, str]:
        return {one.id: words_of(one) for one in self._said() if one.targeted_to is None}

    def whispers(self) -> list[tuple[str, str]]:
        return [
            (self._workspace.person(one.targeted_to).aad_id, words_of(one))
            for one in self._said()
            if one.targeted_to is not None
        ]

    def below(self, message_id: str) -> Below:
        message = self._workspace.conversation(self.where).messages[message_id]
        buttons = {button["title"] for button in buttons_of(message)}
        last = message.text.rpartition("\n\n")[2]
        line = [last.strip("*")] if last[:1] == last[-1:] == "*" else []  # a footer alone
        return Below(
            " ".join([*line, *card_words(message)]),
            message.feedback_loop is not None,
            "Try again" in buttons,
            "Cancel" in buttons,
        )

    def status(self) -> str:
        streams = [one.stream for one in self._said() if one.stream is not None]
        return streams[-1].informative[-1] if streams else ""

    def refuse(self) -> None:
        self._bot.teams.people.block(self.where)
        self._bot.teams.faults.on("GET", "*", faults.http_status(403), times=None)

    def say(self, person: str, text: str) -> str:
        people = self._bot.teams.people
        return people.say(person, self.where, text, self._thread, told=False).id

    async def answer(self, text: str) -> None:
        place = Place.read(self.question.reply_to)
        await self._bot.channel.connector.create(place, to_message(place, text))

    def erase(self, message_id: str) -> None:
        self._workspace.conversation(self.where).messages[message_id].deleted = True

    async def ask(
        self, text: str, data: bytes | None = None, *, bare: bool = False
    ) -> InboundMessage:
        files = [] if data is None else [TeamsFile("a.txt", data)]
        asked = self._bot.teams.people.say(
            self.asker,
            self.where,
            f"{self.mention}{text}",
            self._thread,
            **{"files" if self.where == "alice" else "images": files},  # type: ignore[arg-type]  # the one or the other
        )
        accepted = self._bot.chatbot.accepted
        return await self._bot.teams.wait_for(
            lambda: next((one for one in accepted if one.ref.message_id == asked.id), None)
        )

    def _said(self) -> list[Message]:
        return self._bot.teams.answers(self.where)


class ThreadScreen(ChatScreen):
    """A thread in a channel."""

    where = "General"
    mention = "@bot "
    file_is = ("picture", "image/*")  # a bot is told of pictures alone, and without their names
    shows_status = False
    whispers_apart = resumes_growing = True

    def status(self) -> str:
        return "…" if self._bot.teams.activities.typing else ""


@asynccontextmanager
async def on_teams() -> AsyncIterator[Screen]:
    async with running_bot() as bot:
        question = await inbound(bot, ChatScreen.where)
        bot.chatbot.platform = None
        yield ChatScreen(bot, question)  # type: ignore[misc]  # a tuple of two


@asynccontextmanager
async def on_teams_channel() -> AsyncIterator[Screen]:
    async with running_bot() as bot:
        question = await inbound(bot, ThreadScreen.where)
        bot.chatbot.platform = None
        yield ThreadScreen(bot, question)  # type: ignore[misc]  # a tuple of two
