"""How PostgreSQL runs what a turn asks, where a ledger is long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.dialects import postgresql

from adapters.sql.rows import to_key_columns
from adapters.sql.schema.columns import at
from adapters.sql.turns import HISTORY, SUCCEEDED
from benchmarks.durability.filling import Filling, fill

if TYPE_CHECKING:
    from sqlalchemy import Select

    from tests.adapters.sql.postgres.conftest import Replicas

LONG = Filling(2000, 2000)


@pytest.mark.parametrize("statement", [HISTORY, SUCCEEDED], ids=["history", "succeeded"])
async def test_the_newest_turns_are_found_without_reading_a_long_thread(
    replicas: Replicas, statement: Select
) -> None:
    await fill(replicas.url, LONG)
    asked = (
        statement.limit(40)
        .params(at(to_key_columns(LONG.key(0))))
        .compile(
            dialect=postgresql.dialect(),  # type: ignore[no-untyped-call]  # so SQLAlchemy
            compile_kwargs={"literal_binds": True},
        )
    )
    outside = await replicas.outside()
    plan = "\n".join(row[0] for row in await outside.fetch(f"EXPLAIN {asked}"))
    assert "Index Scan Backward using turns_of_conversation" in plan
    assert "Sort" not in plan
