"""Types of columns, and how statements name columns and parameters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Text, and_, bindparam, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Dialect, Table
    from sqlalchemy.sql.compiler import SQLCompiler

_ESCAPED = "\x01"


class ExactText(TypeDecorator[str]):
    """Any Python text, given back as it was.

    Databases refuse lone surrogates, and PostgreSQL refuses NUL. Such text is kept as JSON behind
    a mark; replacing the characters instead could make two conversations one.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect
        if not value:
            return value
        if value[0] == _ESCAPED or "\0" in value or not _is_encodable(value):
            return _ESCAPED + json.dumps(value)
        return value

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect
        if value is None or not value.startswith(_ESCAPED):
            return value
        restored: str = json.loads(value[1:])
        return restored


def _is_encodable(value: str) -> bool:
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


class NowUs(FunctionElement[int]):
    """The database's clock, in microseconds since 1970: all processes read leases by it."""

    type = BigInteger()
    inherit_cache = True


@compiles(NowUs, "sqlite")
def _now_in_sqlite(element: NowUs, compiler: SQLCompiler, **options: Any) -> str:
    del element, compiler, options
    return "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"


@compiles(NowUs, "postgresql")
def _now_in_postgresql(element: NowUs, compiler: SQLCompiler, **options: Any) -> str:
    del element, compiler, options
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


class Alone(FunctionElement[int]):
    """Waits until no other transaction is in its own with the same text, and then keeps them out to
    its end. Where one process writes, one transaction at a time, there is nothing to wait for."""

    type = BigInteger()
    inherit_cache = True


@compiles(Alone, "sqlite")
def _alone_in_sqlite(element: Alone, compiler: SQLCompiler, **options: Any) -> str:
    return f"length({compiler.process(element.clauses, **options)})"


@compiles(Alone, "postgresql")
def _alone_in_postgresql(element: Alone, compiler: SQLCompiler, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return f"length(pg_advisory_xact_lock(hashtextextended({text}, 0))::text)"


OPEN: ColumnElement[str] = literal_column("'open'")
NOTHING: ColumnElement[str] = literal_column("''")
"""Written out in statements: an index over some rows is used only where they are named so."""


def match(table: Table, *names: str) -> ColumnElement[bool]:
    """Columns equal to the parameters that `at` makes of their names.

    The names have to differ: a parameter with the name of a column would be set by an UPDATE.
    """
    return and_(*(table.c[name] == bindparam(f"at_{name}") for name in names))


def at(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {f"at_{name}": value for name, value in columns.items()}
