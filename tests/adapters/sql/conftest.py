from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contracts.stores import SqlPlace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from adapters.sql.store import SqlStore


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[SqlPlace]:
    place = SqlPlace(tmp_path / "data" / "store.db")
    await place.restart()
    yield place
    assert place.sql is not None
    await place.sql.close()


@pytest.fixture
def store(place: SqlPlace) -> SqlStore:
    assert place.sql is not None
    return place.sql
