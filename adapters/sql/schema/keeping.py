"""A table whose rows nobody changes or removes, whatever program asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import DDL, event

if TYPE_CHECKING:
    from sqlalchemy import Table

KEEP = {
    "sqlite": (
        "CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END",
        "CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION refuse_to_change_audit() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit is only added to'; END $$",
        "CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_audit()",
    ),
}


def keep(audit: Table) -> None:
    """Wherever the table is made by its description; a migration has its own words for it."""
    for dialect, statements in KEEP.items():
        for statement in statements:
            made = DDL(statement)  # type: ignore[no-untyped-call]  # so SQLAlchemy
            event.listen(audit, "after_create", made.execute_if(dialect=dialect))
