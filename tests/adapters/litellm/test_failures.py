from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.litellm.failures import describe, read_retry_after, to_model_error


@pytest.mark.parametrize(
    ("body", "category"),
    [
        ("This model's maximum context length is 8192 tokens. However, you", "context_window"),
        ("prompt is too long: 210000 tokens > 200000 maximum", "context_window"),
        ("The input token count (1) exceeds the maximum number of tokens", "context_window"),
        ("Please reduce the length of the messages", "context_window"),
        ("code: context_length_exceeded", "context_window"),
        ("Azure has filtered: ResponsibleAIPolicyViolation", "content_policy"),
        ("content management policy", "content_policy"),
        ("Your prompt was flagged", "content_policy"),
        ("temperature must be below 2", "bad_request"),
        ("max_tokens is too large", "bad_request"),
        ("", "bad_request"),
    ],
)
def test_a_400_means_what_its_body_says(body: str, category: str) -> None:
    assert to_model_error(400, body).category == category


@pytest.mark.parametrize(
    ("status", "category"),
    [
        (401, "auth"),
        (402, "quota"),
        (403, "auth"),
        (408, "timeout"),
        (413, "context_window"),
        (429, "rate_limit"),
        (500, "service_unavailable"),
        (504, "timeout"),
        (529, "service_unavailable"),
    ],
)
def test_any_other_status_outweighs_the_body(status: int, category: str) -> None:
    misleading = '{"error": {"type": "invalid_request_error", "message": "content_filter"}}'
    assert to_model_error(status, misleading).category == category


@pytest.mark.parametrize(
    "body", ["insufficient_quota", "You exceeded your current quota", "credit balance is too low"]
)
def test_an_empty_account_is_no_rate_limit(body: str) -> None:
    assert to_model_error(429, body).category == "quota"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e999"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        (
            {
                "retry-after": "Mon, 02 Mar 2026 12:00:20 GMT",
                "date": "Mon, 02 Mar 2026 12:00:05 GMT",
            },
            15,
        ),
        (
            {
                "retry-after": "Mon, 02 Mar 2026 12:00:00 GMT",
                "date": "Mon, 02 Mar 2026 12:00:05 GMT",
            },
            0,
        ),
        ({"retry-after": "Mon, 02 Mar 2026 12:00:20 GMT"}, None),
        ({"retry-after": "Mon, 99 Foo 2026", "date": "x"}, None),
    ],
)
def test_the_wait_is_read_from_numbers_and_dates(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert read_retry_after(headers) == seconds


@given(st.text(), st.text())
def test_no_header_breaks_the_reading(wait: str, date: str) -> None:
    seconds = read_retry_after({"retry-after": wait, "date": date})
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"error": {"message": "No such model"}}', "No such model"),
        ('[{"error": {"message": "No such model"}}]', "No such model"),
        ('{"error": "No such model"}', "No such model"),
        ('{"detail": "No such model"}', "No such model"),
        ('{"message": "No such model"}', "No such model"),
        ("No such model", "No such model"),
        (" <!DOCTYPE html><title>502</title>", "a page of HTML"),
        ('"odd"', "odd"),
        ("[]", "[]"),
    ],
)
def test_the_sentence_in_a_body_is_found(body: str, said: str) -> None:
    assert describe(body) == said


@given(st.integers(300, 599), st.text())
def test_every_refusal_becomes_an_error_with_a_short_text(status: int, body: str) -> None:
    error = to_model_error(status, body)
    assert str(error).startswith(str(status))
    assert len(str(error)) < 400
    assert "\n" not in str(error)


def test_a_deeply_nested_body_is_read_without_harm() -> None:
    assert to_model_error(400, "[" * 100_000).category == "bad_request"
    assert to_model_error(500, json.dumps({"error": {"error": {}}})).retryable
