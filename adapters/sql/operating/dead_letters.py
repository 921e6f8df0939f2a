"""Messages that were given up on: seen, put back, or removed for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, bindparam, case, select, update

from adapters.sql.database import Part
from adapters.sql.hold import PARTS
from adapters.sql.operating.audit import note
from adapters.sql.recording import HAND_BACK
from adapters.sql.rows import read_key, read_queued, read_ref, to_us
from adapters.sql.schema.columns import OPEN, match
from adapters.sql.schema.tables import conversations, inbox
from adapters.sql.turns import KEY_OF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from core.ports import Deed
    from core.turn import QueuedMessage

_c = conversations.c
DEAD = select(inbox).where(inbox.c.state == "dead").order_by(inbox.c.received_at_us)
PLACE_OF_DEAD = select(inbox.c.conversation_id).where(
    match(inbox, "turn_id"), inbox.c.state == "dead"
)
GIVE_PLACE = (
    update(conversations)
    .where(match(conversations, "id"))
    .values(
        next_seq=_c.next_seq + 1,
        waiting_since_us=case(
            (_c.finished == _c.next_seq, bindparam("now_us", type_=BigInteger())),
            else_=_c.waiting_since_us,
        ),
    )
    .returning(_c.next_seq)
)
REVIVE = (
    update(inbox)
    .where(match(inbox, "turn_id"), inbox.c.state == "dead")
    .values(state=OPEN, seq=bindparam("place"), starts=0, failures=0, reason="", told=False)
    .returning(inbox.c.turn_id)
)
DROP_DEAD = (
    update(inbox)
    .where(match(inbox, "turn_id"), inbox.c.state == "dead")
    .values(
        state="dropped",
        erased=True,
        text="",
        attachments="",
        kept="",
        author_name="",
        reply_to="",
        reason="",
    )
    .returning(inbox.c.replaces)
)


class _NotDeadAnyMore(Exception):
    """Another process was quicker."""


class SqlDeadLetters(Part):
    """core.ports.DeadLetters."""

    async def dead_letters(self) -> Sequence[tuple[QueuedMessage, str]]:
        return await self._database.read(_dead_letters)

    async def retry(self, turn_id: str, deed: Deed) -> bool:
        try:
            return await self._database.write(_retry, turn_id, deed, to_us(self._clock.now()))
        except _NotDeadAnyMore:
            return False

    async def drop(self, turn_id: str, deed: Deed) -> bool:
        return await self._database.write(_drop, turn_id, deed, to_us(self._clock.now()))


def _dead_letters(connection: Connection) -> list[tuple[QueuedMessage, str]]:
    letters = []
    for row in connection.execute(DEAD).all():
        key = connection.execute(KEY_OF, {"at_id": row.conversation_id}).one()
        parts = connection.execute(PARTS, {"at_turn_id": row.turn_id})
        queued = read_queued(row, read_key(key), [read_ref(part) for part in parts])
        letters.append((queued, row.reason))
    return letters


def _retry(connection: Connection, turn_id: str, deed: Deed, now_us: int) -> bool:
    conversation_id = connection.execute(PLACE_OF_DEAD, {"at_turn_id": turn_id}).scalar()
    if conversation_id is None:
        return False
    place = connection.execute(
        GIVE_PLACE, {"at_id": conversation_id, "now_us": now_us}
    ).scalar_one()
    if connection.execute(REVIVE, {"at_turn_id": turn_id, "place": place}).first() is None:
        raise _NotDeadAnyMore  # and no place is taken for it
    note(connection, deed, now_us)
    return True


def _drop(connection: Connection, turn_id: str, deed: Deed, now_us: int) -> bool:
    row = connection.execute(DROP_DEAD, {"at_turn_id": turn_id}).first()
    if row is None:
        return False
    if row.replaces:  # it can be asked again where the answer before stands
        connection.execute(HAND_BACK, {"after": turn_id, "before": row.replaces})
    note(connection, deed, now_us)
    return True
