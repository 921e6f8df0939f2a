"""What is written when a message ends: its row, the turn in the ledger, and what its calls cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import String, bindparam, case, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.sql.completions import SETTLE, SETTLE_CUT, to_completion_columns
from adapters.sql.rows import to_turn_columns
from adapters.sql.schema.columns import OPEN, match
from adapters.sql.schema.tables import inbox, reply_refs, turns

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from adapters.sql.rows import AnyRow
    from core.turn import Turn

_of_ended = (inbox.c.seq, inbox.c.erased, inbox.c.author_id, inbox.c.replaces)
END = (
    update(inbox)
    .where(match(inbox, "turn_id"), inbox.c.state == OPEN)
    .values(state=bindparam("end"), reason=bindparam("why"))
    # What a dead letter has may still be shown, when an operator asks for it.
    .values(kept=case((bindparam("end", type_=String()) == "dead", inbox.c.kept), else_=""))
    .returning(*_of_ended)
)
ENDED = select(*_of_ended).where(match(inbox, "turn_id"))
RECORD = insert(turns).on_conflict_do_nothing()
REPLACE = update(turns).where(match(turns, "turn_id")).values(replaced=True)
HAND_BACK = (
    update(reply_refs)
    .where(reply_refs.c.turn_id == bindparam("after"))
    .values(turn_id=bindparam("before"))
)
"""The messages of an answer, from the turn that was to write it anew to the turn before."""
OF_PERSON = ("user_id", "user_name", "message_id", "thread", "context")
"""Columns of a turn that say who asked, and what others said."""


def end(connection: Connection, turn_id: str, state: str, why: str = "") -> tuple[AnyRow, bool]:
    """The message's row, and whether it was open until now."""
    columns = {"at_turn_id": turn_id, "end": state, "why": why}
    row = connection.execute(END, columns).first()
    if row is not None:
        return row, True
    return connection.execute(ENDED, {"at_turn_id": turn_id}).one(), False


def write_turn(connection: Connection, conversation_id: int, turn: Turn, message: AnyRow) -> None:
    """`message`: its row, as `end` returns it."""
    stored = {"conversation_id": conversation_id, "seq": message.seq, "replaced": False}
    if message.erased:  # its author deleted it while it ran: no word of it is kept
        stored |= {"question": "", "answer": ""}
        if not message.author_id:  # the person was forgotten meanwhile
            stored |= dict.fromkeys(OF_PERSON, "")
    connection.execute(RECORD, to_turn_columns(turn, stored))
    if message.replaces and turn.outcome == "refused":  # it can be asked again, in better times
        connection.execute(HAND_BACK, {"after": turn.turn_id, "before": message.replaces})
    elif message.replaces:
        connection.execute(REPLACE, {"at_turn_id": message.replaces})


def settle(connection: Connection, turn: Turn, now_us: int) -> None:
    for completion in turn.completions:
        connection.execute(SETTLE, to_completion_columns(completion, now_us))
    connection.execute(SETTLE_CUT, {"at_turn_id": turn.turn_id})
