"""Spans as they come over the wire, checked and read as the server reads them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError
from langfuse import LangfuseOtelSpanAttributes as Name
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

MAX_BODY_BYTES = 4_500_000
"""Compressed; what the hosted service's platform lets through."""
MAX_ID_CHARS = 200
LEVELS = {"DEBUG", "DEFAULT", "WARNING", "ERROR"}
TYPES = {"span", "generation", "agent", "tool", "chain", "retriever", "evaluator", "guardrail"}
KNOWN = {value for key, value in vars(Name).items() if key.isupper()}
METADATA = (Name.TRACE_METADATA, Name.OBSERVATION_METADATA)
TRACER = "langfuse-sdk"


class NotTakenError(Exception):
    """A request that the server answers with 400."""


@dataclass(frozen=True, slots=True)
class Observation:
    id: str
    trace_id: str
    parent_id: str
    name: str
    type: str
    began_at: datetime
    ended_at: datetime
    attributes: Mapping[str, Any]
    status_message: str
    """Of the span itself, beside the one among the attributes."""

    def get(self, name: str) -> Any:
        return self.attributes.get(name)

    @property
    def metadata(self) -> dict[str, Any]:
        """Of the trace and of the observation, as the server merges and decodes them."""
        return {
            key.removeprefix(f"{prefix}."): json.loads(value)
            for prefix in METADATA
            for key, value in self.attributes.items()
            if key.startswith(f"{prefix}.")
        }

    def json(self, name: str) -> Any:
        value = self.attributes.get(name)
        return None if value is None else json.loads(value)


def read_spans(body: bytes, public_key: str) -> list[Observation]:
    """Raises NotTakenError for whatever a server would drop or refuse."""
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError as error:
        raise NotTakenError("not OTLP") from error
    found = []
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            given = {one.key: _value(one.value) for one in scope.scope.attributes}
            if scope.scope.name != TRACER or given.get("public_key") != public_key:
                raise NotTakenError(f"spans of {scope.scope.name} for another project")
            found += [_read_span(span) for span in scope.spans]
    return found


def _read_span(span: Span) -> Observation:
    attributes = {one.key: _value(one.value) for one in span.attributes}
    observation = Observation(
        id=span.span_id.hex(),
        trace_id=span.trace_id.hex(),
        parent_id=span.parent_span_id.hex(),
        name=span.name,
        type=str(attributes.get(Name.OBSERVATION_TYPE)),
        began_at=_moment(span.start_time_unix_nano),
        ended_at=_moment(span.end_time_unix_nano),
        attributes=attributes,
        status_message=span.status.message,
    )
    if faults := [*_faults(span, observation)]:
        raise NotTakenError("; ".join(faults))
    return observation


def _faults(span: Span, observation: Observation) -> Iterator[str]:
    if (len(span.trace_id), len(span.span_id)) != (16, 8):
        yield "ids of a wrong length"
    if not observation.name:
        yield "no name"
    if observation.type not in TYPES:
        yield f"type {observation.type}"
    if span.events or span.links or span.dropped_attributes_count:
        yield "events, links or dropped attributes"
    if not 0 < span.start_time_unix_nano <= span.end_time_unix_nano:
        yield "it ends before it begins"
    if observation.get(Name.OBSERVATION_LEVEL) not in LEVELS:
        yield "level"
    for key in observation.attributes:
        if key not in KNOWN and not key.startswith(tuple(f"{one}." for one in METADATA)):
            yield f"unknown attribute {key}"
    yield from _faults_of_ids(observation)
    yield from _faults_of_json(observation)


def _faults_of_ids(observation: Observation) -> Iterator[str]:
    tags = observation.get(Name.TRACE_TAGS) or []
    for value in (observation.get(Name.TRACE_SESSION_ID), observation.get(Name.TRACE_USER_ID)):
        if not isinstance(value, str) or not 0 < len(value) <= MAX_ID_CHARS:
            yield "session or user"
    if any(not 0 < len(tag) <= MAX_ID_CHARS for tag in tags):
        yield "a tag"


def _faults_of_json(observation: Observation) -> Iterator[str]:
    try:
        usage = observation.json(Name.OBSERVATION_USAGE_DETAILS) or {}
        cost = observation.json(Name.OBSERVATION_COST_DETAILS) or {}
        observation.json(Name.OBSERVATION_MODEL_PARAMETERS)
        started = observation.get(Name.OBSERVATION_COMPLETION_START_TIME)
        moment = started and datetime.fromisoformat(json.loads(started))
        for value in observation.metadata.values():
            if isinstance(value, str) and len(value) > MAX_ID_CHARS:
                yield "long metadata"
    except ValueError as error:
        yield f"JSON: {error}"
        return
    if any(not isinstance(n, int) or n < 0 for n in usage.values()):
        yield "usage"
    if any(not isinstance(n, int | float) or n < 0 for n in cost.values()):
        yield "cost"
    if moment and not observation.began_at <= moment <= observation.ended_at:
        yield "the first token comes outside of the call"


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    return getattr(value, kind) if kind else None


def _moment(ns: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ns // 1_000)


def strings_in(body: bytes) -> str:
    """Everything that can be read in a request, to look for what must not be there."""
    request = ExportTraceServiceRequest()
    request.ParseFromString(body)
    return re.sub(r"\\(?=[\"\\])", "", str(request))
