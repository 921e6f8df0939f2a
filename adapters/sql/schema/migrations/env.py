"""Run by Alembic: migrates the connection it was given, inside that connection's transaction."""

from __future__ import annotations

from alembic import context

from adapters.sql.schema.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the caller's transaction holds all steps, so all or none happen
)
context.run_migrations()
