"""A prompt for speaking as a person, and a view of what the bot says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TextIO

from tests.standins.slack.api import faults

if TYPE_CHECKING:
    from tests.standins.slack.standin import SlackStandIn
    from tests.standins.slack.workspace import Message

HELP = """\
  TEXT                 say it (`@bot` is the mention)
  /as NAME             be alice, bob, carol or guest       /in CHANNEL   general, random, ... or dm
  /thread [last|none]  go on in the thread of the newest message, or leave it
  /react EMOJI         to the newest message of the bot    /press ACTION [VALUE]
  /home [messages]     open the bot's home                 /stop         press Slack's Stop button
  /faults METHOD CODE  the next call of METHOD gets the error CODE
  /cmd COMMAND [TEXT]  a slash command                     /quit
"""


class Prompt:
    def __init__(self, slack: SlackStandIn) -> None:
        self._slack = slack
        self._user = "U0ALICE"
        self._channel = "C0GENERAL"
        self._thread: str | None = None
        self._shown: dict[str, int] = {}
        self._whispers = 0
        self._troubles: set[int] = set()

    # --- what the bot says ---------------------------------------------------------------------

    async def show(self) -> None:
        """Print whatever is new, for ever."""
        while True:
            await self._slack.workspace.wait_for(self._print_new, timeout_s=10**9)

    def _print_new(self) -> bool:
        """Always False: there is always more to wait for."""
        workspace = self._slack.workspace
        for channel in workspace.channels.values():
            for message in channel.live():
                versions = len(message.versions)
                if message.user == workspace.bot_user and self._shown.get(message.ts) != versions:
                    self._shown[message.ts] = versions
                    streaming = " ..." if self._slack.announcer.stream_is_open(message) else ""
                    print(f"[{channel.name}] bot ({message.ts}): {message.shown}{streaming}")
        for whisper in workspace.ephemerals[self._whispers :]:
            print(f"[only {whisper.user} sees] bot: {whisper.shown}")
        self._whispers = len(workspace.ephemerals)
        for delivery in self._slack.outbox.deliveries:
            trouble = next((a.error for a in delivery.attempts if a.error), None)
            if trouble and id(delivery) not in self._troubles:
                self._troubles.add(id(delivery))
                print(f"  (not taken by the bot: {delivery.kind}, {trouble})")
        return False

    # --- what a person does --------------------------------------------------------------------

    async def listen(self, source: TextIO) -> None:
        """Lines until /quit. At the end of the input the server stays, for those on HTTP."""
        print(HELP)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, source.readline):
            if line.strip() == "/quit":
                return
            try:
                self.run(line.strip())
            except (LookupError, ValueError) as error:
                print(f"  {error}")
        await asyncio.Event().wait()

    def run(self, line: str) -> None:
        """One line. Raises LookupError for what is not there."""
        word, _, rest = line.partition(" ")
        people = self._slack.people
        match word:
            case "":
                return
            case "/as":
                self._user = self._slack.workspace.people[f"U0{rest.upper()}"].id
            case "/in":
                self._enter(rest)
            case "/thread":
                self._thread = None if rest == "none" else self._newest().root
            case "/react":
                people.react(self._user, self._newest_of_bot(), rest.strip(":"))
            case "/press":
                action, _, value = rest.partition(" ")
                people.press(self._user, self._newest_of_bot(), action, value or None)
            case "/home":
                people.open_home(self._user, "messages" if rest == "messages" else "home")
            case "/stop":
                people.stop(self._user, self._channel, self._thread or self._newest().root)
            case _:
                self._speak(word, rest, line)

    def _speak(self, word: str, rest: str, line: str) -> None:
        if word == "/faults":
            method, _, code = rest.partition(" ")
            self._slack.faults.on(method, faults.error(code))
        elif word == "/cmd":
            command, _, text = rest.partition(" ")
            self._slack.people.command(self._user, self._channel, command, text)
        elif word.startswith("/"):
            print(HELP)
        else:
            text = line.replace("@bot", self._slack.people.mention)
            self._slack.people.say(self._user, self._channel, text, self._thread)

    def _enter(self, name: str) -> None:
        workspace = self._slack.workspace
        dm = name == "dm"
        self._channel = workspace.dm(self._user).id if dm else f"C0{name.upper()}"
        self._thread = None
        if self._channel not in workspace.channels:
            raise LookupError(f"no channel {name}")

    def _newest(self) -> Message:
        messages = self._slack.workspace.messages(self._channel)
        if not messages:
            raise LookupError("nothing was said here yet")
        return messages[-1]

    def _newest_of_bot(self) -> Message:
        bot = self._slack.workspace.bot_user
        own = [m for m in self._slack.workspace.messages(self._channel) if m.user == bot]
        if not own:
            raise LookupError("the bot said nothing here yet")
        return own[-1]
