"""What overtakes the order: stop, edit and delete."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, String, bindparam, select, update

from adapters.sql.database import Part
from adapters.sql.hold import PARTS, UNPARK
from adapters.sql.recording import HAND_BACK
from adapters.sql.rows import (
    read_context,
    read_key,
    read_ref,
    to_context,
    to_key_columns,
    to_ref_columns,
)
from adapters.sql.schema.columns import OPEN, at, match
from adapters.sql.schema.tables import conversations, inbox, reply_refs, turns
from core.ports import Deleted, StopMark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from adapters.sql.rows import AnyRow
    from core.conversation import ConversationKey, MessageRef

_KEY = ("platform", "workspace", "channel", "thread")
_MESSAGE = ("platform", "workspace", "channel", "message_id")
_STATE = ("turn_id", "conversation_id", "state", "runs", "parked", "replaces")
_c = conversations.c

LOCK_BY_KEY = (
    update(conversations)
    .where(match(conversations, *_KEY))
    .values(next_seq=_c.next_seq)
    .returning(_c.id)
)
LOCK = update(conversations).where(match(conversations, "id")).values(next_seq=_c.next_seq)
OPEN_QUESTIONS = (
    select(inbox.c.turn_id, inbox.c.runs, inbox.c.parked, inbox.c.author_id, inbox.c.replaces)
    .where(match(inbox, "conversation_id"), inbox.c.state == OPEN, inbox.c.kind == "question")
    .order_by(inbox.c.seq)
)
DROP = update(inbox).where(match(inbox, "turn_id"), inbox.c.state == OPEN).values(state="dropped")
COUNT_DROPPED = (
    update(conversations)
    .where(match(conversations, "id"))
    .values(finished=_c.finished + bindparam("dropped", type_=BigInteger()))
)
MARK = (
    update(conversations).where(match(conversations, "id")).values(stop_turn=bindparam("turn_id"))
)
CONVERSATION_OF = (
    select(_c.platform, _c.workspace, _c.channel, _c.thread)
    .join_from(reply_refs, conversations, _c.id == reply_refs.c.conversation_id)
    .where(match(reply_refs, *_MESSAGE))
)
EDIT = (
    update(inbox)
    .where(match(inbox, *_MESSAGE), inbox.c.state == OPEN, inbox.c.runs == 0)
    .values(text=bindparam("new_text"), kept="")
    .returning(inbox.c.turn_id)
)
PLACES_OF_MESSAGE = (
    select(inbox.c.conversation_id)
    .where(match(inbox, *_MESSAGE))
    .distinct()
    # Locked in one order by all, so that no two wait for each other.
    .order_by(inbox.c.conversation_id)
)
OF_MESSAGE = (
    select(*(inbox.c[name] for name in _STATE)).where(match(inbox, *_MESSAGE)).order_by(inbox.c.seq)
)
ERASE = (
    update(inbox)
    .where(match(inbox, "turn_id"))
    .values(text="", attachments="", kept="", erased=True)
)
ERASE_QUESTION = update(turns).where(match(turns, "turn_id")).values(question="")
OVERHEARD = (
    select(turns.c.turn_id, turns.c.context)
    .where(match(turns, "platform", "workspace", "channel"))
    .where(turns.c.context.like(bindparam("pattern", type_=String()), escape="!"))
)
FORGET_OVERHEARD = update(turns).where(match(turns, "turn_id")).values(context=bindparam("kept"))


class SqlStops(Part):
    """core.ports.Stops."""

    async def stop(self, conversation: ConversationKey, user_id: str) -> StopMark | None:
        return await self._database.write(_stop, conversation, user_id)

    async def conversation_of(self, ref: MessageRef) -> ConversationKey | None:
        return await self._database.read(_conversation_of, ref)

    async def edit(self, ref: MessageRef, text: str) -> bool:
        return await self._database.write(_edit, ref, text)

    async def delete(self, ref: MessageRef) -> Deleted:
        return await self._database.write(_delete, ref)


def _stop(connection: Connection, key: ConversationKey, user_id: str) -> StopMark | None:
    conversation_id = connection.execute(LOCK_BY_KEY, at(to_key_columns(key))).scalar()
    if conversation_id is None:
        return None
    questions = connection.execute(OPEN_QUESTIONS, {"at_conversation_id": conversation_id}).all()
    running = next((row for row in questions if row.runs or row.parked), None)
    dropped = [
        row for row in questions if row is not running and not row.runs and row.author_id == user_id
    ]
    _drop(connection, conversation_id, dropped)
    if running is not None:
        connection.execute(MARK, {"at_id": conversation_id, "turn_id": running.turn_id})
        connection.execute(UNPARK, {"at_id": conversation_id})  # so that its end can be shown
        return StopMark(key, running.turn_id)
    return StopMark(key, dropped[0].turn_id) if dropped else None


def _drop(connection: Connection, conversation_id: int, rows: Sequence[AnyRow]) -> None:
    """A question asked again gives the messages of the answer back to the turn before."""
    for row in rows:
        connection.execute(DROP, {"at_turn_id": row.turn_id})
        if row.replaces:
            connection.execute(HAND_BACK, {"after": row.turn_id, "before": row.replaces})
    if rows:
        connection.execute(COUNT_DROPPED, {"at_id": conversation_id, "dropped": len(rows)})


def _conversation_of(connection: Connection, ref: MessageRef) -> ConversationKey | None:
    row = connection.execute(CONVERSATION_OF, at(to_ref_columns(ref))).first()
    return read_key(row) if row else None


def _edit(connection: Connection, ref: MessageRef, text: str) -> bool:
    return (
        connection.execute(EDIT, {**at(to_ref_columns(ref)), "new_text": text}).first() is not None
    )


def _delete(connection: Connection, ref: MessageRef) -> Deleted:
    columns = at(to_ref_columns(ref))
    for conversation_id in connection.execute(PLACES_OF_MESSAGE, columns).scalars().all():
        connection.execute(LOCK, {"at_id": conversation_id})
    _forget_overheard(connection, ref)
    rows = connection.execute(OF_MESSAGE, columns).all()
    ends = [_erase(connection, row) for row in reversed(rows)]
    return min(ends, key=_rank, default=Deleted("unknown"))


def _rank(end: Deleted) -> int:
    """What runs comes first, then what waited and said so on the screen: asked again, it did so in
    the message of an answer that is done."""
    if end.state == "dropped":
        return 1 if end.parts else 3
    return 0 if end.state == "running" else 2


def _erase(connection: Connection, row: AnyRow) -> Deleted:
    connection.execute(ERASE, {"at_turn_id": row.turn_id})
    parts = tuple(read_ref(part) for part in connection.execute(PARTS, {"at_turn_id": row.turn_id}))
    if row.state == "dropped":
        return Deleted("dropped", row.turn_id, parts)
    if row.state != "open":
        connection.execute(ERASE_QUESTION, {"at_turn_id": row.turn_id})
        return Deleted("done", row.turn_id, parts)
    if row.runs:
        connection.execute(MARK, {"at_id": row.conversation_id, "turn_id": row.turn_id})
        return Deleted("running", row.turn_id, parts)
    _drop(connection, row.conversation_id, [row])
    if not row.parked:
        return Deleted("dropped", row.turn_id)
    connection.execute(UNPARK, {"at_id": row.conversation_id})
    return Deleted("dropped", row.turn_id, parts)


def _forget_overheard(connection: Connection, ref: MessageRef) -> None:
    """Take the message out of what turns have read of their thread."""
    quoted = json.dumps(ref.message_id)
    pattern = quoted.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    columns = {**at(to_ref_columns(ref)), "pattern": f"%{pattern}%"}
    for row in connection.execute(OVERHEARD, columns).all():
        said = read_context(row.context)
        kept = to_context([one for one in said if one.message_id != ref.message_id])
        connection.execute(FORGET_OVERHEARD, {"at_turn_id": row.turn_id, "kept": kept})
