"""Ledgers of any size: what a busy year would have left, written by the database itself."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from adapters.sql.postgres.address import is_postgres
from adapters.sql.sqlite.file import read_path
from core.conversation import ConversationKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

YEAR_US = 365 * 86_400 * 1_000_000
FIRST_ID = 1_000_000_000
"""Of conversations; a database that counts by itself begins far below or goes on above."""
PLATFORM, WORKSPACE = "slack", "T0BUSY"
CHANNELS, PEOPLE = 500, 5_000
WORDS = "Could you say in a few words what the second paragraph means for us? "


@dataclass(frozen=True, slots=True)
class Filling:
    """So many recorded turns, evenly over the last year, so many in a conversation; several
    fillings fit into one ledger where they count from a different `first`."""

    turns: int
    in_each: int
    first: int = 0

    def key(self, n: int) -> ConversationKey:
        """Of its nth conversation."""
        number = self.first + n
        return ConversationKey(PLATFORM, WORKSPACE, f"C{number % CHANNELS}", f"{number}.0")

    @property
    def conversations(self) -> int:
        return self.turns // self.in_each


async def fill(url: str, filling: Filling) -> None:
    """Nobody else may have the database open; its schema is there."""
    if is_postgres(url):
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        for statement in _statements(filling, "generate_series(1::bigint, {}) AS series(n)"):
            await connection.execute(statement)
        await connection.execute("VACUUM ANALYZE")  # as autovacuum would have done long ago
        await connection.close()
    else:
        await asyncio.to_thread(_fill_file, url, filling)


def _fill_file(url: str, filling: Filling) -> None:
    series = (
        "(WITH RECURSIVE counting(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM counting "
        "WHERE n < {}) SELECT n FROM counting) AS series"
    )
    with closing(sqlite3.connect(read_path(url))) as connection, connection:
        for statement in _statements(filling, series):
            connection.execute(statement)


def _statements(filling: Filling, series: str) -> Iterator[str]:
    for table, columns in _tables(filling).items():
        number = filling.conversations if table == "conversations" else filling.turns
        yield (
            f"INSERT INTO {table} ({', '.join(columns)}) "
            f"SELECT {', '.join(columns.values())} FROM {series.format(number)}"
        )


def _tables(filling: Filling) -> Mapping[str, Mapping[str, str]]:
    """By table and column; `n` counts turns from 1, in conversations these."""
    each, number = filling.in_each, f"({filling.first} + n)"
    step_us = YEAR_US // filling.turns
    at_us = f"({time.time_ns() // 1_000} - ({filling.turns} - n) * {step_us})"
    place = f"({filling.first} + (n - 1) / {each})"
    ids = {"conversation_id": f"{FIRST_ID} + {place}", "seq": f"1 + (n - 1) % {each}"}
    where = {"platform": f"'{PLATFORM}'", "workspace": f"'{WORKSPACE}'"}
    channel, turn = f"'C' || ({place} % {CHANNELS})", f"'turn' || {number}"
    person = f"'U' || ({place} % {PEOPLE})"
    question, answer = f"'{WORDS}' || {number}", f"'{WORDS * 6}' || {number}"
    tokens = {"input_tokens": "60", "output_tokens": "90", "cached_tokens": "0"}
    tokens["reasoning_tokens"] = "0"
    own = f"({filling.first} + n - 1)"
    return {
        "conversations": {
            **where,
            "id": f"{FIRST_ID} + {own}",
            "channel": f"'C' || ({own} % {CHANNELS})",
            "thread": f"{own} || '.0'",
            **{"next_seq": str(each), "finished": str(each), "epoch": "1", "taken_seq": "1"},
            "sole_author": f"'U' || ({own} % {PEOPLE})",
            **{"history_from": "0", "forgotten_at_us": "0", "waiting_since_us": "0"},
        },
        "inbox": {
            **where,
            **ids,
            **{"turn_id": turn, "kind": "'question'", "channel": channel},
            **{"message_id": f"{number} || '.1'", "key": "''", "twin": turn},
            **{"author_id": person, "author_name": person, "address": "'mention'"},
            **{"text": question, "attachments": "''", "reply_to": "''", "sent_at_us": at_us},
            **{"mentions_others": "false", "received_at_us": at_us, "replaces": "''"},
            **{"state": "'done'", "runs": "1", "starts": "1", "failures": "0"},
            **{"erased": "false", "reason": "''"},
        },
        "reply_refs": {
            **where,
            **{"channel": channel, "message_id": f"{number} || '.2'"},
            **{"conversation_id": ids["conversation_id"], "turn_id": turn, "n": "1"},
        },
        "completions": {
            **where,
            **tokens,
            **{"turn_id": turn, "n": "1", "model": "'benchmark'", "reserved_usd": "0.001"},
            **{"cost_usd": "0.001", "source": "'exact'", "outcome": "'answered'"},
            **{"user_id": person, "called_at_us": at_us},
        },
        "turns": {
            **where,
            **ids,
            **tokens,
            **{"turn_id": turn, "replaced": "false", "channel": channel},
            **{"thread": f"{place} || '.0'", "user_id": person, "user_name": person},
            **{"kind": "'question'", "outcome": "'answered'", "received_at_us": at_us},
            **{"message_id": f"{number} || '.1'", "model": "'benchmark'", "cost_usd": "0.001"},
            **{"prompt_version": "'1'", "first_token_s": "0.4", "first_visible_s": "0.5"},
            **{"latency_s": "2.5", "attempts": "1", "error": "''", "incomplete": "false"},
            **{"correlation_id": turn, "question": question, "answer": answer, "context": "''"},
        },
    }
