"""What a digest says, against numbers worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.document import Chart, Document, Note, Text
from core.ports import ModelSummary, Summary
from core.reports.digest import NAME_MAX_CHARS, Digest, draw_digest, read_day, to_message_id
from core.reports.plain import to_plain_text
from tests.core.commands.desk import buttons, words

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2026, 3, 2)
SINCE = datetime(2026, 3, 1, 23, tzinfo=UTC)
DUE = datetime(2026, 3, 3, 8, tzinfo=UTC)
NOW = Summary(
    requests=42,
    answered=38,
    failed=2,
    stopped=1,
    refused=1,
    cost_usd=1.50,
    input_tokens=120_000,
    output_tokens=9_000,
    latency_s={"p50": 2.0, "p95": 9.0, "p99": 20.0},
    first_visible_s={"p50": 0.4, "p95": 1.0},
    errors={"timeout": 1, "rate_limit": 1, "user": 1},
    up=6,
    down=2,
    models={"openai/gpt": ModelSummary(30, 1.25), "gemini/flash": ModelSummary(12, 0.25)},
    steps=(0,) * 9 + (5, 10, 8, 2, 7, 6, 4) + (0,) * 8,
)
BEFORE = Summary(
    requests=35,
    answered=35,
    cost_usd=2.00,
    input_tokens=100_000,
    output_tokens=9_000,
    latency_s={"p50": 2.5, "p95": 6.0, "p99": 6.5},
    first_visible_s={"p50": 0.5, "p95": 1.0},
    errors={"quota": 3},
    up=0,
    down=2,
    models={"openai/gpt": ModelSummary(35, 2.00)},
)


def drawn(now: Summary = NOW, before: Summary = BEFORE, **changes: object) -> Document:
    until = SINCE + timedelta(hours=24)
    digest = Digest(DAY, SINCE, until, now, before, DUE, DUE + timedelta(seconds=20))
    return draw_digest(replace(digest, **changes), BERLIN)


def test_a_day_beside_the_day_before() -> None:
    assert words(drawn()).splitlines() == [
        "Daily digest of Monday, 2026-03-02: the whole workspace",
        "Questions: 42 (+20 %, before: 35)",
        "Answered: 38, 90 % (before: 35, 100 %)",
        "Failed: 2, 5 % (before: 0, 0 %)",
        "Stopped: 1 (before: 0)",
        "Refused: 1 (before: 0)",
        "Cost: $1.50 (-25 %, before: $2.00)",
        "Tokens in: 120k (+20 %, before: 100k)",
        "Tokens out: 9,000 (before: 9,000)",
        "Answer time, half within: 2.0 s (-20 %, before: 2.5 s)",
        "Answer time, 95 % within: 9.0 s (+50 %, before: 6.0 s)",
        "First words, half within: 400 ms (-20 %, before: 500 ms)",
        "👍: 6 (before: 0)",
        "👎: 2 (before: 2)",
        "Model | Questions | Cost | Day before",
        "openai/gpt | 30 | $1.25 | $2.00",
        "gemini/flash | 12 | $0.25 | $0",
        "Error | Answers | Day before",
        "rate limit | 1 | 0",
        "timeout | 1 | 0",
        "user | 1 | 0",
        "quota | 0 | 3",
    ]
    assert [button.command for button in buttons(drawn())] == [
        "stats 24h channel",
        "stats 7d channel",
    ]


def chart(document: Document) -> Chart:
    (found,) = (block for block in document.blocks if isinstance(block, Chart))
    return found


def test_the_course_of_the_day_has_a_bar_for_two_hours() -> None:
    drawn_chart = chart(drawn())
    assert drawn_chart.labels[0::6] == ("00:00", "12:00")
    assert drawn_chart.values == (0, 0, 0, 0, 5, 18, 9, 10, 0, 0, 0, 0)


@pytest.mark.parametrize(("hours", "bars"), [(23, 12), (24, 12), (25, 13)])
def test_every_hour_of_a_day_when_clocks_change_is_in_the_chart(hours: int, bars: int) -> None:
    since = datetime(2026, 10, 24, 22, tzinfo=UTC)
    now = replace(NOW, steps=(1,) * hours)
    document = drawn(now, since=since, until=since + timedelta(hours=hours))
    assert sum(chart(document).values) == hours
    assert len(chart(document).labels) == len(set(chart(document).labels)) == bars


def test_a_quiet_day_is_one_line() -> None:
    document = drawn(Summary())
    assert to_plain_text(document).splitlines() == [
        "Daily digest of Monday, 2026-03-02: nobody in this workspace asked anything."
    ]
    late = drawn(Summary(), sent_at=DUE + timedelta(hours=3))
    assert len(late.blocks) == 1
    assert to_plain_text(late).endswith(
        "Sent late: it was due at 2026-03-03 09:00 (Europe/Berlin)."
    )


@pytest.mark.parametrize(("minutes", "is_late"), [(-600, False), (15, False), (16, True)])
def test_one_that_is_sent_late_says_so(minutes: int, is_late: bool) -> None:
    document = drawn(sent_at=DUE + timedelta(minutes=minutes))
    notes = [block.markdown for block in document.blocks if isinstance(block, Note)]
    expected = ["Sent late: it was due at 2026-03-03 09:00 (Europe/Berlin)."]
    assert notes == (expected if is_late else [])


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        ((1.0, 2), (2.0, 0), "$1.00 + unknown (before: $2.00)"),
        ((0.0, 2), (2.0, 1), "unknown (before: $2.00 + unknown)"),
        ((1.0, 0), (0.0, 3), "$1.00 (before: unknown)"),
        ((math.nan, 0), (2.0, 0), "n/a (before: $2.00)"),
        ((1.0, 0), (math.inf, 0), "$1.00 (before: n/a)"),
        ((0.0, 0), (0.0, 0), "$0 (before: $0)"),
        ((2.0, 0), (0.0, 0), "$2.00 (before: $0)"),
        ((0.0, 0), (2.0, 0), "$0 (-100 %, before: $2.00)"),
        ((2.001, 0), (2.0, 0), "$2.00 (before: $2.00)"),
        ((3_000.0, 0), (1.0, 0), "$3,000.00 (+299,900 %, before: $1.00)"),
    ],
)
def test_a_cost_that_is_not_known_is_never_a_number(
    now: tuple[float, int], before: tuple[float, int], said: str
) -> None:
    document = drawn(
        replace(NOW, cost_usd=now[0], price_unknown=now[1]),
        replace(BEFORE, cost_usd=before[0], price_unknown=before[1]),
    )
    assert f"Cost: {said}" in words(document).splitlines()
    assert ("Price unknown for 2 calls" in words(document)) == (now[1] == 2)


def test_a_model_without_a_price_says_so() -> None:
    models = {"a": ModelSummary(5, None), "b": ModelSummary(1, 0.5)}
    document = drawn(replace(NOW, models=models), replace(BEFORE, models={"a": models["a"]}))
    assert "b | 1 | $0.50 | $0\na | 5 | unknown | unknown" in words(document)


def test_what_was_not_measured_is_no_number() -> None:
    document = drawn(Summary(requests=1, failed=1), Summary())
    assert "Answer time, 95 % within: n/a (before: n/a)" in words(document)
    assert "Failed: 1, 100 % (before: 0, n/a)" in words(document)


@pytest.mark.parametrize(
    "name",
    ["a\nb\x1b[31m", "\u202eevil\u2066", "x" * 500, "", "\ud800", "<!channel> @everyone"],
)
def test_hostile_names_of_models_stay_in_their_cell(name: str) -> None:
    document = drawn(replace(NOW, models={name: ModelSummary(1, 1.0)}))
    (row,) = (line for line in words(document).splitlines() if line.endswith("| 1 | $1.00 | $0"))
    shown = row.removesuffix(" | 1 | $1.00 | $0")
    assert 0 < len(shown) <= NAME_MAX_CHARS
    assert shown.isprintable()


def test_many_models_and_errors_are_cut_and_counted() -> None:
    models = {f"m{n:02}": ModelSummary(1, float(n)) for n in range(25)}
    document = drawn(replace(NOW, models=models, errors={f"e{n:02}": 1 for n in range(25)}))
    text = words(document)
    assert "m24" in text
    assert "m14" not in text
    assert "15 more models cost less." in text
    assert "e09" in text
    assert "e10" not in text


def test_the_id_of_a_digest_names_its_day() -> None:
    assert read_day(to_message_id(DAY)) == DAY
    for odd in ("alert/2026-03-02", "digest/", "digest/today", "2026-03-02"):
        with pytest.raises(ValueError):  # noqa: PT011 - each with words of its own
            read_day(odd)


def test_blocks_without_numbers_are_left_out() -> None:
    document = drawn(Summary(requests=1, answered=1), Summary())
    assert not any(isinstance(block, (Chart, Text)) for block in document.blocks)
    assert "Model" not in words(document)
    assert "Error" not in words(document)
