from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from adapters.prometheus import CONTENT_TYPE, Metrics
from adapters.prometheus.labels import NAMES_KEPT, PLATFORMS_KEPT
from core.completion import Completion, Usage
from core.conversation import Author, ConversationKey
from core.rating import Rating
from core.turn import Turn

CONTRACT = """
chatbot_requests_total{platform,kind,outcome} chatbot_ack_seconds chatbot_first_visible_seconds
chatbot_answer_seconds chatbot_llm_first_token_seconds chatbot_llm_tokens_total{model,direction}
chatbot_llm_cost_usd_total{model} chatbot_errors_total{category} chatbot_retries_total{target}
chatbot_breaker_state{target} chatbot_rate_limited_total{scope} chatbot_inbox_depth
chatbot_inbox_oldest_age_seconds chatbot_duplicates_total chatbot_dead_letters_total
chatbot_feedback_total{platform,rating} chatbot_digest_last_success_timestamp_seconds
chatbot_event_loop_lag_seconds
"""
TURN = Turn(
    turn_id="t1",
    conversation=ConversationKey("slack", "T1", "C1", "1.0"),
    author=Author("U1", "Ada"),
    kind="question",
    outcome="answered",
    received_at=datetime(2026, 3, 2, tzinfo=UTC),
    question="why?",
    answer="so",
    model="gpt",
    completions=(Completion("t1", 1, "gpt", None, Usage(100, 20, 5, 3), 0.5, "exact", "answered"),),
    first_token_s=0.3,
    first_visible_s=0.4,
    latency_s=2.0,
    attempts=1,
)


@pytest.fixture
def metrics():
    return Metrics()


def samples(metrics):
    """Every sample as `name{label="value"}`: number."""
    found = {}
    for family in text_string_to_metric_families(metrics.render().decode()):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


def own(metrics):
    return {name: value for name, value in samples(metrics).items() if name.startswith("chatbot_")}


def exercise(metrics):
    metrics.turn_recorded(TURN)
    metrics.turn_recorded(replace(TURN, outcome="failed", error="timeout", attempts=3))
    metrics.turn_recorded(replace(TURN, outcome="refused", error="user", completions=()))
    metrics.rated("slack", Rating("t1", TURN.author, 1))
    metrics.acknowledged(0.01)
    metrics.duplicate("slack")
    metrics.dead_letter()
    metrics.retried("slack")
    metrics.breakers({"gpt": "open"})
    metrics.inbox(3, 1.5)
    metrics.digest_sent(datetime(2026, 3, 2, 9, tzinfo=UTC))
    metrics.loop_lag(0.02)


def test_the_names_and_labels_are_those_of_the_contract(metrics):
    exercise(metrics)

    exported = {
        (
            re.sub(r"_(bucket|count|sum)$", "", sample.name),
            frozenset(sample.labels) - {"le"},
        )
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
        if sample.name.startswith("chatbot_")
    }
    promised = {
        (name, frozenset(labels.split(",")) if labels else frozenset())
        for name, labels in re.findall(r"(chatbot_\w+)(?:\{([^}]*)\})?", CONTRACT)
    }
    assert exported == promised


def test_a_turn_is_counted_and_measured(metrics):
    before = own(metrics)
    exercise(metrics)
    after = own(metrics)

    def grown(name):
        return after[name] - before.get(name, 0.0)

    assert grown('chatbot_requests_total{kind="question",outcome="answered",platform="slack"}') == 1
    assert grown("chatbot_answer_seconds_sum") == 2.0
    assert grown("chatbot_answer_seconds_count") == 1
    assert grown("chatbot_first_visible_seconds_count") == 3
    assert grown('chatbot_llm_tokens_total{direction="input",model="gpt"}') == 200
    assert grown('chatbot_llm_tokens_total{direction="output",model="gpt"}') == 40
    assert grown('chatbot_llm_cost_usd_total{model="gpt"}') == 1.0
    assert grown('chatbot_errors_total{category="timeout"}') == 1
    assert grown('chatbot_errors_total{category="internal"}') == 0
    assert grown('chatbot_rate_limited_total{scope="user"}') == 1
    assert grown('chatbot_retries_total{target="model"}') == 2
    assert grown('chatbot_retries_total{target="slack"}') == 1
    assert grown('chatbot_breaker_state{target="gpt"}') == 2
    assert grown("chatbot_inbox_depth") == 3
    assert grown("chatbot_inbox_oldest_age_seconds") == 1.5
    assert grown('chatbot_feedback_total{platform="slack",rating="up"}') == 1
    assert grown("chatbot_duplicates_total") == grown("chatbot_dead_letters_total") == 1
    assert grown("chatbot_event_loop_lag_seconds") == 0.02
    assert grown("chatbot_digest_last_success_timestamp_seconds") == 1772442000.0


def test_ten_thousand_people_make_no_series(metrics):
    exercise(metrics)
    before = set(samples(metrics))

    for n in range(10_000):
        where = ConversationKey("slack", f"T{n}", f"C{n}", f"{n}.0")
        who = Author(f"U{n}", f"Person {n}")
        metrics.turn_recorded(replace(TURN, turn_id=f"t{n}", conversation=where, author=who))
        metrics.rated("slack", Rating(f"t{n}", who, 1))

    assert set(samples(metrics)) == before


def test_labels_stay_few_whatever_they_are_fed(metrics):
    for n in range(1_000):
        call = replace(TURN.completions[0], model=f"model-{n}")
        key = replace(TURN.conversation, platform=f"platform-{n}")
        turn = replace(TURN, conversation=key, completions=(call,), outcome="failed")
        metrics.turn_recorded(replace(turn, error=f"some text {n}"))
        metrics.breakers({f"model-{n}": "closed"})
        metrics.retried(f"target-{n}")
        metrics.rated(f"platform-{n}", Rating("t", TURN.author, None))

    names = set(own(metrics))
    assert sum(name.startswith("chatbot_llm_cost") for name in names) == NAMES_KEPT + 1
    assert sum(name.startswith("chatbot_requests") for name in names) == PLATFORMS_KEPT + 1
    assert 'chatbot_requests_total{kind="question",outcome="failed",platform="other"}' in names
    assert own(metrics)['chatbot_errors_total{category="internal"}'] == 1_000
    assert len(names) < 200


def test_free_text_never_becomes_a_label(metrics):
    call = replace(TURN.completions[0], model="what Ada asked: why?")
    metrics.turn_recorded(replace(TURN, completions=(call,)))

    assert "Ada" not in metrics.render().decode()
    assert 'chatbot_llm_cost_usd_total{model="other"}' in own(metrics)


@pytest.mark.parametrize("cost_usd", [None, math.nan, math.inf, -1.0])
def test_a_cost_that_is_not_known_is_not_counted(metrics, cost_usd):
    call = replace(TURN.completions[0], cost_usd=cost_usd)
    metrics.turn_recorded(replace(TURN, completions=(call,)))

    assert 'chatbot_llm_cost_usd_total{model="gpt"}' not in own(metrics)
    assert own(metrics)['chatbot_llm_tokens_total{direction="input",model="gpt"}'] == 100


def test_a_command_is_a_request_but_no_answer(metrics):
    command = replace(TURN, kind="command", outcome="command", completions=())
    metrics.turn_recorded(command)

    found = own(metrics)
    assert found['chatbot_requests_total{kind="command",outcome="command",platform="slack"}'] == 1
    assert found["chatbot_answer_seconds_count"] == 0
    assert found["chatbot_first_visible_seconds_count"] == 0


def test_errors_and_limits_start_at_zero(metrics):
    found = own(metrics)

    assert found['chatbot_errors_total{category="rate_limit"}'] == 0
    assert found['chatbot_rate_limited_total{scope="budget_workspace"}'] == 0


def test_two_of_them_do_not_share_a_registry(metrics):
    other = Metrics()
    other.dead_letter()

    assert own(metrics)["chatbot_dead_letters_total"] == 0
    assert "text/plain" in CONTENT_TYPE


def test_the_process_is_measured_too(metrics):
    assert samples(metrics)["process_resident_memory_bytes"] > 0


def test_a_digest_is_no_request_but_when_it_was_sent_is_known(metrics):
    key = ConversationKey("slack", "T1", "C1", "digest")
    digest = replace(
        TURN, kind="report", outcome="command", conversation=key, model="", completions=()
    )
    before = samples(metrics)
    name = "chatbot_digest_last_success_timestamp_seconds"
    metrics.turn_recorded(replace(digest, outcome="failed", error="delivery"))
    metrics.turn_recorded(replace(digest, conversation=replace(key, thread="another report")))
    assert name not in samples(metrics), "not 1970"
    metrics.turn_recorded(digest)
    after = samples(metrics)
    assert after.pop(name) == TURN.received_at.timestamp() + 2.0
    assert not [one for one in after if one.startswith("chatbot_requests_total{")]
    assert [one for one in after if one.startswith("chatbot_") and after[one] != before[one]] == []
    metrics.digest_sent(TURN.received_at)
    assert samples(metrics)[name] == TURN.received_at.timestamp()
