"""Connections to the server, with the limits that keep one stuck process from stopping others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

CONNECT_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one lane: a pool of its own, so that what may take long is in nobody's way."""

    connections: int
    within_s: float = 5.0
    """From asking to the answer, the wait for a connection and further tries included. A message
    that is stored too late for its platform is known when it is delivered again."""
    answer_s: float = 2.5
    """For the statements of one try together: what does not answer by then is not there."""
    statement_s: float = 2.0
    lock_s: float = 1.0
    """Somebody else may be frozen with the lock; the platform delivers again."""
    idle_s: float = 2.0
    """In a transaction, after which the server ends the connection: its locks are others' wait."""

    def to_sql(self) -> str:
        """Set after connecting, as a pooler in between refuses them as parameters of it."""
        values = {
            "lock_timeout": self.lock_s,
            "statement_timeout": self.statement_s,
            "idle_in_transaction_session_timeout": self.idle_s,
        }
        return "; ".join(f"SET {name} = {int(value * 1000)}" for name, value in values.items())


def build_engine(address: str, limits: Limits) -> AsyncEngine:
    """Connects when it is first used."""

    async def connect() -> asyncpg.Connection[Any]:
        connection = await asyncpg.connect(address, timeout=CONNECT_WITHIN_S)
        try:
            await connection.execute(limits.to_sql())
        except BaseException:
            connection.terminate()
            raise
        return connection

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=limits.connections,
        max_overflow=0,
        pool_timeout=limits.within_s,
        isolation_level="READ COMMITTED",
    )
    event.listen(engine.sync_engine, "invalidate", _abort)
    event.listen(engine.sync_engine, "close", _abort)
    return engine


def reading(engine: AsyncEngine) -> AsyncEngine:
    """The same connections, for transactions that see one state of the database and change none."""
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _abort(connection: Any, *_: object) -> None:
    """Before the toolkit says goodbye, for which it would wait: nobody may be there to hear it."""
    connection.driver_connection.terminate()
