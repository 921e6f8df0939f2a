"""The schema: every table, its logical keys, and the indexes that the statements rely on."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    false,
    text,
)

from adapters.sql.schema.columns import ExactText
from adapters.sql.schema.keeping import keep

metadata = MetaData()
RowId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts by itself only in a column of type INTEGER."""


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, ExactText, nullable=nullable)


def _integer(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


def _later(name: str) -> Column[int]:
    """With a default, as a program that does not know the column writes rows without it."""
    return Column(name, BigInteger, nullable=False, server_default="0")


def _later_flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=false())


def _amount(name: str, *, nullable: bool = True) -> Column[float]:
    return Column(name, Double, nullable=nullable)


def _ref() -> tuple[Column[str], ...]:
    return _text("platform"), _text("workspace"), _text("channel"), _text("message_id")


conversations = Table(
    "conversations",
    metadata,
    Column("id", RowId, primary_key=True),
    _text("platform"),
    _text("workspace"),
    _text("channel"),
    _text("thread"),
    _integer("next_seq"),  # of the newest message
    _integer("finished"),  # a count: those behind a running one can be dropped before it ends
    _text("owner", nullable=True),
    _integer("epoch"),
    _integer("taken_seq"),  # the message with which the present owner took it
    _text("stop_turn", nullable=True),
    _text("sole_author", nullable=True),  # NULL: several people have written
    _integer("history_from"),
    _integer("forgotten_at_us"),  # 0: never
    _integer("waiting_since_us"),
    # Below all others, where the fifth version of the schema could add them.
    _later("parked_until_us"),  # its oldest message waits for the model until then; 0: it does not
    _later("retry_at_us"),  # when that is to be tried again
    UniqueConstraint("platform", "workspace", "channel", "thread", name="conversations_key"),
    Index(
        "conversations_waiting",
        "waiting_since_us",
        sqlite_where=text("finished < next_seq"),
        postgresql_where=text("finished < next_seq"),
    ),
    Index(
        "conversations_owned",
        "owner",
        sqlite_where=text("owner IS NOT NULL"),
        postgresql_where=text("owner IS NOT NULL"),
    ),
)

replicas = Table(
    "replicas",
    metadata,
    Column("id", ExactText, primary_key=True),
    _integer("expires_at_us"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("turn_id", ExactText, primary_key=True),
    _integer("conversation_id"),
    _integer("seq"),
    _text("kind"),
    *_ref(),
    _text("key"),  # the click that asked again; empty for the message itself
    _text("twin"),
    _text("author_id"),
    _text("author_name"),
    _text("address"),
    _text("text"),
    _text("attachments"),
    _text("reply_to"),
    _integer("sent_at_us"),
    _flag("mentions_others"),
    _integer("received_at_us"),
    _text("replaces"),  # the turn whose answer is written anew
    _text("state"),  # open, done, refused, dropped, dead
    _integer("runs"),  # every beginning
    _integer("starts"),  # those that count against the message
    _integer("failures"),
    _flag("erased"),
    _text("reason"),
    # Below all others, where the fifth version of the schema could add them.
    _later_flag("parked"),  # it has waited for the model
    _later_flag("told"),  # and its asker knows
    Column("kept", ExactText, nullable=False, server_default=""),  # an answer still to be shown
    UniqueConstraint("platform", "workspace", "channel", "message_id", "key", name="inbox_message"),
    Index(
        "inbox_twin",
        "platform",
        "workspace",
        "twin",
        unique=True,
        sqlite_where=text("twin <> ''"),
        postgresql_where=text("twin <> ''"),
    ),
    Index(
        "inbox_open",
        "conversation_id",
        "seq",
        "received_at_us",
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
    Index("inbox_by_author", "platform", "workspace", "author_id", "received_at_us"),
    Index("inbox_by_channel", "platform", "workspace", "channel", "received_at_us"),
    Index("inbox_by_workspace", "platform", "workspace", "received_at_us"),
)

reply_refs = Table(
    "reply_refs",
    metadata,
    *(Column(name, ExactText, primary_key=True) for name in ("platform", "workspace")),
    *(Column(name, ExactText, primary_key=True) for name in ("channel", "message_id")),
    _integer("conversation_id"),
    _text("turn_id"),
    _integer("n"),
    Index("reply_refs_of_turn", "turn_id", "n"),
)

completions = Table(
    "completions",
    metadata,
    Column("turn_id", ExactText, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    _text("model"),
    _amount("reserved_usd"),
    _integer("input_tokens"),
    _integer("output_tokens"),
    _integer("cached_tokens"),
    _integer("reasoning_tokens"),
    _amount("cost_usd"),
    _text("source"),
    _text("outcome"),
    _text("platform"),
    _text("workspace"),
    _text("user_id"),
    _integer("called_at_us"),
    Index("completions_by_workspace", "platform", "workspace", "called_at_us"),
)

turns = Table(
    "turns",
    metadata,
    Column("turn_id", ExactText, primary_key=True),
    _integer("conversation_id"),
    _integer("seq"),
    _flag("replaced"),  # asked again since, in the same messages
    _text("platform"),
    _text("workspace"),
    _text("channel"),
    _text("thread"),
    _text("user_id"),
    _text("user_name"),
    _text("kind"),
    _text("outcome"),
    _integer("received_at_us"),
    _text("message_id"),
    _text("model"),
    _integer("input_tokens"),
    _integer("output_tokens"),
    _integer("cached_tokens"),
    _integer("reasoning_tokens"),
    _amount("cost_usd"),
    _text("prompt_version"),
    _amount("first_token_s"),
    _amount("first_visible_s"),
    _amount("latency_s", nullable=False),
    _integer("attempts"),
    _text("error"),
    _flag("incomplete"),
    _text("correlation_id"),
    # Long texts last: who reads only numbers does not read past them.
    _text("question"),
    _text("answer"),
    _text("context"),
    # Below all others, where the second version of the schema could add it.
    Column("address", ExactText, nullable=False, server_default=""),
    Index("turns_of_conversation", "conversation_id", "seq"),
    Index("turns_of_channel", "platform", "workspace", "channel", "received_at_us"),
    # Covers the whole summary, so that a million turns are read without their texts.
    Index(
        "turns_by_time",
        "received_at_us",
        "kind",
        "platform",
        "workspace",
        "channel",
        "user_id",
        "outcome",
        "error",
        "latency_s",
        "first_visible_s",
        "input_tokens",
        "output_tokens",
        "cached_tokens",
        "turn_id",
    ),
)

ratings = Table(
    "ratings",
    metadata,
    *(Column(name, ExactText, primary_key=True) for name in ("platform", "workspace")),
    *(Column(name, ExactText, primary_key=True) for name in ("channel", "message_id")),
    Column("user_id", ExactText, primary_key=True),
    Column("emoji", ExactText, primary_key=True),
    _text("user_name"),
    Column("value", Integer, nullable=False),
    _flag("active"),
    _integer("marked_at_us"),
    _text("source"),
    _text("reason"),
)

preferences = Table(
    "preferences",
    metadata,
    *(Column(name, ExactText, primary_key=True) for name in ("platform", "workspace")),
    *(Column(name, ExactText, primary_key=True) for name in ("scope", "subject", "name")),
    _text("value"),
)

places = Table(
    "places",
    metadata,
    *(Column(name, ExactText, primary_key=True) for name in ("platform", "workspace", "channel")),
    _text("place"),
)

pauses = Table(
    "pauses",
    metadata,
    # The channel is empty where a whole workspace is paused.
    *(Column(name, ExactText, primary_key=True) for name in ("platform", "workspace", "channel")),
    _text("reason"),
    _integer("since_us"),
)

told_of_pauses = Table(
    "told_of_pauses",
    metadata,
    *(Column(name, ExactText, primary_key=True) for name in ("platform", "workspace", "channel")),
    Column("user_id", ExactText, primary_key=True),
)

audit = Table(
    "audit",
    metadata,
    Column("id", RowId, primary_key=True),
    _integer("at_us"),
    _text("who"),
    _text("what"),
    _text("subject"),
    _text("details"),
    Index("audit_by_time", "at_us"),
)
keep(audit)

probes = Table("probes", metadata, Column("id", Integer, primary_key=True), _text("filling"))

schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("readable_by", Integer, nullable=False),
)
