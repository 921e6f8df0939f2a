"""The record of what admins did. Rows are only added; a trigger refuses all else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from adapters.sql.database import Part
from adapters.sql.rows import read_us, to_us
from adapters.sql.schema.tables import audit
from core.ports import Deed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

_a = audit.c
NOTE = insert(audit).values(
    {name: bindparam(name) for name in ("at_us", "who", "what", "subject", "details")}
)
DEEDS = (
    select(_a.at_us, _a.who, _a.what, _a.subject, _a.details)
    .where(_a.at_us >= bindparam("since_us"))
    .order_by(_a.at_us, _a.id)
)


class SqlAudit(Part):
    """core.ports.Audit."""

    async def note(self, deed: Deed) -> None:
        await self._database.write(note, deed, to_us(self._clock.now()))

    async def deeds(self, since: datetime) -> Sequence[tuple[datetime, Deed]]:
        return await self._database.read(_deeds, to_us(since), lane="long")


def note(connection: Connection, deed: Deed, now_us: int) -> None:
    """In the transaction of what the deed changes."""
    columns = {
        "at_us": now_us,
        "who": deed.who,
        "what": deed.what,
        "subject": deed.subject,
        "details": deed.details,
    }
    connection.execute(NOTE, columns)


def _deeds(connection: Connection, since_us: int) -> list[tuple[datetime, Deed]]:
    rows = connection.execute(DEEDS, {"since_us": since_us})
    return [(read_us(row.at_us), Deed(row.who, row.what, row.subject, row.details)) for row in rows]
