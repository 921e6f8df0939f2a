from __future__ import annotations

import json
import math
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from core.document import Chart, Document, Note, Table
from core.ports import ModelSummary, StatsQuery, Summary
from core.reports.report import RANGES, Report, to_numbers
from core.reports.stats import MODELS_SHOWN, draw_stats
from tests.core.commands.desk import words
from tests.fakes.clock import START

BERLIN = ZoneInfo("Europe/Berlin")
FULL = Summary(
    requests=10,
    answered=7,
    failed=1,
    stopped=1,
    refused=1,
    cost_usd=1.25,
    input_tokens=20_000,
    output_tokens=3_000,
    cached_tokens=5_000,
    latency_s={"p50": 2.0, "p95": 61.0, "p99": 90.0},
    first_visible_s={"p50": 0.4, "p95": 1.2},
    errors={"timeout": 1},
    up=3,
    down=1,
    models={"gpt": ModelSummary(6, 1.25), "llama": ModelSummary(4, None)},
    steps=(0, 4, 6) + (0,) * 21,
)


def report(summary, range_name="24h", audience="channel"):
    query = StatsQuery(START - RANGES[range_name], START, "slack", "T1", "C1")
    return Report(query, summary, range_name, audience)


def blocks(document, kind):
    return [block for block in document.blocks if isinstance(block, kind)]


def test_a_full_report_reads_well():
    assert words(draw_stats(report(FULL), BERLIN)).splitlines() == [
        "Statistics of the last 24 hours: this channel",
        "Questions: 10",
        "Answered: 7 (70 %)",
        "Failed: 1 (10 %)",
        "Stopped: 1",
        "Refused: 1",
        "Cost: $1.25",
        "Tokens in: 20.0k (25 % cached)",
        "Tokens out: 3,000",
        "Answer time: p50 2.0 s, p95 1 min 1 s",
        "First words after: p50 400 ms, p95 1.2 s",
        "Ratings: 👍 3  👎 1",
        "Satisfaction: 75 %",
        "Model | Questions | Cost",
        "gpt | 6 | $1.25",
        "llama | 4 | unknown",
        "Error | Answers",
        "timeout | 1",
    ]


def test_what_was_not_measured_is_left_out():
    text = words(draw_stats(report(Summary(requests=1, answered=1)), BERLIN))

    assert "time" not in text.removeprefix("Statistics of the last 24 hours")
    assert "Satisfaction" not in text
    assert "Stopped" not in text


@pytest.mark.parametrize(
    ("cost_usd", "unknown", "said", "noted"),
    [
        (0.0, 0, "Cost: $0", ""),
        (1.0, 2, "Cost: $1.00 + unknown", "Price unknown for 2 calls of a model"),
        (0.0, 1, "Cost: unknown", "Price unknown for 1 call of a model"),
        (math.nan, 0, "Cost: n/a", ""),
    ],
)
def test_an_unknown_price_is_said_and_never_shown_as_zero(cost_usd, unknown, said, noted):
    document = draw_stats(
        report(Summary(requests=3, cost_usd=cost_usd, price_unknown=unknown)), BERLIN
    )

    assert said in words(document).splitlines()
    assert noted in words(document)
    assert len(blocks(document, Note)) == bool(noted)


@pytest.mark.parametrize(
    ("range_name", "steps", "first", "last"),
    [
        ("1h", 12, "12:00", "12:55"),
        ("24h", 24, "13:00", "12:00"),
        ("7d", 28, "02-23 13:00", "03-02 07:00"),
        ("30d", 30, "01-31", "03-01"),
    ],
)
def test_a_chart_has_a_label_for_each_step_in_the_zone_asked_for(range_name, steps, first, last):
    document = draw_stats(report(Summary(requests=1, steps=(1,) * steps), range_name), BERLIN)

    (chart,) = blocks(document, Chart)
    assert (chart.labels[0], chart.labels[-1]) == (first, last)
    assert len(set(chart.labels)) == len(chart.labels) == len(chart.values) == steps


def test_many_models_are_cut_with_a_word():
    models = {f"m{n:02}": ModelSummary(n, 0.0) for n in range(MODELS_SHOWN + 3)}

    document = draw_stats(report(Summary(requests=1, models=models)), BERLIN)

    (table,) = blocks(document, Table)
    assert len(table.rows) == MODELS_SHOWN
    assert table.rows[0][0] == "m12"
    assert "3 more models" in words(document)


def test_tables_are_rectangular():
    for table in blocks(draw_stats(report(FULL), BERLIN), Table):
        assert {len(row) for row in table.rows} == {len(table.header)}


def test_the_same_numbers_give_the_same_document():
    documents = {repr(draw_stats(report(FULL), BERLIN)) for _ in range(3)}

    assert len(documents) == 1
    assert isinstance(draw_stats(report(Summary()), BERLIN), Document)


def test_numbers_for_programs_are_json_with_the_promised_names():
    numbers = json.loads(json.dumps(to_numbers(report(FULL))))

    assert numbers == {
        "since": "2026-03-01T12:00:00+00:00",
        "until": "2026-03-02T12:00:00+00:00",
        "requests": 10,
        "answered": 7,
        "failed": 1,
        "stopped": 1,
        "refused": 1,
        "cost_usd": 1.25,
        "price_unknown": 0,
        "input_tokens": 20_000,
        "output_tokens": 3_000,
        "latency_s": {"p50": 2.0, "p95": 61.0, "p99": 90.0},
        "first_visible_s": {"p50": 0.4, "p95": 1.2},
        "errors": {"timeout": 1},
        "ratings": {"up": 3, "down": 1},
        "models": {
            "gpt": {"requests": 6, "cost_usd": 1.25},
            "llama": {"requests": 4, "cost_usd": None},
        },
    }


def test_numbers_of_nothing_keep_their_shape():
    numbers = to_numbers(report(Summary()))

    assert numbers["latency_s"] == {"p50": None, "p95": None, "p99": None}
    assert numbers["models"] == numbers["errors"] == {}
    assert timedelta(days=1) == RANGES["24h"]
