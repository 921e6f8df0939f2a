"""People who ask in Teams, each over a connection of their own: half in personal chats, half in
channels, where each question begins a thread."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from tests.standins.teams import payloads
from tests.standins.teams.payloads import Parts, Scene
from tests.standins.teams.standin import APP_ID, TENANT

if TYPE_CHECKING:
    from benchmarks.processes import Measured
    from benchmarks.teams.light import LightTeams

CHANNELS = 10
PATIENCE_S = 120.0
BOT = {"id": f"28:{APP_ID}", "name": "chatbot"}

_stamps = itertools.count(int(time.time() * 1000))
"""Milliseconds, and ids of messages as in Teams; two of one moment would be told twice."""


@dataclass(frozen=True, slots=True)
class Question:
    """A message as it goes over the wire."""

    conversation: str
    request: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    ack_s: float
    whole_s: float
    answer: str


class Asker:
    """`async with`: connected to one bot."""

    def __init__(self, teams: LightTeams, number: int, token: str) -> None:
        self._teams = teams
        self._number = number
        self._token = token
        self._connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def connect(self, bot: Measured) -> Self:
        self._connection = await asyncio.open_connection("127.0.0.1", bot.port)
        return self

    async def close(self) -> None:
        if self._connection is not None:
            writer = self._connection[1]
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def prepare(self, text: str) -> Question:
        """Before anything is measured: writing a question is work too."""
        stamp = next(_stamps)
        at, message_id = datetime.fromtimestamp(stamp / 1000, UTC), str(stamp)
        sender = {
            "id": f"29:1asker-{self._number}",
            "name": f"Asker {self._number}",
            "aadObjectId": f"00000000-0000-4000-8000-{self._number:012}",
        }
        scene, parts = self._scene(message_id), Parts()
        if scene.kind == "channel":
            mention = payloads.mention(BOT)
            text, parts = f"{mention['text']} {text}", Parts(entities=[mention])
        payload = payloads.message(scene, sender, text, activity_id=message_id, at=at, parts=parts)
        return Question(scene.address, _to_request(payload, self._token))

    async def ask(self, question: Question) -> Asked:
        """Returns when the answer is whole."""
        ended: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._teams.waiting[question.conversation] = ended
        began = time.monotonic()
        await self._send(question.request)
        acked = time.monotonic()
        answer = await asyncio.wait_for(ended, PATIENCE_S)
        del self._teams.waiting[question.conversation]
        return Asked(acked - began, time.monotonic() - began, answer.get("text") or "")

    async def ask_in_turn(self, questions: list[Question], after_s: float) -> list[Asked]:
        await asyncio.sleep(after_s)
        return [await self.ask(question) for question in questions]

    async def _send(self, request: bytes) -> None:
        if self._connection is None:
            raise RuntimeError("not connected")
        reader, writer = self._connection
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length or 0))
        if not head.startswith(b"HTTP/1.1 20"):
            raise RuntimeError(head.decode())

    def _scene(self, message_id: str) -> Scene:
        place = (self._teams.service_url, TENANT, BOT)
        if self._number % 2:
            return Scene(*place, f"a:1asker{self._number}")
        team = "19:benchmark@thread.tacv2"
        channel = f"19:talk{self._number % CHANNELS}@thread.tacv2"
        return Scene(*place, channel, "channel", root=message_id, team=team)


def _to_request(payload: dict[str, Any], token: str) -> bytes:
    body = json.dumps(payload).encode()
    return b"".join(
        [
            b"POST /api/messages HTTP/1.1\r\nHost: 127.0.0.1\r\n",
            b"Content-Type: application/json; charset=utf-8\r\n",
            f"Content-Length: {len(body)}\r\n".encode(),
            f"Authorization: Bearer {token}\r\n\r\n".encode(),
            body,
        ]
    )
