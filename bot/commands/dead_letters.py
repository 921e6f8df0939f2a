"""`python -m bot dead-letters`: messages that were given up on, beside a running bot."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from adapters.sql.store import look_into, open_beside
from bot.clock import SystemClock
from bot.commands.acting import operator, print_table, to_minute
from bot.settings import read_settings
from core.ports import Deed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from core.ports import DeadLetters
    from core.turn import QueuedMessage

TEXT_CHARS = 200
"""Of a message in the table; JSON has all of it."""
WHERE = {"direct": "direct message", "mention": "channel", "thread": "thread"}


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter as an operator sees it."""

    queued: QueuedMessage
    category: str
    why: str
    age_s: float

    @classmethod
    def read(cls, queued: QueuedMessage, reason: str, now: datetime) -> Letter:
        category, colon, why = reason.partition(": ")
        if not colon:  # from a version that did not tell
            category, why = "internal", reason
        return cls(queued, category, why, (now - queued.received_at).total_seconds())

    def to_json(self, *, with_text: bool) -> dict[str, object]:
        queued = self.queued
        shown: dict[str, object] = {
            "id": queued.turn_id,
            "received_at": queued.received_at.isoformat(),
            "platform": queued.message.ref.platform,
            "channel_kind": WHERE[queued.message.address],
            "category": self.category,
            "why": self.why,
            "tries": queued.starts,
            "age_s": round(self.age_s),
        }
        return shown | {"text": queued.message.text} if with_text else shown

    def to_row(self, *, with_text: bool) -> tuple[str, ...]:
        queued = self.queued
        row = (
            queued.turn_id,
            to_minute(queued.received_at),
            queued.message.ref.platform,
            WHERE[queued.message.address],
            f"{self.category}: {self.why}",
            str(queued.starts),
            _to_age(self.age_s),
        )
        text = " ".join(queued.message.text.split())[:TEXT_CHARS]
        return (*row, text) if with_text else row


async def print_dead_letters(*, as_json: bool, with_text: bool) -> int:
    """Returns the exit code; raises SettingError, NotStored."""
    clock = SystemClock()
    store = look_into(read_settings().database_url, clock)
    now = clock.now()
    letters = [Letter.read(*one, now) for one in await store.dead_letters()]
    if as_json:
        print(json.dumps([one.to_json(with_text=with_text) for one in letters], indent=2))
    elif letters:
        header = ("id", "received", "platform", "where", "why", "tries", "age")
        rows = [one.to_row(with_text=with_text) for one in letters]
        print_table((*header, "text") if with_text else header, rows)
    else:
        print("There are no dead letters.")
    return 0


async def change_dead_letters(action: Literal["retry", "drop"], ids: Sequence[str]) -> int:
    """Returns the exit code: 1 when one of them is not there; raises SettingError, NotStored."""
    store = await open_beside(read_settings().database_url, SystemClock())
    try:
        done = [await _change(store, action, one) for one in dict.fromkeys(ids)]
    finally:
        await store.close()
    return 0 if all(done) else 1


async def _change(letters: DeadLetters, action: Literal["retry", "drop"], turn_id: str) -> bool:
    who = operator()
    if action == "retry":
        done = await letters.retry(turn_id, Deed(who, "dead-letter retry", turn_id))
        said = "put back: a running bot answers it, in the same message"
    else:
        done = await letters.drop(turn_id, Deed(who, "dead-letter drop", turn_id))
        said = "dropped for good"
    if done:
        print(f"{turn_id}: {said}")
    else:
        print(f"{turn_id}: there is no such dead letter", file=sys.stderr)
    return done


def _to_age(seconds: float) -> str:
    """In the largest unit of which there are at least two."""
    for unit, size_s in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size_s:
            return f"{seconds // size_s:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
