"""Everything that the tables hold of one person, and what is left of each row without it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    String,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)

from adapters.sql.recording import OF_PERSON
from adapters.sql.schema.columns import OPEN, at, match
from adapters.sql.schema.tables import (
    completions,
    conversations,
    inbox,
    places,
    preferences,
    ratings,
    told_of_pauses,
    turns,
)

BATCH = 200
"""Few enough that a question which arrives meanwhile does not wait long for the writer."""
_c = conversations.c
_WHERE = ("platform", "workspace")
_ids: BindParameter[Any] = bindparam("ids", expanding=True)
_limit: BindParameter[int] = bindparam("most")
_sent = match(inbox, *_WHERE, "author_id")

WAITING = select(inbox.c.conversation_id).where(_sent, inbox.c.state == OPEN).distinct()
LOCK_WAITING = (
    update(conversations)
    .where(match(conversations, "id"))
    .values(next_seq=_c.next_seq)
    .returning(_c.id)
)
OPEN_OF = (
    select(inbox.c.turn_id, inbox.c.runs, inbox.c.parked, inbox.c.replaces)
    .where(match(inbox, "conversation_id"), _sent, inbox.c.state == OPEN)
    .order_by(inbox.c.seq)
)
_NOBODYS = {
    "author_id": "",
    "author_name": "",
    "text": "",
    "attachments": "",
    "reply_to": "",
    "kept": "",
    "twin": "",
    "erased": True,
}
DROP_OPEN = update(inbox).where(match(inbox, "turn_id")).values(state="dropped", **_NOBODYS)
COUNT_DROPPED = (
    update(conversations)
    .where(match(conversations, "id"))
    .values(
        finished=_c.finished + bindparam("dropped", type_=BigInteger()),
        stop_turn=func.coalesce(bindparam("running", type_=_c.stop_turn.type), _c.stop_turn),
    )
)
"""With a stop for the one that is being answered right now."""
MESSAGES = select(inbox.c.turn_id).where(_sent, inbox.c.state != "open").limit(_limit)
FORGET_MESSAGES = (
    update(inbox)
    .where(inbox.c.turn_id.in_(_ids))
    .values(state=case((inbox.c.state == "dead", "dropped"), else_=inbox.c.state), **_NOBODYS)
)
TURNS = select(turns.c.turn_id).where(match(turns, *_WHERE, "user_id")).limit(_limit)
FORGET_TURNS = (
    update(turns)
    .where(turns.c.turn_id.in_(_ids))
    .values(dict.fromkeys(("question", "answer", *OF_PERSON), ""))
)
CALLS = select(completions.c.turn_id).where(match(completions, *_WHERE, "user_id")).limit(_limit)
FORGET_CALLS = update(completions).where(completions.c.turn_id.in_(_ids)).values(user_id="")
QUOTES = (
    select(turns.c.turn_id, turns.c.received_at_us)
    .where(match(turns, *_WHERE), turns.c.user_id != bindparam("at_user_id"))
    .where(turns.c.received_at_us >= bindparam("after_us"))
    .where(turns.c.context.like(bindparam("pattern", type_=String()), escape="!"))
    .order_by(turns.c.received_at_us)
    .limit(_limit)
)
CONTEXTS = select(turns.c.turn_id, turns.c.context).where(turns.c.turn_id.in_(_ids))
KEEP_OTHERS = update(turns).where(match(turns, "turn_id")).values(context=bindparam("kept"))
_RATING = (*_WHERE, "channel", "message_id", "user_id", "emoji")
RATINGS = (
    select(*(ratings.c[name] for name in _RATING))
    .where(match(ratings, *_WHERE, "user_id"))
    .limit(_limit)
)
FORGET_RATING = delete(ratings).where(match(ratings, *_RATING))
_own_settings = (match(preferences, *_WHERE, "subject"), preferences.c.scope == "person")
FORGET_PREFERENCES = delete(preferences).where(*_own_settings)
_mine, _chat = places.alias(), places.alias()
_at_mine = select(_mine.c.place).where(
    *(_mine.c[name] == bindparam(f"at_{name}") for name in (*_WHERE, "channel"))
)
_without_marks = func.replace(func.replace(_chat.c.channel, "!", "!!"), "%", "!%")
_name_in_pattern = func.replace(_without_marks, "_", "!_")
_named_after_my_chat = (
    select(_chat.c.channel)
    .where(*(_chat.c[name] == bindparam(f"at_{name}") for name in _WHERE))
    .where(_chat.c.place.in_(_at_mine), _chat.c.channel != "")
    .where(places.c.channel.like(literal("%/") + _name_in_pattern, escape="!"))
    .exists()
)
_own_places = (
    match(places, *_WHERE),
    or_(
        places.c.channel == bindparam("at_channel"),
        places.c.place.in_(_at_mine),
        _named_after_my_chat,
    ),
)
"""Of the person, of the chat that is reached at the same address, and what is named after it."""
FORGET_PLACES = delete(places).where(*_own_places)
FORGET_TOLD = delete(told_of_pauses).where(match(told_of_pauses, *_WHERE, "user_id"))
SOLE = select(_c.id).where(match(conversations, *_WHERE, "sole_author")).limit(_limit)
FORGET_SOLE = update(conversations).where(_c.id.in_(_ids)).values(sole_author=None)
PRIVATE = (
    select(_c.id)
    .where(match(conversations, *_WHERE))
    .where(_c.thread.like(bindparam("ending", type_=String()), escape="!"))
    .limit(_limit)
)
"""Conversations that are named after the person whom they are with."""
FORGET_PRIVATE = (
    update(conversations)
    .where(_c.id.in_(_ids))
    .values(thread=literal("erased ") + cast(_c.id, String()))
)
COUNTS = {
    "waiting": select(func.count()).select_from(inbox).where(_sent, inbox.c.state == OPEN),
    "messages": select(func.count()).select_from(inbox).where(_sent, inbox.c.state != "open"),
    "turns": select(func.count()).select_from(turns).where(match(turns, *_WHERE, "user_id")),
    "calls": select(func.count())
    .select_from(completions)
    .where(match(completions, *_WHERE, "user_id")),
    "ratings": select(func.count()).select_from(ratings).where(match(ratings, *_WHERE, "user_id")),
    "preferences": select(func.count()).select_from(preferences).where(*_own_settings),
    "places": select(func.count()).select_from(places).where(*_own_places),
}
EVER_US = -(2**62)


@dataclass(frozen=True, slots=True)
class Person:
    platform: str
    workspace: str
    user_id: str

    def at(self) -> dict[str, str]:
        """By every name that the tables have for the id."""
        names = ("user_id", "author_id", "subject", "channel", "sole_author")
        return at(
            {"platform": self.platform, "workspace": self.workspace}
            | dict.fromkeys(names, self.user_id)
        )

    def pattern(self) -> str:
        """For what `to_context` makes of something that the person has said."""
        return f"%[{_plain(json.dumps(self.user_id))},%"

    def ending(self) -> str:
        return f"%/{_plain(self.user_id)}"


def _plain(text: str) -> str:
    """In a pattern, itself alone."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
