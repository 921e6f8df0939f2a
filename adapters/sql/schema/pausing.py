"""Which messages wait because an admin has paused the bot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, literal_column, or_

from adapters.sql.schema.columns import NOTHING, OPEN, ExactText
from adapters.sql.schema.tables import conversations, inbox, pauses

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

WAITS: ColumnElement[str] = literal_column("'question'", type_=ExactText())
"""The kind of message that a pause is for: who resumes has to be heard meanwhile."""
_p = pauses.c


def covers(
    platform: ColumnElement[str], workspace: ColumnElement[str], channel: ColumnElement[str]
) -> ColumnElement[bool]:
    """Whether a row of `pauses` is for that channel."""
    return and_(
        _p.platform == platform,
        _p.workspace == workspace,
        or_(_p.channel == NOTHING, _p.channel == channel),
    )


def is_paused(
    platform: ColumnElement[str], workspace: ColumnElement[str], channel: ColumnElement[str]
) -> ColumnElement[bool]:
    return exists().where(covers(platform, workspace, channel))


_c = conversations.c
is_heard = exists().where(
    inbox.c.conversation_id == _c.id,
    inbox.c.state == OPEN,
    or_(inbox.c.kind != WAITS, inbox.c.turn_id == _c.stop_turn),
)
"""Whether a conversation has an open message that waits for nothing, whatever its questions do: no
question, or one that somebody wants to end."""
is_parked = exists().where(inbox.c.conversation_id == _c.id, inbox.c.state == OPEN, inbox.c.parked)
may_go_on = or_(~is_paused(_c.platform, _c.workspace, _c.channel), is_heard)
"""Of a conversation with open messages: whether one of them may be begun."""
