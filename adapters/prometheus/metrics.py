"""The metrics of the bot: an observer of turns, and a few methods for what is no turn."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE

from adapters.prometheus.labels import OTHER, PLATFORMS_KEPT, FirstFew, OneOf
from core.errors import Category, LimitScope
from core.reports.digest import DIGEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from core.completion import Usage
    from core.rating import Rating
    from core.turn import Turn

__all__ = ["CONTENT_TYPE", "Metrics"]

# A series for the time of each counter's making would double what is scraped.
disable_created_metrics()  # type: ignore[no-untyped-call]  # its only flaw is the missing annotation

BREAKER_STATES: Mapping[str, int] = {"closed": 0, "half_open": 1, "open": 2}
MODEL = "model"
"""The target of retries within a turn."""

ACK_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
"""Up to the three seconds that Slack waits for an acknowledgement."""
VISIBLE_BUCKETS = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0)
ANSWER_BUCKETS = (0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0)


class Metrics:
    """A TurnObserver with a registry of its own. Labels never carry a person, a channel or text."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._platform = FirstFew(PLATFORMS_KEPT)
        self._category = OneOf(get_args(Category), instead="internal")
        self._scope = OneOf(get_args(LimitScope))
        self._model = FirstFew()
        self._target = FirstFew()

        self._requests = self._counter(
            "requests", "Messages worked off.", "platform", "kind", "outcome"
        )
        self._ack = self._histogram(
            "ack_seconds", "From a delivery to its acknowledgement.", ACK_BUCKETS
        )
        self._first_visible = self._histogram(
            "first_visible_seconds",
            "From a stored question to words on the screen.",
            VISIBLE_BUCKETS,
        )
        self._answer = self._histogram(
            "answer_seconds", "From a stored question to its whole answer.", ANSWER_BUCKETS
        )
        self._first_token = self._histogram(
            "llm_first_token_seconds",
            "From a stored question to the model's first token.",
            VISIBLE_BUCKETS,
        )
        self._tokens = self._counter("llm_tokens", "Tokens, by direction.", "model", "direction")
        self._cost = self._counter("llm_cost_usd", "Known costs in US dollars.", "model")
        self._errors = self._counter("errors", "Failed answers.", "category")
        self._retries = self._counter("retries", "Repeated calls.", "target")
        self._breaker = self._gauge(
            "breaker_state", "Of the circuit breaker: 0 closed, 1 half open, 2 open.", "target"
        )
        self._rate_limited = self._counter(
            "rate_limited", "Questions refused by a limit or budget.", "scope"
        )
        self._inbox_depth = self._gauge("inbox_depth", "Stored messages not worked off yet.")
        self._inbox_age = self._gauge("inbox_oldest_age_seconds", "Age of the oldest of them.")
        self._duplicates = self._counter("duplicates", "Deliveries that were known already.")
        self._dead_letters = self._counter("dead_letters", "Messages given up on.")
        self._feedback = self._counter("feedback", "Ratings of answers.", "platform", "rating")
        self._digest: Gauge | None = None  # made when there is one: at first it would say 1970
        self._loop_lag = self._gauge(
            "event_loop_lag_seconds", "How late the event loop woke up when last looked at."
        )
        self._start_at_zero()

    def render(self) -> bytes:
        """The text format of Prometheus, to be served as CONTENT_TYPE."""
        return generate_latest(self._registry)

    # --- TurnObserver ----------------------------------------------------------------------------

    def turn_recorded(self, turn: Turn) -> None:
        if turn.kind == "report":  # nobody's request
            if turn.conversation.thread == DIGEST and turn.outcome != "failed":
                self.digest_sent(turn.received_at + timedelta(seconds=turn.latency_s))
            return
        platform = self._platform(turn.conversation.platform)
        self._requests.labels(platform, turn.kind, turn.outcome).inc()
        if turn.outcome == "refused" and self._scope(turn.error) != OTHER:
            self._rate_limited.labels(turn.error).inc()
        elif turn.error:
            self._errors.labels(self._category(turn.error)).inc()
        if turn.kind == "question":
            self._measure(turn)
        self._count_model_calls(turn)

    def rated(self, platform: str, rating: Rating) -> None:
        name = {1: "up", -1: "down", None: "withdrawn"}[rating.value]
        self._feedback.labels(self._platform(platform), name).inc()

    # --- what is no turn -------------------------------------------------------------------------

    def acknowledged(self, seconds: float) -> None:
        self._ack.observe(seconds)

    def duplicate(self, platform: str) -> None:  # noqa: ARG002 - told by the desk, not counted apart
        self._duplicates.inc()

    def dead_letter(self) -> None:
        self._dead_letters.inc()

    def retried(self, target: str) -> None:
        """A repeated call of something else than the model, e.g. `slack`."""
        self._retries.labels(self._target(target)).inc()

    def breakers(self, states: Mapping[str, str]) -> None:
        """The state of each target: closed, half_open or open."""
        for target, state in states.items():
            self._breaker.labels(self._target(target)).set(BREAKER_STATES[state])

    def inbox(self, depth: int, oldest_age_s: float) -> None:
        self._inbox_depth.set(depth)
        self._inbox_age.set(oldest_age_s)

    def digest_sent(self, at: datetime) -> None:
        if self._digest is None:
            self._digest = self._gauge(
                "digest_last_success_timestamp_seconds", "When the last digest was sent."
            )
        self._digest.set(at.timestamp())

    def loop_lag(self, seconds: float) -> None:
        self._loop_lag.set(max(seconds, 0.0))

    def _measure(self, turn: Turn) -> None:
        _observe(self._first_visible, turn.first_visible_s)
        _observe(self._first_token, turn.first_token_s)
        if turn.outcome == "answered":
            _observe(self._answer, turn.latency_s)
        if turn.attempts > 1:
            self._retries.labels(MODEL).inc(turn.attempts - 1)

    def _count_model_calls(self, turn: Turn) -> None:
        for completion in turn.completions:
            model = self._model(completion.model)
            self._count_tokens(model, completion.usage)
            cost_usd = completion.cost_usd
            if cost_usd is not None and math.isfinite(cost_usd) and cost_usd >= 0:
                self._cost.labels(model).inc(cost_usd)

    def _count_tokens(self, model: str, usage: Usage) -> None:
        self._tokens.labels(model, "input").inc(max(usage.input_tokens, 0))
        self._tokens.labels(model, "output").inc(max(usage.output_tokens, 0))

    def _start_at_zero(self) -> None:
        """A series that appears with its first event hides that event from `increase()`."""
        for category in self._category.values:
            self._errors.labels(category)
        for scope in self._scope.values:
            self._rate_limited.labels(scope)
        self._retries.labels(MODEL)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"chatbot_{name}_total", meaning, labels, registry=self._registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"chatbot_{name}", meaning, labels, registry=self._registry)

    def _histogram(self, name: str, meaning: str, buckets: Sequence[float]) -> Histogram:
        return Histogram(f"chatbot_{name}", meaning, registry=self._registry, buckets=buckets)


def _observe(histogram: Histogram, seconds: float | None) -> None:
    """One value that is no number would spoil the sum for good."""
    if seconds is not None and math.isfinite(seconds):
        histogram.observe(max(seconds, 0.0))
