"""The schema: every table, its logical keys, and the indexes that the statements rely on."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from adapters.sql.schema.columns import ExactText
from adapters.sql.schema.fields import (
    RowId,
    amount,
    flag,
    integer,
    later,
    later_flag,
    ref,
    string,
)
from adapters.sql.schema.keeping import keep

metadata = MetaData()

conversations = Table(
    "conversations",
    metadata,
    Column("id", RowId, primary_key=True),
    string("platform"),
    string("workspace"),
    string("channel"),
    string("thread"),
    integer("next_seq"),  # of the newest message
    integer("finished"),  # a count: those behind a running one can be dropped before it ends
    string("owner", nullable=True),
    integer("epoch"),
    integer("taken_seq"),  # the message with which the present owner took it
    string("stop_turn", nullable=True),
    string("sole_author", nullable=True),  # NULL: several people have written
    integer("history_from"),
    integer("forgotten_at_us"),  # 0: never
    integer("waiting_since_us"),
    # Below all others, where the fourth version of the schema could add them.
    later("parked_until_us"),  # its oldest message waits for the model until then; 0: it does not
    later("retry_at_us"),  # when that is to be tried again
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
    integer("expires_at_us"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("turn_id", ExactText, primary_key=True),
    integer("conversation_id"),
    integer("seq"),
    string("kind"),
    *ref(),
    string("key"),  # the click that asked again; empty for the message itself
    string("twin"),
    string("author_id"),
    string("author_name"),
    string("address"),
    string("text"),
    string("attachments"),
    string("reply_to"),
    integer("sent_at_us"),
    flag("mentions_others"),
    integer("received_at_us"),
    string("replaces"),  # the turn whose answer is written anew
    string("state"),  # open, done, refused, dropped, dead
    integer("runs"),  # every beginning
    integer("starts"),  # those that count against the message
    integer("failures"),
    flag("erased"),
    string("reason"),
    # Below all others, where the fourth version of the schema could add them.
    later_flag("parked"),  # it has waited for the model
    later_flag("told"),  # and its asker knows
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
    integer("conversation_id"),
    string("turn_id"),
    integer("n"),
    Index("reply_refs_of_turn", "turn_id", "n"),
)

completions = Table(
    "completions",
    metadata,
    Column("turn_id", ExactText, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    string("model"),
    amount("reserved_usd"),
    integer("input_tokens"),
    integer("output_tokens"),
    integer("cached_tokens"),
    integer("reasoning_tokens"),
    amount("cost_usd"),
    string("source"),
    string("outcome"),
    string("platform"),
    string("workspace"),
    string("user_id"),
    integer("called_at_us"),
    Index("completions_by_workspace", "platform", "workspace", "called_at_us"),
)

turns = Table(
    "turns",
    metadata,
    Column("turn_id", ExactText, primary_key=True),
    integer("conversation_id"),
    integer("seq"),
    flag("replaced"),  # asked again since, in the same messages
    string("platform"),
    string("workspace"),
    string("channel"),
    string("thread"),
    string("user_id"),
    string("user_name"),
    string("kind"),
    string("outcome"),
    integer("received_at_us"),
    string("message_id"),
    string("model"),
    integer("input_tokens"),
    integer("output_tokens"),
    integer("cached_tokens"),
    integer("reasoning_tokens"),
    amount("cost_usd"),
    string("prompt_version"),
    amount("first_token_s"),
    amount("first_visible_s"),
    amount("latency_s", nullable=False),
    integer("attempts"),
    string("error"),
    flag("incomplete"),
    string("correlation_id"),
    # Long texts last: who reads only numbers does not read past them.
    string("question"),
    string("answer"),
    string("context"),
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
    string("user_name"),
    Column("value", Integer, nullable=False),
    flag("active"),
    integer("marked_at_us"),
    string("source"),
    string("reason"),
)

preferences = Table(
    "preferences",
    metadata,
    *(Column(name, ExactText, primary_key=True) for name in ("platform", "workspace")),
    *(Column(name, ExactText, primary_key=True) for name in ("scope", "subject", "name")),
    string("value"),
)

places = Table(
    "places",
    metadata,
    *(Column(name, ExactText, primary_key=True) for name in ("platform", "workspace", "channel")),
    string("place"),
)

pauses = Table(
    "pauses",
    metadata,
    # The channel is empty where a whole workspace is paused.
    *(Column(name, ExactText, primary_key=True) for name in ("platform", "workspace", "channel")),
    string("reason"),
    integer("since_us"),
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
    integer("at_us"),
    string("who"),
    string("what"),
    string("subject"),
    string("details"),
    Index("audit_by_time", "at_us"),
)
keep(audit)

probes = Table("probes", metadata, Column("id", Integer, primary_key=True), string("filling"))

schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("readable_by", Integer, nullable=False),
)
