"""How a question reached the bot, and where a platform's people can be reached unasked.

A program of version 1 goes on writing turns: it leaves the address empty, and knows no places.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("turns", sa.Column("address", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "places",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "workspace", "channel"),
    )
    op.execute("UPDATE schema_version SET version = 2, readable_by = 1")
