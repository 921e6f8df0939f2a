"""A report drawn as a document: figures first, then the course of it, models and errors."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from core.document import Action, Actions, Chart, Document, Facts, Note, Table, Text
from core.reports.figures import (
    format_count,
    format_duration,
    format_share,
    format_span,
    format_usd,
)
from core.reports.report import RANGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import tzinfo

    from core.document import Block
    from core.ports import ModelSummary, Summary
    from core.reports.report import Audience, Report

MODELS_SHOWN = 10
WHOSE: Mapping[Audience, str] = {
    "me": "your questions",
    "channel": "this channel",
    "all": "this workspace",
}


def draw_stats(report: Report, zone: tzinfo) -> Document:
    """`zone` is for the labels of the chart."""
    span = format_span(report.query.until - report.query.since)
    title = f"Statistics of the last {span}: {WHOSE[report.audience]}"
    if report.summary.requests == 0:
        nothing = Text("Nobody has asked anything in this time.")
        return Document(title, (nothing, _ranges(report)))
    return Document(title, (*_blocks(report, zone), _ranges(report)))


def _blocks(report: Report, zone: tzinfo) -> Iterator[Block]:
    summary = report.summary
    yield Facts(tuple(_figures(summary)))
    if any(summary.steps):
        yield _chart(report, zone)
    if summary.models:
        yield from _models(summary.models)
    if summary.errors:
        by_count = sorted(summary.errors.items(), key=lambda item: (-item[1], item[0]))
        rows = tuple((name.replace("_", " "), format_count(count)) for name, count in by_count)
        yield Table(("Error", "Answers"), rows)
    if summary.price_unknown:
        calls = "call" if summary.price_unknown == 1 else "calls"
        yield Note(
            f"Price unknown for {format_count(summary.price_unknown)} {calls} of a model; "
            "the cost does not include them."
        )


def _figures(summary: Summary) -> Iterator[tuple[str, str]]:
    yield "Questions", format_count(summary.requests)
    yield "Answered", _of(summary.answered, summary.requests)
    yield "Failed", _of(summary.failed, summary.requests)
    if summary.stopped:
        yield "Stopped", format_count(summary.stopped)
    if summary.refused:
        yield "Refused", format_count(summary.refused)
    yield "Cost", _cost(summary)
    yield "Tokens in", _input(summary)
    yield "Tokens out", format_count(summary.output_tokens)
    if summary.latency_s:
        yield "Answer time", _quantiles(summary.latency_s)
    if summary.first_visible_s:
        yield "First words after", _quantiles(summary.first_visible_s)
    yield "Ratings", f"👍 {format_count(summary.up)}  👎 {format_count(summary.down)}"
    if summary.up + summary.down:
        yield "Satisfaction", format_share(summary.up, summary.up + summary.down)


def _of(part: int, whole: int) -> str:
    return f"{format_count(part)} ({format_share(part, whole)})"


def _cost(summary: Summary) -> str:
    if summary.price_unknown and not summary.cost_usd:
        return "unknown"
    return format_usd(summary.cost_usd) + (" + unknown" if summary.price_unknown else "")


def _input(summary: Summary) -> str:
    count = format_count(summary.input_tokens)
    if not summary.cached_tokens:
        return count
    return f"{count} ({format_share(summary.cached_tokens, summary.input_tokens)} cached)"


def _quantiles(seconds: Mapping[str, float]) -> str:
    return ", ".join(
        f"{name} {format_duration(seconds[name])}" for name in ("p50", "p95") if name in seconds
    )


def _chart(report: Report, zone: tzinfo) -> Chart:
    query, counts = report.query, report.summary.steps
    step = (query.until - query.since) / len(counts)
    pattern = _label_pattern(step, query.until - query.since)
    starts = (query.since + index * step for index in range(len(counts)))
    labels = tuple(start.astimezone(zone).strftime(pattern) for start in starts)
    return Chart("Questions over time", labels, tuple(map(float, counts)), unit="questions")


def _label_pattern(step: timedelta, span: timedelta) -> str:
    """The shortest that tells the steps apart: strftime, in numbers, so that no locale matters."""
    if step >= timedelta(days=1):
        return "%m-%d"
    return "%H:%M" if span <= timedelta(days=1) else "%m-%d %H:%M"


def _models(models: Mapping[str, ModelSummary]) -> Iterator[Block]:
    by_use = sorted(models.items(), key=lambda item: (-item[1].requests, item[0]))
    rows = tuple(
        (
            name or "unknown",
            format_count(model.requests),
            "unknown" if model.cost_usd is None else format_usd(model.cost_usd),
        )
        for name, model in by_use[:MODELS_SHOWN]
    )
    yield Table(("Model", "Questions", "Cost"), rows)
    if len(by_use) > MODELS_SHOWN:
        yield Note(f"{len(by_use) - MODELS_SHOWN} more models were used less.")


def _ranges(report: Report) -> Actions:
    """The other ranges, for the same people."""
    return Actions(
        tuple(
            Action(name, f"stats {name} {report.audience}")
            for name in RANGES
            if name != report.range_name
        )
    )
