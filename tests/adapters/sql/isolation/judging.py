"""What must hold: at each commit, and when everybody is finished or dead."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace as Row
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.conversation import ConversationKey
    from tests.adapters.sql.isolation.playing import Round
    from tests.adapters.sql.isolation.stages import Stage
    from tests.adapters.sql.isolation.stepping import Doing

PLACE = """
    SELECT id, next_seq, finished, owner, epoch, stop_turn
    FROM conversations WHERE thread = $1
"""
MESSAGES = """
    SELECT turn_id, message_id, seq, state, text, erased FROM inbox
    WHERE conversation_id = $1 ORDER BY seq
"""
TURNS = "SELECT turn_id, seq, question, answer FROM turns WHERE conversation_id = $1"


class Owned(NamedTuple):
    """Who has the conversation, as of the last commit."""

    owner: str | None
    epoch: int
    next_seq: int
    finished: int


NOBODY = Owned(None, 0, 0, 0)


class Audit:
    """Looks at the conversation after each commit, before anybody else can commit."""

    def __init__(self, stage: Stage, key: ConversationKey) -> None:
        self._stage = stage
        self._key = key
        self._before = NOBODY
        self.expired: set[str] = set()
        """By the database's clock, at some time in this schedule."""
        self.dead: set[str] = set()
        self.accepted: list[str] = []
        self.recorded: list[str] = []
        """Turns, in the order of their commits."""
        self.complaints: list[str] = []

    async def look(self) -> Row | None:
        rows = await self._stage.look(PLACE, self._key.thread)
        return rows[0] if rows else None

    async def start(self) -> None:
        self._before = await self._owned()

    async def _owned(self) -> Owned:
        row = await self.look()
        return Owned(row.owner, row.epoch, row.next_seq, row.finished) if row else NOBODY

    async def committed(self, doing: Doing, me: str) -> None:
        before, self._before = self._before, await self._owned()
        if doing.operation == "accept":
            self.accepted.append(doing.turn_id)
        if doing.operation == "record":
            self.recorded.append(doing.turn_id)
        self.complaints += [
            f"{doing.operation} of {me}: {wrong}"
            for wrong in self._wrong(doing, me, before, self._before)
        ]

    def _wrong(self, doing: Doing, me: str, before: Owned, now: Owned) -> list[str]:
        is_taken = now.owner is not None and now.owner != before.owner
        # A record is committed twice when nobody was told of the first time.
        checks = {
            "a former owner has changed something": doing.epoch is not None
            and (before.owner, before.epoch) != (me, doing.epoch),
            "taken from the living": is_taken
            and before.owner is not None
            and before.owner not in self.expired,
            "two owners in one epoch": is_taken and now.epoch <= before.epoch,
            "let go although something is open": doing.operation != "yield"
            and now.owner is None
            and before.owner is not None
            and now.finished < now.next_seq,
            "more is done than there was": now.finished > now.next_seq,
        }
        return [words for words, wrong in checks.items() if wrong]

    async def all_is_done(self) -> bool:
        row = await self.look()
        return row is not None and row.owner is None and row.finished == row.next_seq

    async def nothing_is_left_over(self) -> list[str]:
        """Without a fault there is nothing for the sweep to find."""
        row = await self.look()
        if row is None or row.owner in self.expired:
            return []
        messages = await self._stage.look(MESSAGES, row.id)
        return [f"{one.message_id} is stranded" for one in messages if one.state == "open"]


async def judge(played: Round) -> list[str]:
    place = await played.audit.look()
    if place is None:
        return [f"message {n} is lost" for n in played.asked]
    messages = await played.stage.look(MESSAGES, place.id)
    turns = {row.turn_id: row for row in await played.stage.look(TURNS, place.id)}
    second_places = int(any(one.operation == "retry" for one in played.told))
    return [
        *_lost_or_doubled(played, messages),
        *_unfinished(place, messages, turns, second_places),
        *_disordered(played, messages),
    ]


def _lost_or_doubled(played: Round, messages: Sequence[Row]) -> list[str]:
    number = played.number
    rows = Counter(row.message_id for row in messages)
    wrong = [f"message {n}: {rows[f'{number}-{n}']} rows" for n in played.asked
             if rows[f"{number}-{n}"] != 1]  # fmt: skip
    taken = Counter(one.n for one in played.deliveries if one.status == "accepted")
    wrong += [f"message {n} was accepted {times} times" for n, times in taken.items() if times > 1]
    known = {row.turn_id for row in messages} | {""}  # a click that came second has no turn
    return wrong + [
        f"message {one.n} was told of as {one.turn_id}, which is not there"
        for one in played.deliveries
        if one.turn_id not in known
    ]


def _unfinished(
    place: Row,
    messages: Sequence[Row],
    turns: dict[str, Row],
    second_places: int,
) -> list[str]:
    wrong = [f"{row.message_id} is open for ever" for row in messages if row.state == "open"]
    wrong += [
        f"{row.message_id} is {row.state} with{'' if row.turn_id in turns else 'out'} a turn"
        for row in messages
        if (row.state == "done") != (row.turn_id in turns)
    ]
    if (place.owner, place.stop_turn) != (None, None):
        wrong.append(f"at the end: owner {place.owner}, stop mark {place.stop_turn}")
    # A dead letter that is asked again takes a second place.
    if place.finished != place.next_seq or place.next_seq - len(messages) not in (0, second_places):
        wrong.append(f"{place.finished} of {place.next_seq} done, {len(messages)} rows")
    return wrong


def _disordered(played: Round, messages: Sequence[Row]) -> list[str]:
    places = {row.turn_id: row.seq for row in messages}
    wrong = []
    if len(set(places.values())) != len(places):
        wrong.append("two messages at one place")
    for what, turn_ids in (("stored", played.audit.accepted), ("answered", played.audit.recorded)):
        order = [places[turn_id] for turn_id in dict.fromkeys(turn_ids) if turn_id in places]
        if order != sorted(order):
            wrong.append(f"{what} in the order {order}")
    return wrong
