"""Pauses: one row for each paused channel or workspace, and one for each asker who was told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, exists, or_, select
from sqlalchemy.dialects.postgresql import insert

from adapters.sql.database import Part
from adapters.sql.operating.audit import note
from adapters.sql.owners import is_free
from adapters.sql.rows import read_key, read_queued, read_us, to_us
from adapters.sql.schema.columns import NOTHING, OPEN, at, match
from adapters.sql.schema.pausing import WAITS, covers
from adapters.sql.schema.tables import conversations, inbox, pauses, told_of_pauses
from core.ports import Pause

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from adapters.sql.rows import AnyRow
    from core.ports import Deed
    from core.turn import QueuedMessage

_c, _p, _t = conversations.c, pauses.c, told_of_pauses.c
_PLACE = ("platform", "workspace", "channel")
_made = insert(pauses)
PAUSE = _made.on_conflict_do_update(
    index_elements=list(_PLACE), set_={"reason": _made.excluded.reason}
)
RESUME = delete(pauses).where(match(pauses, *_PLACE)).returning(_p.channel)
FORGET_TOLD = delete(told_of_pauses).where(match(told_of_pauses, *_PLACE))
PAUSES = select(pauses).order_by(_p.since_us)
ANY_PAUSE = select(_p.platform).limit(1)
TELL = insert(told_of_pauses).on_conflict_do_nothing().returning(_t.user_id)
UNTOLD = (
    select(
        inbox,
        _c.thread,
        _p.channel.label("paused_channel"),
        _p.reason.label("paused_because"),
        _p.since_us,
    )
    .select_from(pauses)
    .join(conversations, covers(_c.platform, _c.workspace, _c.channel))
    .join(inbox, inbox.c.conversation_id == _c.id)
    .where(inbox.c.state == OPEN, inbox.c.kind == WAITS)
    # Nobody works there: what runs was begun before the pause, and goes on.
    .where(_c.finished < _c.next_seq, is_free)
    .where(
        ~exists().where(
            _t.platform == _c.platform,
            _t.workspace == _c.workspace,
            or_(_t.channel == NOTHING, _t.channel == _c.channel),
            _t.user_id == inbox.c.author_id,
        )
    )
    # The narrowest pause first.
    .order_by(_p.channel.desc(), inbox.c.received_at_us)
    .limit(bindparam("most"))
)


class SqlPauses(Part):
    """core.ports.Pauses."""

    async def pause(
        self, platform: str, workspace: str, channel: str, reason: str, deed: Deed
    ) -> None:
        place = _place(platform, workspace, channel)
        now_us = to_us(self._clock.now())
        await self._database.write(_pause, {**place, "reason": reason}, deed, now_us)

    async def resume(self, platform: str, workspace: str, channel: str, deed: Deed) -> bool:
        place = _place(platform, workspace, channel)
        return await self._database.write(_resume, place, deed, to_us(self._clock.now()))

    async def pauses(self) -> Sequence[Pause]:
        return await self._database.read(_pauses)

    async def untold(self, limit: int) -> Sequence[tuple[QueuedMessage, Pause]]:
        columns = {"me": self._replica_id, "lease_us": self._lease_us, "most": limit}
        if not await self._database.read(_find_untold, columns):
            return ()  # as nearly always: nothing is written each second
        return await self._database.write(_claim_untold, columns)


def _place(platform: str, workspace: str, channel: str) -> dict[str, str]:
    return {"platform": platform, "workspace": workspace, "channel": channel}


def _pause(connection: Connection, columns: Mapping[str, str], deed: Deed, now_us: int) -> None:
    connection.execute(PAUSE, {**columns, "since_us": now_us})
    note(connection, deed, now_us)


def _resume(connection: Connection, place: Mapping[str, str], deed: Deed, now_us: int) -> bool:
    if connection.execute(RESUME, at(place)).first() is None:
        return False
    connection.execute(FORGET_TOLD, at(place))
    note(connection, deed, now_us)
    return True


def _pauses(connection: Connection) -> list[Pause]:
    return [
        Pause(row.platform, row.workspace, row.channel, row.reason, read_us(row.since_us))
        for row in connection.execute(PAUSES)
    ]


def _find_untold(connection: Connection, columns: Mapping[str, Any]) -> Sequence[AnyRow]:
    if connection.execute(ANY_PAUSE).first() is None:
        return ()
    return connection.execute(UNTOLD, columns).all()


def _claim_untold(
    connection: Connection, columns: Mapping[str, Any]
) -> list[tuple[QueuedMessage, Pause]]:
    claimed, seen = [], set[str]()
    for row in _find_untold(connection, columns):
        if row.turn_id not in seen and _claim(connection, row):
            claimed.append(_read_untold(row))
        seen.add(row.turn_id)  # the wider pauses that it waits for too come behind
    return claimed


def _claim(connection: Connection, row: AnyRow) -> bool:
    """False: this asker has been told, in another conversation or by another process."""
    place = _place(row.platform, row.workspace, row.paused_channel)
    return connection.execute(TELL, {**place, "user_id": row.author_id}).first() is not None


def _read_untold(row: AnyRow) -> tuple[QueuedMessage, Pause]:
    pause = Pause(
        row.platform,
        row.workspace,
        row.paused_channel,
        row.paused_because,
        read_us(row.since_us),
    )
    return read_queued(row, read_key(row), ()), pause
