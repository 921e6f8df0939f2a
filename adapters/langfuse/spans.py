"""A trace as spans of the SDK, with the times at which things happened.

The SDK's own ways to start an observation all begin now, so the spans are started with its
OpenTelemetry tracer and then dressed by its own classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from langfuse import Langfuse, LangfuseAgent, LangfuseGeneration, propagate_attributes
from langfuse import __version__ as sdk_version
from langfuse._client.constants import LANGFUSE_TRACER_NAME
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import set_span_in_context

from adapters.langfuse.ids import span_id

if TYPE_CHECKING:
    from datetime import datetime

    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

    from adapters.langfuse.trace import Generation, Observed, Trace

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

    def __init__(
        self, client: Langfuse, provider: TracerProvider, ids: TurnIds, public_key: str
    ) -> None:
        self._client = client
        self._ids = ids
        # As the SDK names its own: the server reads other scopes by other rules.
        self._tracer = provider.get_tracer(
            LANGFUSE_TRACER_NAME, sdk_version, attributes={"public_key": public_key}
        )

    def write(self, trace: Trace) -> None:
        self._ids.begin(trace.trace_id)
        with propagate_attributes(
            user_id=trace.user,
            session_id=trace.session,
            tags=trace.tags,
            version=trace.version or None,
            metadata=dict(trace.facts),
            trace_name=TURN,
        ):
            span = self._tracer.start_span(TURN, start_time=_to_ns(trace.root.began_at))
            for generation in trace.generations:
                self._write_generation(span, generation)
            self._write_root(span, trace.root)

    def _write_root(self, span: Span, root: Observed) -> None:
        agent = LangfuseAgent(
            otel_span=span,
            langfuse_client=self._client,
            input=root.input,
            output=root.output,
            metadata=root.facts,
            level=root.level,
            status_message=root.status or None,
        )
        agent.end(end_time=_to_ns(root.ended_at))

    def _write_generation(self, parent: Span, generation: Generation) -> None:
        span = self._tracer.start_span(
            COMPLETION,
            context=set_span_in_context(parent),
            start_time=_to_ns(generation.began_at),
        )
        observation = LangfuseGeneration(
            otel_span=span,
            langfuse_client=self._client,
            input=generation.input,
            output=generation.output,
            metadata=generation.facts,
            level=generation.level,
            status_message=generation.status or None,
            completion_start_time=generation.first_token_at,
            model=generation.model,
            model_parameters=dict(generation.parameters),
            usage_details=generation.usage,
            cost_details=generation.cost,
        )
        observation.end(end_time=_to_ns(generation.ended_at))


def _to_ns(moment: datetime) -> int:
    """Nanoseconds since 1970; the wire format knows no time before."""
    return max(int(moment.timestamp() * 1_000_000) * 1_000, 0)
