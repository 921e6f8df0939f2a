"""Statements of the store with one guard taken away each."""

from __future__ import annotations

import time
from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, and_, bindparam, case, exists, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.visitors import replacement_traverse

from adapters.sql import hold, inbox, owners, recording, stops
from adapters.sql.operating import dead_letters
from adapters.sql.postgres import failures
from adapters.sql.rows import to_key_columns
from adapters.sql.schema.columns import OPEN, NowUs, at, match
from adapters.sql.schema.tables import conversations, reply_refs, turns
from adapters.sql.schema.tables import inbox as messages
from core.ports import Receipt
from tests.adapters.sql.isolation.stages import LEASE_S
from tests.adapters.sql.isolation.stepping import acting

if TYPE_CHECKING:
    import pytest

_c = conversations.c
_KEY = ("platform", "workspace", "channel", "thread")
_any_epoch = bindparam("at_epoch", type_=_c.epoch.type) > 0
_any_owner = bindparam("at_owner", type_=_c.owner.type) != ""
_anybodys = and_(match(conversations, "id"), _any_owner, _any_epoch)
_slot = bindparam("slot", type_=Boolean())


def where(statement: Any, *criteria: Any) -> Any:
    """The statement with another WHERE. All its parameters have to stay in it."""
    changed = statement._clone()
    changed._where_criteria = criteria
    return changed


def joining(**changes: Any) -> Any:
    """JOIN with other values for a conversation that is there."""
    clause: Any = inbox.JOIN._post_values_clause
    values = dict(clause.update_values_to_set) | changes
    upsert = inbox._joined.on_conflict_do_update(index_elements=_KEY, set_=values)
    return upsert.returning(*inbox.JOIN._returning)


# The fence


def without_fence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(hold, "FENCE", where(hold.FENCE, _anybodys))
    patch.setattr(hold, "PASS_ON", where(hold.PASS_ON, _anybodys))
    patch.setattr(hold, "YIELD", where(hold.YIELD, _anybodys))
    patch.setattr(hold, "RELEASE", where(hold.RELEASE, _anybodys, _c.finished == _c.next_seq))


def without_epoch(patch: pytest.MonkeyPatch) -> None:
    ours = and_(match(conversations, "id", "owner"), _any_epoch)
    patch.setattr(hold, "FENCE", where(hold.FENCE, ours))
    patch.setattr(hold, "PASS_ON", where(hold.PASS_ON, ours))


# Letting go


def release_without_comparison(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(hold, "RELEASE", where(hold.RELEASE, hold._ours))


def release_by_looking_at_messages(patch: pytest.MonkeyPatch) -> None:
    """A database looks again only at the row that it waited for, not at others."""
    is_open = exists().where(messages.c.conversation_id == _c.id, messages.c.state == OPEN)
    patch.setattr(hold, "RELEASE", where(hold.RELEASE, hold._ours, ~is_open))


def record_without_comparison(patch: pytest.MonkeyPatch) -> None:
    kept = case((~bindparam("release", type_=Boolean()), _c.owner))
    patch.setattr(hold, "PASS_ON", hold.PASS_ON.values(owner=kept))


# The conversation's row first


def places_before_the_row(patch: pytest.MonkeyPatch) -> None:
    """From a counter, as from a sequence, and the conversation's row last: a message can be
    answered while one with an earlier place is not committed yet."""
    places = count(2)
    first = inbox.SqlInbox._accept
    find = select(_c.id).where(match(conversations, *_KEY))

    def accept(
        self: inbox.SqlInbox, connection: Any, queued: Any, row: Any, slot: bool, follow_ups: Any
    ) -> Receipt:
        key = to_key_columns(queued.message.conversation)
        conversation_id = connection.execute(find, at(key)).scalar()
        if conversation_id is None:
            return first(self, connection, queued, row, slot, follow_ups)
        stored = {"conversation_id": conversation_id, "seq": next(places), "runs": 0, "starts": 0}
        connection.execute(inbox.ENQUEUE, {**row, **stored})
        author = {name: row[name] for name in ("author_id", "received_at_us")}
        given = {**self._lease, **key, **author, "slot": slot, "kind": queued.kind}
        joined = connection.execute(inbox.JOIN, given).one()
        taken = slot and joined.taken_seq == joined.next_seq
        conversation = queued.message.conversation
        held = self._held_by_us(joined.id, conversation, joined.epoch) if taken else None
        return Receipt("accepted", queued.turn_id, held)

    patch.setattr(inbox.SqlInbox, "_accept", accept)


def stop_without_lock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stops, "LOCK_BY_KEY", select(_c.id).where(match(conversations, *_KEY)))


def delete_without_lock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stops, "LOCK", select(_c.id).where(match(conversations, "id")))


# Messages, turns, and messages of answers


def order_by_clocks(patch: pytest.MonkeyPatch) -> None:
    oldest = hold.OLDEST.order_by(None).order_by(messages.c.received_at_us).scalar_subquery()
    patch.setattr(
        hold, "BEGIN", where(hold.BEGIN, messages.c.turn_id == oldest, messages.c.state == OPEN)
    )


def edit_what_has_begun(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stops, "EDIT", where(stops.EDIT, match(messages, *stops._MESSAGE)))


def a_message_twice_overwrites(patch: pytest.MonkeyPatch) -> None:
    given = insert(messages)
    upsert = given.on_conflict_do_update(
        index_elements=["platform", "workspace", "channel", "message_id", "key"],
        set_={"text": given.excluded.text},
    )
    patch.setattr(inbox, "ENQUEUE", upsert.returning(messages.c.turn_id))


def conflicts_of_messages_are_errors(patch: pytest.MonkeyPatch) -> None:
    _conflicts_are_errors(patch)
    patch.setattr(inbox, "ENQUEUE", insert(messages).returning(messages.c.turn_id))


def conflicts_of_turns_are_errors(patch: pytest.MonkeyPatch) -> None:
    _conflicts_are_errors(patch)
    patch.setattr(recording, "RECORD", insert(turns))


def conflicts_of_parts_are_errors(patch: pytest.MonkeyPatch) -> None:
    _conflicts_are_errors(patch)
    names = ("platform", "workspace", "channel", "message_id", "conversation_id", "turn_id")
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    values["n"] = hold._next_part
    patch.setattr(hold, "SAVE_PART", insert(reply_refs).values(values))


def _conflicts_are_errors(patch: pytest.MonkeyPatch) -> None:
    """Not tried again, which is a second guard."""
    patch.setattr(failures, "_CONFLICTS", ("40001", "40P01"))


def take_over_from_one_who_still_answers(patch: pytest.MonkeyPatch) -> None:
    found = select(reply_refs.c.turn_id, true().label("recorded"))
    patch.setattr(inbox, "ANSWERED_BEFORE", found.where(match(reply_refs, *inbox._MESSAGE)))


def revive_what_lives(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(dead_letters, "REVIVE", where(dead_letters.REVIVE, match(messages, "turn_id")))


# Owners


def adopt_without_looking_again(patch: pytest.MonkeyPatch) -> None:
    anybodys = or_(owners.is_free, bindparam("orphan", type_=Boolean()).is_not(None))
    criteria = (match(conversations, "id"), _c.finished < _c.next_seq, anybodys)
    patch.setattr(owners, "TAKE", where(owners.TAKE, *criteria))


def adopt_in_the_same_epoch(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(owners, "TAKE", owners.TAKE.values(epoch=_c.epoch))


def accept_takes_from_anybody(patch: pytest.MonkeyPatch) -> None:
    takes = and_(_slot, or_(owners.is_free, _c.id > 0))
    changes = {
        "owner": case((takes, owners.ME), else_=_c.owner),
        "epoch": case((takes, _c.epoch + 1), else_=_c.epoch),
        "taken_seq": case((takes, _c.next_seq + 1), else_=_c.taken_seq),
    }
    patch.setattr(inbox, "JOIN", joining(**changes))


def accept_takes_in_the_same_epoch(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inbox, "JOIN", joining(epoch=_c.epoch))


def leases_by_own_clocks(patch: pytest.MonkeyPatch) -> None:
    """One process has a clock that is far ahead."""

    def now_us() -> int:
        actor = acting.get()
        ahead_s = 1.5 * LEASE_S if actor is not None and actor.process == "B" else 0.0
        return int((time.time() + ahead_s) * 1_000_000)

    own_clock = bindparam("own_now_us", callable_=now_us, type_=_c.epoch.type)

    def replace(element: Any, **_: Any) -> Any:
        return own_clock if isinstance(element, NowUs) else None

    for name in ("WAITING", "TAKE"):
        patch.setattr(owners, name, replacement_traverse(getattr(owners, name), {}, replace))
