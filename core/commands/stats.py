"""`stats`: how much was asked, how well it went, what it cost."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, get_args

from core.commands.command import UsageError, quotable
from core.ports import StatsQuery
from core.reports.report import DEFAULT_RANGE, RANGES, Audience, Report
from core.reports.stats import draw_stats

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from core.conversation import CommandCall
    from core.document import Document
    from core.ports import Clock, Turns

AUDIENCES: tuple[Audience, ...] = get_args(Audience)


class Stats:
    name = "stats"
    usage = "stats [1h|6h|24h|7d|30d] [me|channel|all]"
    summary = "Show numbers: questions, answer times, cost, ratings"

    def __init__(self, turns: Turns, clock: Clock, zone: tzinfo = UTC) -> None:
        """`zone` is for the labels of the chart."""
        self._turns = turns
        self._clock = clock
        self._zone = zone

    def fits(self, arguments: Sequence[str]) -> bool:
        try:
            _read(arguments)
        except UsageError:
            return False
        return True

    async def run(self, call: CommandCall) -> Document:
        range_name, audience = _read(call.arguments)
        audience = audience or ("me" if call.direct else "channel")
        query = self._query(call, range_name, audience)
        summary = await self._turns.summary(query)
        return draw_stats(Report(query, summary, range_name, audience), self._zone)

    def _query(self, call: CommandCall, range_name: str, audience: Audience) -> StatsQuery:
        """Always within the caller's own workspace."""
        until = self._clock.now()
        where = call.conversation
        return StatsQuery(
            since=until - RANGES[range_name],
            until=until,
            platform=where.platform,
            workspace=where.workspace,
            channel=where.channel if audience == "channel" else "",
            user_id=call.author.user_id if audience == "me" else "",
        )


def _read(arguments: Sequence[str]) -> tuple[str, Audience | None]:
    """A range and an audience, in either order, each at most once."""
    ranges: list[str] = []
    audiences: list[Audience] = []
    for word in (argument.lower() for argument in arguments):
        if word in RANGES:
            ranges.append(word)
            continue
        audience = next((one for one in AUDIENCES if one == word), None)
        if audience is None:
            raise UsageError(
                f"I do not know `{quotable(word)}` here. A range is one of {', '.join(RANGES)}; "
                f"the numbers are for {', '.join(AUDIENCES)}."
            )
        audiences.append(audience)
    if len(ranges) > 1 or len(audiences) > 1:
        raise UsageError("One range and one of me, channel, all, please.")
    range_name = ranges[0] if ranges else DEFAULT_RANGE
    return range_name, audiences[0] if audiences else None
