"""Accepting messages: the order of everything is made here.

Each operation touches the conversation's row first. Its lock, held to COMMIT, makes the order in
which places are given the order in which they are committed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from adapters.sql.owners import ME, SqlOwners, is_free
from adapters.sql.rows import (
    to_key_columns,
    to_message_columns,
    to_ref_columns,
    to_us,
)
from adapters.sql.schema.columns import NOTHING, OPEN, at, match
from adapters.sql.schema.pausing import WAITS, is_paused
from adapters.sql.schema.tables import conversations, inbox, reply_refs, turns
from core.ports import Receipt
from core.turn import QueuedMessage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from core.conversation import InboundMessage, MessageRef
    from core.ports import FollowUps
    from core.turn import Kind

_c = conversations.c
_PLACE = ("platform", "workspace", "channel")
_wanted = bindparam("slot", type_=Boolean())
_is_heard = bindparam("kind") != WAITS
_starts = and_(_wanted, or_(_is_heard, ~is_paused(*(bindparam(name) for name in _PLACE))))
# As text, as in `is_free`; and each parameter costs time at every message.
_here = (literal_column(f"conversations.{name}", type_=_c.platform.type) for name in _PLACE)
_received_at_us = bindparam("received_at_us", type_=_c.waiting_since_us.type)
_is_first = _c.finished == _c.next_seq
_is_due = or_(_is_first, _c.parked_until_us <= _received_at_us)
_takes = and_(_wanted, or_(_is_heard, and_(~is_paused(*_here), _is_due)), is_free)

_joined = insert(conversations).values(
    {name: bindparam(name) for name in ("platform", "workspace", "channel", "thread")}
    | {
        "next_seq": 1,
        "finished": 0,
        "owner": case((_starts, ME), else_=null()),
        "epoch": 1,
        "taken_seq": case((_starts, 1), else_=0),
        "sole_author": bindparam("author_id"),
        "history_from": 0,
        "forgotten_at_us": 0,
        "waiting_since_us": bindparam("received_at_us"),
    }
)
JOIN = _joined.on_conflict_do_update(
    index_elements=["platform", "workspace", "channel", "thread"],
    set_={
        "next_seq": _c.next_seq + 1,
        "owner": case((_takes, ME), else_=_c.owner),
        "epoch": case((_takes, _c.epoch + 1), else_=_c.epoch),
        "taken_seq": case((_takes, _c.next_seq + 1), else_=_c.taken_seq),
        "sole_author": case((_c.sole_author == _joined.excluded.sole_author, _c.sole_author)),
        "waiting_since_us": case(
            (_is_first, _joined.excluded.waiting_since_us), else_=_c.waiting_since_us
        ),
        # A process of the version before may have ended what waited: it knows no waiting.
        "parked_until_us": case((_is_first, 0), else_=_c.parked_until_us),
    },
).returning(_c.id, _c.next_seq, _c.finished, _c.epoch, _c.taken_seq)
ENQUEUE = insert(inbox).on_conflict_do_nothing().returning(inbox.c.turn_id)
OVERHEAR = (
    select(_c.id, _c.sole_author)
    .where(match(conversations, "platform", "workspace", "channel", "thread"))
    .with_for_update()
)
SEVERAL_WRITE = update(conversations).where(match(conversations, "id")).values(sole_author=None)
_MESSAGE = ("platform", "workspace", "channel", "message_id")
KNOWN = (
    select(inbox.c.turn_id)
    .where(
        or_(
            match(inbox, *_MESSAGE, "key"),
            and_(match(inbox, "platform", "workspace", "twin"), inbox.c.twin != NOTHING),
        )
    )
    .limit(1)
)
ADD_FILES = (
    update(inbox)
    .where(match(inbox, "turn_id"), inbox.c.state == OPEN, inbox.c.runs == 0)
    .where(inbox.c.attachments == "")
    .values(attachments=bindparam("files"))
)
ANSWERED_BEFORE = (
    select(reply_refs.c.turn_id, turns.c.turn_id.is_not(None).label("recorded"))
    .select_from(reply_refs.outerjoin(turns, turns.c.turn_id == reply_refs.c.turn_id))
    .where(match(reply_refs, *_MESSAGE))
)
_taken_over = insert(reply_refs)
TAKE_OVER_PART = _taken_over.on_conflict_do_update(
    index_elements=list(_MESSAGE),
    set_={"turn_id": _taken_over.excluded.turn_id, "n": _taken_over.excluded.n},
)
DEPTH = select(func.count(), func.min(inbox.c.received_at_us)).where(inbox.c.state == OPEN)


class _KnownAlready(Exception):
    pass


class SqlInbox(SqlOwners):
    """core.ports.Inbox."""

    async def accept(
        self,
        message: InboundMessage,
        kind: Kind,
        *,
        turn_id: str,
        slot: bool,
        follow_ups: FollowUps,
        key: str = "",
        parts: Sequence[MessageRef] = (),
    ) -> Receipt:
        if key:  # asked again: not the twin of the message that was asked first
            message = replace(message, twin="")
        received_at = self._clock.now()
        row = {
            **to_message_columns(message),
            "turn_id": turn_id,
            "kind": kind,
            "key": key,
            "received_at_us": to_us(received_at),
            "replaces": "",
            "state": "open",
            "failures": 0,
            "erased": False,
            "reason": "",
        }
        queued = QueuedMessage(turn_id, 0, kind, message, received_at, tuple(parts))
        try:
            return await self._database.write(self._accept, queued, row, slot, follow_ups)
        except _KnownAlready:
            known = await self._database.write(_known, row)
            return Receipt("duplicate", known)

    def _accept(
        self,
        connection: Connection,
        queued: QueuedMessage,
        row: Mapping[str, Any],
        slot: bool,
        follow_ups: FollowUps,
    ) -> Receipt:
        message = queued.message
        place = to_key_columns(message.conversation)
        if message.address == "thread" and not _is_for_us(connection, message, follow_ups):
            return Receipt("not_for_us")
        # Slack tells each mention in a channel twice: the second ends here, without a rollback.
        if known := _known(connection, row):
            return Receipt("duplicate", known)
        joined = connection.execute(
            JOIN,
            {
                **self._lease,
                **place,
                "slot": slot,
                "kind": queued.kind,
                "author_id": row["author_id"],
                "received_at_us": row["received_at_us"],
            },
        ).one()
        taken = slot and joined.taken_seq == joined.next_seq
        begun = taken and joined.finished == joined.next_seq - 1
        stored = {"conversation_id": joined.id, "seq": joined.next_seq, "runs": int(begun)}
        replaces = _take_over(connection, joined.id, queued) if queued.parts else ""
        if not connection.execute(
            ENQUEUE, {**row, **stored, "starts": int(begun), "replaces": replaces}
        ).first():
            raise _KnownAlready
        hold = self._held_by_us(joined.id, message.conversation, joined.epoch) if taken else None
        first = replace(queued, seq=joined.next_seq) if begun else None
        return Receipt("accepted", queued.turn_id, hold, first)

    async def depth(self) -> tuple[int, float]:
        count, oldest_us = await self._database.read(_depth)
        now_us = to_us(self._clock.now())
        return count, max(now_us - oldest_us, 0) / 1_000_000 if count else 0.0


def _depth(connection: Connection) -> tuple[int, int]:
    count, oldest_us = connection.execute(DEPTH).one()
    return count, oldest_us


def _is_for_us(connection: Connection, message: InboundMessage, follow_ups: FollowUps) -> bool:
    """Whether an overheard message is a question; also notes that a second person has written."""
    place = to_key_columns(message.conversation)
    conversation = connection.execute(OVERHEAR, at(place)).first()
    if conversation is None:
        return False
    alone = conversation.sole_author == message.author.user_id
    if not alone and conversation.sole_author is not None:
        connection.execute(SEVERAL_WRITE, {"at_id": conversation.id})
    if follow_ups == "mention" or message.mentions_others:
        return False
    return alone or follow_ups == "always"


def _take_over(connection: Connection, conversation_id: int, queued: QueuedMessage) -> str:
    """Give the messages of an answer to the turn that writes it anew; returns the turn before."""
    before = connection.execute(ANSWERED_BEFORE, at(to_ref_columns(queued.parts[0]))).first()
    if before is not None and not before.recorded:
        raise _KnownAlready  # somebody has asked again already, and that answer is still to come
    for n, ref in enumerate(queued.parts, 1):
        columns = {"conversation_id": conversation_id, "turn_id": queued.turn_id, "n": n}
        connection.execute(TAKE_OVER_PART, {**to_ref_columns(ref), **columns})
    return before.turn_id if before is not None else ""


def _known(connection: Connection, row: Mapping[str, Any]) -> str:
    """The turn of a message that came again; files that only this delivery has are added to it."""
    known = connection.execute(KNOWN, at(row)).scalar()
    if known and row["attachments"]:
        connection.execute(ADD_FILES, {"at_turn_id": known, "files": row["attachments"]})
    return known or ""
