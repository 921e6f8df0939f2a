"""Questions that wait for a model that cannot be reached, and answers for a platform.

A program of an earlier version takes them for what any open message is, and asks at once.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for name in ("parked_until_us", "retry_at_us"):
        op.add_column(
            "conversations", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)
        )
    for name in ("parked", "told"):
        op.add_column(
            "inbox", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    op.add_column("inbox", sa.Column("kept", sa.Text(), server_default="", nullable=False))
    op.execute("UPDATE schema_version SET version = 4, readable_by = 1")
