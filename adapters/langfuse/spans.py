"""A trace as spans, with the times at which things happened.

The SDK's own ways to start an observation all begin now, and cost twice as much. So the spans are
started with the provider that the SDK sends from, under the names that the SDK gives to attributes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from langfuse import LangfuseOtelSpanAttributes as Name
from langfuse import __version__ as sdk_version
from langfuse._client.constants import LANGFUSE_TRACER_NAME
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import Status, StatusCode, set_span_in_context

from adapters.langfuse.ids import span_id

if TYPE_CHECKING:
    from datetime import datetime

    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

    from adapters.langfuse.trace import Facts, Generation, Observed, Trace

    Attributes = dict[str, str | list[str]]

TURN = "turn"
COMPLETION = "completion"


class TurnIds(IdGenerator):
    """The ids of one trace after the other; one thread."""

    def __init__(self) -> None:
        self._trace_id = ""
        self._n = 0

    def begin(self, trace_id: str) -> None:
        self._trace_id = trace_id
        self._n = 0

    def generate_trace_id(self) -> int:
        return int(self._trace_id, 16)

    def generate_span_id(self) -> int:
        self._n += 1
        return int(span_id(self._trace_id, self._n), 16)


class SpanWriter:
    """Writes finished traces to the provider, which hands them on to be sent."""

    def __init__(self, provider: TracerProvider, ids: TurnIds, public_key: str) -> None:
        self._ids = ids
        # As the SDK names its own: the server reads other scopes by other rules.
        self._tracer = provider.get_tracer(
            LANGFUSE_TRACER_NAME, sdk_version, attributes={"public_key": public_key}
        )

    def write(self, trace: Trace) -> None:
        self._ids.begin(trace.trace_id)
        shared = _shared(trace)
        root = {
            **shared,
            **_facts(Name.TRACE_METADATA, trace.facts),
            **_observed(trace.root, "agent"),
        }
        span = self._start(TURN, trace.root, root)
        inside = set_span_in_context(span)
        for one in trace.generations:
            generation = {**shared, **_observed(one, "generation"), **_generation(one)}
            _end(self._start(COMPLETION, one, generation, inside), one)
        _end(span, trace.root)

    def _start(
        self, name: str, observed: Observed, attributes: Attributes, context: Context | None = None
    ) -> Span:
        return self._tracer.start_span(
            name, context, attributes=attributes, start_time=_to_ns(observed.began_at)
        )


def _shared(trace: Trace) -> Attributes:
    """On every observation: each is looked for by itself."""
    shared: Attributes = {
        Name.TRACE_NAME: TURN,
        Name.TRACE_USER_ID: trace.user,
        Name.TRACE_SESSION_ID: trace.session,
        Name.TRACE_TAGS: trace.tags,
    }
    if trace.version:
        shared[Name.VERSION] = trace.version
    return shared


def _observed(observed: Observed, kind: str) -> Attributes:
    attributes: Attributes = {
        Name.OBSERVATION_TYPE: kind,
        Name.OBSERVATION_LEVEL: observed.level,
        **_facts(Name.OBSERVATION_METADATA, observed.facts),
    }
    if observed.status:
        attributes[Name.OBSERVATION_STATUS_MESSAGE] = observed.status
    if observed.output is not None:
        attributes[Name.OBSERVATION_OUTPUT] = observed.output
    if observed.input is not None:
        is_text = isinstance(observed.input, str)
        attributes[Name.OBSERVATION_INPUT] = (
            str(observed.input) if is_text else json.dumps(observed.input, ensure_ascii=False)
        )
    return attributes


def _generation(generation: Generation) -> Attributes:
    attributes: Attributes = {
        Name.OBSERVATION_MODEL: generation.model,
        Name.OBSERVATION_MODEL_PARAMETERS: json.dumps(generation.parameters),
        Name.OBSERVATION_USAGE_DETAILS: json.dumps(generation.usage),
    }
    if generation.cost is not None:
        attributes[Name.OBSERVATION_COST_DETAILS] = json.dumps(generation.cost)
    if generation.first_token_at is not None:
        moment = generation.first_token_at.isoformat().replace("+00:00", "Z")
        attributes[Name.OBSERVATION_COMPLETION_START_TIME] = json.dumps(moment)
    return attributes


def _facts(prefix: str, facts: Facts) -> Attributes:
    """Each value as JSON, as the server takes it from this SDK."""
    return {f"{prefix}.{name}": json.dumps(value) for name, value in facts.items()}


def _end(span: Span, observed: Observed) -> None:
    if observed.level == "ERROR":
        span.set_status(Status(StatusCode.ERROR, observed.status))
    span.end(_to_ns(observed.ended_at))


def _to_ns(moment: datetime) -> int:
    """Nanoseconds since 1970; the wire format knows no time before."""
    return max(int(moment.timestamp() * 1_000_000) * 1_000, 0)
