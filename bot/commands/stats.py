"""`python -m bot stats` and `migrate`: the ledger, looked at or brought up to date by hand."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, timedelta

from adapters.sql.store import SqlStore, look_into
from bot.clock import SortableIds, SystemClock
from bot.commands.acting import describe_pauses
from bot.settings import read_settings
from core.document import Actions
from core.errors import SettingError
from core.ports import StatsQuery
from core.reports.plain import to_plain_text
from core.reports.report import Report, to_numbers
from core.reports.stats import draw_stats

TITLE = "All workspaces"
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


async def print_stats(since: str, *, as_json: bool) -> int:
    """Returns the exit code. Reads beside a running bot; raises SettingError."""
    settings = read_settings()
    clock = SystemClock()
    until = clock.now()
    query = StatsQuery(since=until - read_span(since), until=until)
    store = look_into(settings.database_url, clock)
    summary = await store.summary(query)
    report = Report(query, summary, "", "all")
    if as_json:
        print(json.dumps(to_numbers(report), indent=2))
    else:
        document = draw_stats(report, UTC)
        shown = (block for block in document.blocks if not isinstance(block, Actions))
        print(to_plain_text(replace(document, title=TITLE, blocks=tuple(shown))))
        for line in await describe_pauses(store):
            print(f"\n{line}")
    return 0


async def migrate() -> int:
    """Opening a database brings it up to date."""
    settings = read_settings()
    store = await SqlStore.open(
        settings.database_url,
        replica_id=SortableIds().new(),
        lease_s=settings.lease_s,
        clock=SystemClock(),
    )
    await store.close()
    print("the database is up to date")
    return 0


def read_span(text: str) -> timedelta:
    """Of --since; raises SettingError."""
    found = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", text)
    if not found:
        raise SettingError("--since: write it like 90m, 24h or 7d")
    return int(found[1]) * UNITS[found[2]]
