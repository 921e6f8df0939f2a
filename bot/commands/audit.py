"""`python -m bot audit`: what admins and operators did, who they were, and when."""

from __future__ import annotations

import json

from adapters.sql.store import look_into
from bot.clock import SystemClock
from bot.commands.acting import print_table, to_minute
from bot.commands.stats import read_span
from bot.settings import read_settings


async def print_audit(since: str, *, as_json: bool) -> int:
    """Returns the exit code; raises SettingError, NotStored."""
    clock = SystemClock()
    began_at = clock.now() - read_span(since)
    noted = await look_into(read_settings().database_url, clock).deeds(began_at)
    if as_json:
        shown = [
            {
                "at": at.isoformat(),
                "who": deed.who,
                "what": deed.what,
                "on": deed.subject,
                "details": deed.details,
            }
            for at, deed in noted
        ]
        print(json.dumps(shown, indent=2))
    elif noted:
        rows = ((to_minute(at), one.who, one.what, one.subject, one.details) for at, one in noted)
        print_table(("when", "who", "what", "on", "details"), rows)
    else:
        print(f"No admin has done anything in the last {since}.")
    return 0
