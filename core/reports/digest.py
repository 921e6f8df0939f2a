"""The daily digest as a document: one day's numbers beside those of the day before."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from core.document import Action, Actions, Chart, Document, Facts, Note, Table, Text
from core.reports.figures import NOTHING, format_count, format_duration, format_share, format_usd
from core.text.clean import clean_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import tzinfo

    from core.document import Block
    from core.ports import ModelSummary, Summary

DIGEST = "digest"
"""The thread of a channel's digests: a conversation of their own, so that they neither wait for
chats nor show up in their history."""
ROWS_SHOWN = 10
NAME_MAX_CHARS = 60
LATE = timedelta(minutes=15)
"""Less is no news to anybody."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""Written out, so that the machine's locale does not matter."""
BAR_STEPS = 2
"""Hours in a bar: Slack draws at most 20."""
ACTIONS = Actions(
    (
        Action("24 hours in this channel", "stats 24h channel"),
        Action("7 days in this channel", "stats 7d channel"),
    )
)


def to_message_id(day: date) -> str:
    """The id of a digest's message: one for each channel and date."""
    return f"{DIGEST}/{day.isoformat()}"


def read_day(message_id: str) -> date:
    """Raises ValueError for what `to_message_id` did not write."""
    kind, _, day = message_id.partition("/")
    if kind != DIGEST:
        raise ValueError(f"not a digest: {message_id!r}")
    return date.fromisoformat(day)


@dataclass(frozen=True, slots=True)
class Digest:
    """The numbers of a workspace on `day`, and on the day before that."""

    day: date
    since: datetime
    until: datetime
    """Of the day, in UTC."""
    now: Summary
    before: Summary
    due_at: datetime
    sent_at: datetime


def draw_digest(digest: Digest, zone: tzinfo) -> Document:
    """A quiet day is one line."""
    name = f"{WEEKDAYS[digest.day.weekday()]}, {digest.day.isoformat()}"
    late = _late(digest, zone)
    if not digest.now.requests:
        quiet = f"Daily digest of {name}: nobody in this workspace asked anything. {late}"
        return Document("", (Text(quiet.strip()),))
    title = f"Daily digest of {name}: the whole workspace"
    return Document(title, (*_blocks(digest, zone), *([Note(late)] if late else []), ACTIONS))


def _late(digest: Digest, zone: tzinfo) -> str:
    if digest.sent_at - digest.due_at <= LATE:
        return ""
    due = f"{digest.due_at.astimezone(zone):%Y-%m-%d %H:%M}"
    return f"Sent late: it was due at {due} ({zone})."


def _blocks(digest: Digest, zone: tzinfo) -> Iterator[Block]:
    now, before = digest.now, digest.before
    yield Facts(tuple(_figures(now, before)))
    if any(now.steps):
        yield _chart(digest, zone)
    if now.models:
        yield from _models(now.models, before.models or {})
    if now.errors or before.errors:
        yield from _errors(now.errors or {}, before.errors or {})
    if now.price_unknown:
        calls = "call" if now.price_unknown == 1 else "calls"
        yield Note(
            f"Price unknown for {format_count(now.price_unknown)} {calls} of a model; "
            "the cost does not include them."
        )


def _figures(now: Summary, before: Summary) -> Iterator[tuple[str, str]]:
    yield "Questions", _count(now.requests, before.requests)
    yield "Answered", _share(now.answered, now, before.answered, before)
    yield "Failed", _share(now.failed, now, before.failed, before)
    if now.stopped or before.stopped:
        yield "Stopped", _count(now.stopped, before.stopped)
    if now.refused or before.refused:
        yield "Refused", _count(now.refused, before.refused)
    yield "Cost", _cost(now, before)
    yield "Tokens in", _count(now.input_tokens, before.input_tokens)
    yield "Tokens out", _count(now.output_tokens, before.output_tokens)
    for label, name in (("Answer time, half within", "p50"), ("Answer time, 95 % within", "p95")):
        yield label, _duration(now.latency_s, before.latency_s, name)
    yield "First words, half within", _duration(now.first_visible_s, before.first_visible_s, "p50")
    yield "👍", _count(now.up, before.up)
    yield "👎", _count(now.down, before.down)


def _count(now: float, before: float) -> str:
    return _compared(now, before, format_count)


def _share(part: int, now: Summary, part_before: int, before: Summary) -> str:
    share = format_share(part, now.requests)
    share_before = format_share(part_before, before.requests)
    return f"{format_count(part)}, {share} (before: {format_count(part_before)}, {share_before})"


def _duration(
    now: Mapping[str, float] | None, before: Mapping[str, float] | None, name: str
) -> str:
    return _compared((now or {}).get(name), (before or {}).get(name), format_duration)


def _cost(now: Summary, before: Summary) -> str:
    if not (now.price_unknown or before.price_unknown):
        return _compared(now.cost_usd, before.cost_usd, format_usd)
    # A percentage of what is known would mislead.
    return f"{_known_cost(now)} (before: {_known_cost(before)})"


def _known_cost(summary: Summary) -> str:
    if summary.price_unknown and not summary.cost_usd:
        return "unknown"
    return format_usd(summary.cost_usd) + (" + unknown" if summary.price_unknown else "")


def _compared(now: float | None, before: float | None, write: Callable[[float], str]) -> str:
    """`42 (+20 %, before: 35)`; without the percentage where it means nothing."""
    shown, shown_before = (NOTHING if one is None else write(one) for one in (now, before))
    change = _change(now, before)
    return f"{shown} ({change}before: {shown_before})"


def _change(now: float | None, before: float | None) -> str:
    """With a comma behind it, or empty."""
    if now is None or before is None or not math.isfinite(now) or not math.isfinite(before):
        return ""
    if before <= 0 or now == before:
        return ""
    percent = round(100 * (now - before) / before)
    return f"{percent:+,d} %, " if percent else ""


def _chart(digest: Digest, zone: tzinfo) -> Chart:
    steps = digest.now.steps
    step = (digest.until - digest.since) / len(steps)
    firsts = range(0, len(steps), BAR_STEPS)
    labels = ((digest.since + first * step).astimezone(zone) for first in firsts)
    return Chart(
        "Questions over the day",
        tuple(f"{label:%H:%M}" for label in labels),
        tuple(float(sum(steps[first : first + BAR_STEPS])) for first in firsts),
        unit="questions",
    )


def _models(
    models: Mapping[str, ModelSummary], before: Mapping[str, ModelSummary]
) -> Iterator[Block]:
    """What cost most first, unknown costs last."""
    by_cost = sorted(models.items(), key=lambda item: (-(item[1].cost_usd or 0.0), item[0]))
    rows = tuple(
        (
            _name(name),
            format_count(model.requests),
            _model_cost(model),
            _model_cost(before[name]) if name in before else format_usd(0),
        )
        for name, model in by_cost[:ROWS_SHOWN]
    )
    yield Table(("Model", "Questions", "Cost", "Day before"), rows)
    if len(by_cost) > ROWS_SHOWN:
        yield Note(f"{len(by_cost) - ROWS_SHOWN} more models cost less.")


def _model_cost(model: ModelSummary) -> str:
    return "unknown" if model.cost_usd is None else format_usd(model.cost_usd)


def _name(name: str) -> str:
    """A model is named by a setting or a provider: one line, without hidden writing."""
    return " ".join(clean_text(name).split())[:NAME_MAX_CHARS] or "unknown"


def _errors(errors: Mapping[str, int], before: Mapping[str, int]) -> Iterator[Block]:
    by_count = sorted({*errors, *before}, key=lambda name: (-errors.get(name, 0), name))
    rows = tuple(
        (
            name.replace("_", " "),
            format_count(errors.get(name, 0)),
            format_count(before.get(name, 0)),
        )
        for name in by_count[:ROWS_SHOWN]
    )
    yield Table(("Error", "Answers", "Day before"), rows)
