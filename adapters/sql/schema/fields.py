"""The kinds of columns that tables are made of."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, false

from adapters.sql.schema.columns import ExactText

RowId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts by itself only in a column of type INTEGER."""


def string(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, ExactText, nullable=nullable)


def integer(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


def later(name: str) -> Column[int]:
    """With a default, as a program that does not know the column writes rows without it."""
    return Column(name, BigInteger, nullable=False, server_default="0")


def later_flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=false())


def amount(name: str, *, nullable: bool = True) -> Column[float]:
    return Column(name, Double, nullable=nullable)


def ref() -> tuple[Column[str], ...]:
    return string("platform"), string("workspace"), string("channel"), string("message_id")
