"""A prompt for speaking as a person, and a view of what the bot says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TextIO

from tests.standins.teams.connector import faults

if TYPE_CHECKING:
    from tests.standins.teams.standin import TeamsStandIn
    from tests.standins.teams.workspace import Message

HELP = """\
  TEXT                 say it (`@bot` is the mention)
  /as NAME             be alice, bob, carol or guest       /in PLACE   Lunch, General, ... or me
  /thread [last|none]  go on in the thread of the newest message, or leave it
  /react KIND          to the newest message of the bot    /press BUTTON
  /like, /dislike      the thumbs under it                 /stop       press Stop under a stream
  /slash COMMAND       a slash command                     /edit TEXT  the newest message of yours
  /faults STATUS       the next call to the connector fails with it
  /quit
"""


class Prompt:
    def __init__(self, teams: TeamsStandIn) -> None:
        self._teams = teams
        self._who = "alice"
        self._where = "alice"
        self._root: str | None = None
        self._shown: dict[str, int] = {}
        self._troubles: set[int] = set()

    # --- what the bot says ----------------------------------------------------------------------

    async def show(self) -> None:
        """Print whatever is new, for ever."""
        while True:
            await self._teams.workspace.wait_for(self._print_new, timeout_s=10**9)

    def _print_new(self) -> bool:
        """Always False: there is always more to wait for."""
        for conversation in list(self._teams.workspace.conversations.values()):
            for message in self._teams.answers(conversation):
                if self._shown.get(message.id) != len(message.versions):
                    self._shown[message.id] = len(message.versions)
                    self._print(conversation.name, message)
        for delivery in self._teams.outbox.deliveries:
            trouble = delivery.complaint or (
                delivery.attempts[-1].error or delivery.status
                if delivery.state == "given_up"
                else None
            )
            if trouble and id(delivery) not in self._troubles:
                self._troubles.add(id(delivery))
                print(f"  (not taken by the bot: {delivery.payload['type']}, {trouble})")
        return False

    def _print(self, name: str, message: Message) -> None:
        streaming = " ..." if message.stream and message.stream.state == "open" else ""
        private = f" (only {message.targeted_to} sees it)" if message.targeted_to else ""
        print(f"[{name}] bot ({message.id}): {message.text}{streaming}{private}")
        for card in message.cards:
            print(f"    card: {card['body']} {card.get('actions', '')}")

    # --- what a person does ---------------------------------------------------------------------

    async def listen(self, source: TextIO) -> None:
        """Lines until /quit or the end of the input."""
        print(HELP)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, source.readline):
            if line.strip() == "/quit":
                return
            try:
                self.run(line.strip())
            except (LookupError, ValueError) as error:
                print(f"  {error}")

    def run(self, line: str) -> None:
        """One line. Raises LookupError for what is not there."""
        word, _, rest = line.partition(" ")
        people = self._teams.people
        match word:
            case "":
                return
            case "/as":
                self._who = self._teams.workspace.person(rest.lower()).name.lower()
                self._where, self._root = self._who, None
            case "/in":
                place = self._who if rest == "me" else rest
                self._where, self._root = self._teams.workspace.conversation(place).id, None
            case "/thread":
                self._root = None if rest == "none" else self._newest(own=None).root
            case "/edit":
                people.edit(self._newest(own=True), rest)
            case "/stop":
                people.stop(self._who)
            case "/slash":
                people.slash(self._who, self._where, rest)
            case _:
                self._answer(word, rest, line)

    def _answer(self, word: str, rest: str, line: str) -> None:
        people = self._teams.people
        match word:
            case "/react":
                people.react(self._who, self._newest(own=False), rest)
            case "/press":
                people.press(self._who, self._newest(own=False), rest)
            case "/like" | "/dislike":
                newest = self._newest(own=False)
                people.feedback(self._who, newest, liked=word == "/like", words=rest or None)
            case "/faults":
                self._teams.faults.on("*", "/v3/*", faults.error(int(rest), "OnRequest"))
            case _ if word.startswith("/"):
                print(HELP)
            case _:
                people.say(self._who, self._where, line, self._root)

    def _newest(self, *, own: bool | None) -> Message:
        """`own`: a person's, the bot's (False), or anybody's (None)."""
        bot = self._teams.workspace.bot.id
        found = [
            message
            for message in self._teams.messages(self._where)
            if own is None or (message.sender != bot) is own
        ]
        if not found:
            raise LookupError("there is no such message here yet")
        return found[-1]
