"""`python -m bot erase --user platform:workspace:id`: forgets a person, beside a running bot."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from adapters.sql.store import look_into, open_beside
from bot.clock import SystemClock
from bot.commands.acting import operator
from bot.settings import read_settings
from bot.tracing import read_langfuse_settings
from core.people.access import Listed
from core.ports import Deed
from core.scrub import Scrubber

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.settings import Settings
    from core.ports import Erased


async def erase(user: str, *, dry_run: bool) -> int:
    """Returns the exit code: 1 when Langfuse failed, what is gone here stays gone. Raises
    SettingError, NotStored."""
    person = Listed.parse(user, "--user")
    settings = read_settings()
    name = f"{person.platform}:{person.workspace}:{person.id}"
    erased = await _erase(settings, person, name, dry_run=dry_run)
    print(f"{'Would forget' if dry_run else 'Forgot'} {name}:")
    for line in describe(erased):
        print(f"  {line}")
    if not settings.has_langfuse:
        return 0
    return await _erase_traces(settings, person, dry_run=dry_run)


async def _erase(settings: Settings, person: Listed, name: str, *, dry_run: bool) -> Erased:
    whose = (person.platform, person.workspace, person.id)
    if dry_run:
        return await look_into(settings.database_url, SystemClock()).count_of(*whose)
    store = await open_beside(settings.database_url, SystemClock())
    try:
        return await store.erase(*whose, Deed(operator(), "erase", name))
    finally:
        await store.close()


def describe(erased: Erased) -> Sequence[str]:
    counted = (
        (erased.waiting, "questions that were not answered yet (dropped)"),
        (erased.messages, "messages (words, names, files)"),
        (erased.turns, "turns (question, answer, names; the numbers stay, as nobody's)"),
        (erased.calls, "model calls (the costs stay, as nobody's)"),
        (erased.quotes, "turns of others that quoted something of theirs (the quotes)"),
        (erased.ratings, "ratings"),
        (erased.preferences, "settings of their own"),
        (erased.places, "addresses to reach them unasked"),
    )
    return [f"{count:6d} {what}" for count, what in counted]


async def _erase_traces(settings: Settings, person: Listed, *, dry_run: bool) -> int:
    from adapters.langfuse.erasing import ErasingFailedError  # only here, as its SDK takes long
    from adapters.langfuse.erasing import erase as erase_traces

    whose = (person.platform, person.workspace, person.id)
    try:
        traces, ratings = await erase_traces(
            read_langfuse_settings(settings), Scrubber(settings.secrets()), whose, dry_run=dry_run
        )
    except ErasingFailedError as error:
        print(f"Langfuse: {error}; run this again, nothing else is affected", file=sys.stderr)
        return 1
    print(f"  {traces:6d} traces in Langfuse\n  {ratings:6d} ratings in Langfuse")
    return 0
