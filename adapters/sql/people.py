"""What people think of answers, the settings they make in the chat, and where to reach them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, or_, select
from sqlalchemy.dialects.postgresql import insert

from adapters.sql.database import Part
from adapters.sql.operating.audit import note
from adapters.sql.rows import read_us, to_ref_columns, to_us
from adapters.sql.schema.columns import at, match
from adapters.sql.schema.tables import inbox, places, preferences, ratings, reply_refs, turns
from core.rating import Rating

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from core.ports import Deed, Scope
    from core.rating import Mark

_MESSAGE = ("platform", "workspace", "channel", "message_id")
_rated = insert(ratings)
RATE = _rated.on_conflict_do_update(
    index_elements=[*_MESSAGE, "user_id", "emoji"],
    set_={
        name: _rated.excluded[name]
        for name in ("user_name", "value", "active", "marked_at_us", "source", "reason")
    },
    where=ratings.c.marked_at_us <= _rated.excluded.marked_at_us,
)
TURN_OF = select(reply_refs.c.turn_id).where(match(reply_refs, *_MESSAGE))
NEWEST = (
    select(ratings.c.value, ratings.c.reason)
    .join(
        reply_refs,
        and_(*(reply_refs.c[name] == ratings.c[name] for name in _MESSAGE)),
    )
    .where(match(reply_refs, "turn_id"), match(ratings, "user_id"), ratings.c.active)
    .order_by(ratings.c.marked_at_us.desc())
    .limit(1)
)
ASKED_AT = select(turns.c.received_at_us).where(match(turns, "turn_id"))
STORED_AT = select(inbox.c.received_at_us).where(match(inbox, "turn_id"))
_p = preferences.c
READ = select(_p.scope, _p.name, _p.value).where(
    match(preferences, "platform", "workspace"),
    or_(
        and_(_p.scope == "person", _p.subject == bindparam("user_id")),
        and_(_p.scope == "channel", _p.subject == bindparam("channel")),
        and_(_p.scope == "workspace", _p.subject == ""),
    ),
)
_made = insert(preferences)
WRITE = _made.on_conflict_do_update(
    index_elements=["platform", "workspace", "scope", "subject", "name"],
    set_={"value": _made.excluded.value},
)
REMOVE = delete(preferences).where(
    match(preferences, "platform", "workspace", "scope", "subject", "name")
)

_PLACE = ("platform", "workspace", "channel")
_learned = insert(places)
NEW_PLACE = _learned.on_conflict_do_nothing().returning(places.c.channel)
KEEP_PLACE = _learned.on_conflict_do_update(
    index_elements=list(_PLACE), set_={"place": _learned.excluded.place}
)
PLACE_OF = select(places.c.place).where(match(places, *_PLACE))
FORGET_PLACE = delete(places).where(match(places, *_PLACE))


class SqlRatings(Part):
    """core.ports.Ratings."""

    async def rate(self, mark: Mark) -> Rating | None:
        return await self._database.write(_rate, mark)


class SqlPreferences(Part):
    """core.ports.Preferences."""

    async def read(
        self, platform: str, workspace: str, channel: str, user_id: str
    ) -> Mapping[Scope, Mapping[str, str]]:
        place = at({"platform": platform, "workspace": workspace})
        columns = {**place, "channel": channel, "user_id": user_id}
        return await self._database.read(_read, columns)

    async def write(
        self,
        scope: Scope,
        platform: str,
        workspace: str,
        subject: str,
        name: str,
        value: str | None,
        deed: Deed | None = None,
    ) -> None:
        columns = {
            "platform": platform,
            "workspace": workspace,
            "scope": scope,
            "subject": subject,
            "name": name,
        }
        now_us = to_us(self._clock.now())
        await self._database.write(_write, columns, value, deed, now_us)


class SqlPlaces(Part):
    """core.ports.Places."""

    async def keep_place(self, platform: str, workspace: str, channel: str, place: str) -> bool:
        columns = _to_place_columns(platform, workspace, channel)
        return await self._database.write(_keep_place, {**columns, "place": place})

    async def place_of(self, platform: str, workspace: str, channel: str) -> str | None:
        return await self._database.read(_place_of, _to_place_columns(platform, workspace, channel))

    async def forget_place(self, platform: str, workspace: str, channel: str) -> None:
        await self._database.write(_forget_place, _to_place_columns(platform, workspace, channel))


def _rate(connection: Connection, mark: Mark) -> Rating | None:
    columns = {
        **to_ref_columns(mark.ref),
        "user_id": mark.author.user_id,
        "user_name": mark.author.name,
        "emoji": mark.emoji,
        "value": mark.value,
        "active": mark.active,
        "marked_at_us": to_us(mark.at),
        "source": mark.source,
        "reason": mark.reason,
    }
    connection.execute(RATE, columns)
    turn_id = connection.execute(TURN_OF, at(to_ref_columns(mark.ref))).scalar()
    if turn_id is None:
        return None
    person = {"at_turn_id": turn_id, "at_user_id": mark.author.user_id}
    newest = connection.execute(NEWEST, person).first()
    value, reason = (None, mark.reason) if newest is None else (newest.value, newest.reason)
    return Rating(
        turn_id=turn_id,
        author=mark.author,
        value=None if value is None else 1 if value > 0 else -1,
        asked_at=_asked_at(connection, turn_id),
        reason=reason,
    )


def _asked_at(connection: Connection, turn_id: str) -> datetime | None:
    """From the turn, or from the inbox where the turn is not recorded yet."""
    for statement in (ASKED_AT, STORED_AT):
        moment_us = connection.execute(statement, {"at_turn_id": turn_id}).scalar()
        if moment_us is not None:
            return read_us(moment_us)
    return None


def _read(connection: Connection, columns: Mapping[str, str]) -> Mapping[Scope, Mapping[str, str]]:
    found: dict[Scope, dict[str, str]] = {"person": {}, "channel": {}, "workspace": {}}
    for scope, name, value in connection.execute(READ, columns):
        found[scope][name] = value
    return found


def _write(
    connection: Connection,
    columns: Mapping[str, str],
    value: str | None,
    deed: Deed | None,
    now_us: int,
) -> None:
    if deed is not None:
        note(connection, deed, now_us)
    if value is None:
        connection.execute(REMOVE, at(columns))
    else:
        connection.execute(WRITE, {**columns, "value": value})


def _to_place_columns(platform: str, workspace: str, channel: str) -> dict[str, str]:
    return {"platform": platform, "workspace": workspace, "channel": channel}


def _keep_place(connection: Connection, columns: Mapping[str, str]) -> bool:
    if connection.execute(NEW_PLACE, columns).first() is not None:
        return True
    connection.execute(KEEP_PLACE, columns)
    return False


def _place_of(connection: Connection, columns: Mapping[str, str]) -> str | None:
    return connection.execute(PLACE_OF, at(columns)).scalar()


def _forget_place(connection: Connection, columns: Mapping[str, str]) -> None:
    connection.execute(FORGET_PLACE, at(columns))
