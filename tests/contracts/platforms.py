"""Every platform, with eyes on what a reader sees and hands for what people do there."""

from __future__ import annotations

import itertools
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from adapters.web.cast import BOT
from adapters.web.channel import WebChannel
from adapters.web.reading import read_message
from core.conversation import Attachment, Author, ConversationKey, InboundMessage, MessageRef
from core.errors import DeliveryError
from core.reports.plain import to_plain_text
from core.turn import Said
from tests.adapters.slack.conftest import running_bot
from tests.adapters.slack.test_answer import inbound, text_of
from tests.contracts.screen import Below
from tests.contracts.teams import on_teams, on_teams_channel
from tests.fakes.clock import START, LoopClock
from tests.fakes.platform import FakeChat
from tests.standins.slack import SlackFile, faults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from tests.adapters.slack.conftest import Bot
    from tests.contracts.screen import Screen
    from tests.fakes.platform import Shown


class FakeScreen:
    people = ("ben", "cleo")
    asker = "ada"
    file_is = ("a.txt", "text/plain")
    shows_status = whispers_apart = resumes_growing = True

    def __init__(self) -> None:
        self._chat = FakeChat(LoopClock())
        self._count = 0
        self.platform = self._chat.platform
        self.question = self._inbound("question", self._next())

    def texts(self) -> dict[str, str]:
        return {ref.message_id: _shown_text(one) for ref, one in self._chat.shown.items()}

    def whispers(self) -> list[tuple[str, str]]:
        return [(person, to_plain_text(said)) for person, said in self._chat.whispers]

    def below(self, message_id: str) -> Below:
        ending = next(
            one.ending for ref, one in self._chat.shown.items() if ref.message_id == message_id
        )
        assert ending is not None
        notice = to_plain_text(ending.notice) if ending.notice else ""
        said = f"{notice} {ending.footer}"
        return Below(said, ending.can_rate, ending.can_retry, ending.can_cancel)

    def status(self) -> str:
        states = [one.statuses[-1] for one in self._chat.shown.values() if one.statuses]
        return states[-1] if states else ""

    def refuse(self) -> None:
        self._chat.failures = [DeliveryError("refused")] * 100
        self._chat.unreadable = DeliveryError("refused")
        self._chat.files.clear()

    def say(self, person: str, text: str) -> str:
        number = self._next()
        at = START + timedelta(seconds=number)
        self._chat.said.append(Said(Author(person, person.title()), text, at, f"m{number}"))
        return f"m{number}"

    async def answer(self, text: str) -> None:
        """The fake keeps people's words alone."""

    def erase(self, message_id: str) -> None:
        self._chat.deleted.add(message_id)
        self._chat.shown = {
            ref: one for ref, one in self._chat.shown.items() if ref.message_id != message_id
        }

    async def ask(
        self, text: str, data: bytes | None = None, *, bare: bool = False
    ) -> InboundMessage:
        self.say(self.asker, text)
        message = self._inbound(text, self._count)
        if data is None:
            return message
        self._chat.files["file"] = data
        file = Attachment("a.txt", "text/plain", len(data), "file")
        return replace(message, attachments=(file,))

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _inbound(self, text: str, number: int) -> InboundMessage:
        return InboundMessage(
            ref=MessageRef("fake", "w", "c", f"m{number}"),
            conversation=ConversationKey("fake", "w", "c", "m1"),
            author=Author(self.asker, "Ada"),
            text=text,
            address="mention",
            sent_at=START + timedelta(seconds=number),
        )


class SlackScreen:
    people = ("U0BOB", "U0CAROL")
    asker = "U0ALICE"
    file_is = ("a.txt", "text/plain")
    shows_status = whispers_apart = resumes_growing = True

    def __init__(self, bot: Bot, question: InboundMessage) -> None:
        self._bot = bot
        self._thread = question.ref.message_id
        self.platform = bot.channel.platform
        self.question = question

    def texts(self) -> dict[str, str]:
        found = self._bot.slack.workspace.answers_to(self._thread)
        return {one.ts: text_of(one) or one.shown for one in found if not one.deleted}

    def whispers(self) -> list[tuple[str, str]]:
        return [(one.user, one.shown) for one in self._bot.slack.workspace.ephemerals]

    def below(self, message_id: str) -> Below:
        message = self._bot.slack.workspace.message(message_id)
        drawn = str(message.blocks)
        rated = "feedback_buttons" in drawn or "rate-up" in drawn
        return Below(message.shown, rated, "try-again" in drawn, "'cancel'" in drawn)

    def status(self) -> str:
        calls = self._bot.slack.calls("assistant.threads.setStatus")
        return str(calls[-1].args["status"]) if calls else ""

    def refuse(self) -> None:
        self._bot.slack.faults.on("files.download", faults.http_status(403), times=None)
        self._bot.slack.faults.on("*", faults.error("is_archived"), times=None)

    def say(self, person: str, text: str) -> str:
        people = self._bot.slack.people
        return people.say(person, "C0GENERAL", text, self._thread, told=False).ts

    async def answer(self, text: str) -> None:
        fields = {"channel": "C0GENERAL", "thread_ts": self._thread, "markdown_text": text}
        await self._bot.channel.api.call("chat.postMessage", fields)

    def erase(self, message_id: str) -> None:
        self._bot.slack.people.delete(self._bot.slack.workspace.message(message_id))

    async def ask(
        self, text: str, data: bytes | None = None, *, bare: bool = False
    ) -> InboundMessage:
        bot = self._bot
        files = [] if data is None else [SlackFile("a.txt", data)]
        asked = bot.slack.people.say(
            self.asker,
            "C0GENERAL",
            f"{bot.slack.people.mention} {text}",
            self._thread,
            files=files,
            twins="mention_first" if bare else "message_first",
        )
        accepted = bot.chatbot.accepted
        return await bot.slack.wait_for(
            lambda: next((one for one in accepted if one.ref.message_id == asked.ts), None)
        )


class TickingClock(LoopClock):
    """No two moments are the same, as between what people type."""

    def __init__(self) -> None:
        super().__init__()
        self._ticks = itertools.count()

    def now(self) -> datetime:
        return super().now() + timedelta(milliseconds=next(self._ticks))


class WebScreen:
    people = ("jonas", "priya")
    asker = "mira"
    file_is = ("a.txt", "text/plain")
    shows_status = whispers_apart = resumes_growing = True

    def __init__(self, channel: WebChannel) -> None:
        self._playground = channel.playground
        self._rooms = channel.playground.rooms
        self.platform = channel.platform
        self._thread = ""
        self._thread = self._rooms.add("general", "", self.asker, text=f"@{BOT} question").id
        self.question = self._inbound(self._thread)

    def texts(self) -> dict[str, str]:
        return {one.id: one.text or self._growing(one.id) for one in self._said() if not one.to}

    def whispers(self) -> list[tuple[str, str]]:
        return [(one.to, one.text) for one in self._said() if one.to]

    def below(self, message_id: str) -> Below:
        message = self._rooms.find(message_id)
        assert message is not None
        said = message.notice + message.footer
        return Below(said, message.can_rate, message.can_retry, message.can_cancel)

    def status(self) -> str:
        views = [self._rooms.to_view(one) for one in self._said()]
        return next((view["status"] for view in views if view.get("status")), "")

    def refuse(self) -> None:
        self._rooms.close()
        for file in self._playground_files():
            file.unlink()

    def say(self, person: str, text: str) -> str:
        return self._rooms.add("general", self._thread, person, text=text).id

    async def answer(self, text: str) -> None:
        self._rooms.add("general", self._thread, BOT, kind="answer", text=text)

    def erase(self, message_id: str) -> None:
        message = self._rooms.find(message_id)
        assert message is not None
        self._rooms.take_back(message)

    async def ask(
        self, text: str, data: bytes | None = None, *, bare: bool = False
    ) -> InboundMessage:
        keep = self._playground.uploads.keep
        files = () if data is None else (await keep("a.txt", "text/plain", data),)
        text = f"@{BOT} {text}"
        asked = self._rooms.add("general", self._thread, self.asker, text=text, files=files)
        return self._inbound(asked.id)

    def _said(self) -> list[Any]:
        thread = self._rooms.conversation("general", self._thread)
        return [one for one in thread if one.author == BOT]

    def _growing(self, message_id: str) -> str:
        """As the page has drawn it so far; the texts of these tests are one plain paragraph."""
        message = self._rooms.find(message_id)
        assert message is not None
        html = "".join(self._rooms.to_view(message).get("blocks", ()))
        return html.strip().removeprefix("<p>").removesuffix("</p>")

    def _inbound(self, message_id: str) -> InboundMessage:
        message = self._rooms.find(message_id)
        assert message is not None
        read = read_message(message, ())
        assert read is not None
        return read

    def _playground_files(self) -> list[Path]:
        return list(self._playground.uploads._folder.glob("*"))


def _shown_text(shown: Shown) -> str:
    return to_plain_text(shown.document) if shown.document else shown.text


@asynccontextmanager
async def on_fake() -> AsyncIterator[Screen]:
    yield FakeScreen()


@asynccontextmanager
async def on_slack() -> AsyncIterator[Screen]:
    async with running_bot(time_scale=20, tiers=False, pacing="off") as bot:
        question = await inbound(bot)
        bot.chatbot.platform = None
        yield SlackScreen(bot, question)


@asynccontextmanager
async def on_web() -> AsyncIterator[Screen]:
    with TemporaryDirectory() as folder:
        channel = WebChannel(Path(folder), TickingClock())
        await channel.start()
        try:
            yield WebScreen(channel)
        finally:
            await channel.stop()


PLATFORMS = {
    "fake": on_fake,
    "slack": on_slack,
    "teams": on_teams,
    "teams-channel": on_teams_channel,
    "web": on_web,
}
UNREAD = {"teams", "teams-channel"}
"""Where a bot cannot look up what others said: Teams shows it only what it is mentioned in."""
