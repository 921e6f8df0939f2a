"""A trace as spans, with the times at which things happened.

The SDK's own ways to start an observation all begin now, and cost four times as much. So finished
spans are made, under the names that the SDK gives to attributes; its exporter builds such, too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from langfuse import LangfuseOtelSpanAttributes as Name
from langfuse import __version__ as sdk_version
from langfuse._client.constants import LANGFUSE_TRACER_NAME
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags

from adapters.langfuse.ids import span_id

if TYPE_CHECKING:
    from datetime import datetime

    from adapters.langfuse.trace import Facts, Generation, Observed, Trace

    Attributes = dict[str, str | bool | list[str]]

TURN = "turn"
COMPLETION = "completion"
UNSET = Status(StatusCode.UNSET)
SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class SpanWriter:
    """For one project."""

    def __init__(self, public_key: str) -> None:
        self._resource = Resource({"service.name": "chatbot"})
        # As the SDK names its own: the server reads other scopes by other rules.
        self._scope = InstrumentationScope(
            LANGFUSE_TRACER_NAME, sdk_version, attributes={"public_key": public_key}
        )

    def write(self, trace: Trace) -> list[ReadableSpan]:
        """The root first."""
        shared = _shared(trace)
        root = {
            **shared,
            **_facts(Name.TRACE_METADATA, trace.facts),
            **_observed(trace.root, "agent"),
            Name.IS_APP_ROOT: True,
        }
        first = _context(trace, 1)
        spans = [self._span(TURN, trace.root, root, first, None)]
        for n, one in enumerate(trace.generations, 2):
            generation = {**shared, **_observed(one, "generation"), **_generation(one)}
            spans.append(self._span(COMPLETION, one, generation, _context(trace, n), first))
        return spans

    def _span(
        self,
        name: str,
        observed: Observed,
        attributes: Attributes,
        context: SpanContext,
        parent: SpanContext | None,
    ) -> ReadableSpan:
        return ReadableSpan(
            name,
            context,
            parent,
            self._resource,
            attributes,
            status=_status(observed),
            start_time=_to_ns(observed.began_at),
            end_time=_to_ns(observed.ended_at),
            instrumentation_scope=self._scope,
        )


def _context(trace: Trace, n: int) -> SpanContext:
    return SpanContext(
        int(trace.trace_id, 16),
        int(span_id(trace.trace_id, n), 16),
        is_remote=False,
        trace_flags=SAMPLED,
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


def _status(observed: Observed) -> Status:
    if observed.level == "ERROR":
        return Status(StatusCode.ERROR, observed.status)
    return UNSET


def _to_ns(moment: datetime) -> int:
    """Nanoseconds since 1970; the wire format knows no time before."""
    return max(int(moment.timestamp() * 1_000_000) * 1_000, 0)
