"""The numbers of a period, and for whom they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from core.ports import StatsQuery, Summary

Audience = Literal["me", "channel", "all"]
"""`all` is the asker's workspace: numbers never leave it."""

RANGES: Mapping[str, timedelta] = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
DEFAULT_RANGE = "24h"


@dataclass(frozen=True, slots=True)
class Report:
    """A summary with the question that it answers."""

    query: StatsQuery
    summary: Summary
    range_name: str
    """A key of RANGES; empty where the period is none of them."""
    audience: Audience


def to_numbers(report: Report) -> dict[str, Any]:
    """The numbers for programs: plain JSON types, times in ISO 8601, nothing rounded."""
    summary = report.summary
    latency, first = summary.latency_s or {}, summary.first_visible_s or {}
    return {
        "since": report.query.since.astimezone(UTC).isoformat(),
        "until": report.query.until.astimezone(UTC).isoformat(),
        "requests": summary.requests,
        "answered": summary.answered,
        "failed": summary.failed,
        "stopped": summary.stopped,
        "refused": summary.refused,
        "cost_usd": summary.cost_usd,
        "price_unknown": summary.price_unknown,
        "input_tokens": summary.input_tokens,
        "output_tokens": summary.output_tokens,
        "latency_s": {name: latency.get(name) for name in ("p50", "p95", "p99")},
        "first_visible_s": {name: first.get(name) for name in ("p50", "p95")},
        "errors": dict(summary.errors or {}),
        "ratings": {"up": summary.up, "down": summary.down},
        "models": {
            name: {"requests": model.requests, "cost_usd": model.cost_usd}
            for name, model in (summary.models or {}).items()
        },
    }
