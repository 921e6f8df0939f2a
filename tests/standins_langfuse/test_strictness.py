"""What the stand-in refuses, and what it answers: else a test against it would prove little."""

from __future__ import annotations

import asyncio
import gzip
import json
from base64 import b64encode
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from langfuse import LangfuseOtelSpanAttributes as Name
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.adapters.langfuse.facts import NOON, reading, tracing, turn
from tests.adapters.langfuse.facts import call as model_call
from tests.standins.langfuse import Fault, LangfuseStandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SCORE = {
    "id": "s1",
    "traceId": "0" * 32,
    "name": "rating",
    "value": "up",
    "dataType": "CATEGORICAL",
    "timestamp": "2026-03-02T12:00:00Z",
}


@pytest.fixture
async def langfuse() -> AsyncIterator[LangfuseStandIn]:
    async with LangfuseStandIn(public_key="pk-lf-strict") as langfuse:
        yield langfuse


@pytest.fixture
async def http(langfuse: LangfuseStandIn) -> AsyncIterator[aiohttp.ClientSession]:
    keys = f"{langfuse.public_key}:{langfuse.secret_key}".encode()
    headers = {"Authorization": f"Basic {b64encode(keys).decode()}"}
    async with aiohttp.ClientSession(langfuse.base_url, headers=headers) as session:
        yield session


def span_request(**changes: Any) -> bytes:
    """One span that is right, and then changed."""
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    scope.scope.name = changes.pop("scope", "langfuse-sdk")
    scope.scope.attributes.add(key="public_key").value.string_value = "pk-lf-strict"
    span = scope.spans.add(
        trace_id=b"t" * 16, span_id=b"s" * 8, name="turn",
        start_time_unix_nano=1_000, end_time_unix_nano=2_000,
    )  # fmt: skip
    attributes = {
        Name.OBSERVATION_TYPE: "agent",
        Name.OBSERVATION_LEVEL: "DEFAULT",
        Name.TRACE_USER_ID: "u",
        Name.TRACE_SESSION_ID: "s",
    }
    for key, value in {**attributes, **changes}.items():
        if key in ("name", "end_time_unix_nano", "trace_id"):
            setattr(span, key, value)
        else:
            span.attributes.add(key=key).value.string_value = value
    return request.SerializeToString()


async def send(http: aiohttp.ClientSession, body: bytes, **headers: str) -> int:
    given = {
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "gzip",
        "x-langfuse-public-key": "pk-lf-strict",
        "x-langfuse-sdk-version": "5.0.4",
    }
    packed = gzip.compress(body)
    async with http.post(
        "/api/public/otel/v1/traces", data=packed, headers=given | headers
    ) as response:
        return response.status


async def test_a_span_that_is_right_is_taken(
    langfuse: LangfuseStandIn, http: aiohttp.ClientSession
) -> None:
    assert await send(http, span_request()) == 200
    assert len(langfuse.observations) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": "somebody"},
        {"name": ""},
        {"trace_id": b"short"},
        {"end_time_unix_nano": 500},
        {Name.OBSERVATION_TYPE: "thing"},
        {Name.OBSERVATION_LEVEL: "FATAL"},
        {Name.TRACE_USER_ID: "u" * 201},
        {"langfuse.invented": "x"},
        {Name.OBSERVATION_USAGE_DETAILS: '{"input": -1}'},
        {Name.OBSERVATION_COST_DETAILS: "{"},
        {f"{Name.OBSERVATION_METADATA}.x": "no JSON"},
        {Name.OBSERVATION_COMPLETION_START_TIME: '"2026-03-02T12:00:00Z"'},
    ],
    ids=str,
)
async def test_a_span_that_is_wrong_is_refused(
    langfuse: LangfuseStandIn, http: aiohttp.ClientSession, changes: dict[str, Any]
) -> None:
    assert await send(http, span_request(**changes)) == 400
    assert len(langfuse.refused) == 1
    assert langfuse.observations == {}


async def test_requests_that_are_wrong_are_refused(
    langfuse: LangfuseStandIn, http: aiohttp.ClientSession
) -> None:
    assert await send(http, b"\xff\xff") == 400
    assert await send(http, span_request(), **{"Content-Type": "application/json"}) == 400
    assert await send(http, span_request(), **{"x-langfuse-public-key": "pk-lf-other"}) == 400
    assert await send(http, span_request(), Authorization="Basic bm86bm8=") == 401


async def post_scores(http: aiohttp.ClientSession, payload: Any) -> tuple[int, Any]:
    async with http.post("/api/public/scores", json=payload) as response:
        return response.status, await response.json()


async def test_scores_are_replaced_under_the_same_id_and_time_only(
    langfuse: LangfuseStandIn, http: aiohttp.ClientSession
) -> None:
    assert (await post_scores(http, [SCORE]))[0] == 202
    await post_scores(http, [{**SCORE, "value": "down"}])
    assert [one.value for one in langfuse.scores.newest()] == ["down"]
    await post_scores(http, [{**SCORE, "timestamp": "2026-03-02T12:00:01Z"}])
    assert len(langfuse.scores.newest()) == 2


@pytest.mark.parametrize(
    "changes", [{"name": None}, {"value": 1.0}, {"timestamp": None}, {"invented": 1}, {"id": None}]
)
async def test_scores_that_are_wrong_are_counted(
    http: aiohttp.ClientSession, changes: dict[str, Any]
) -> None:
    wrong = {key: value for key, value in (SCORE | changes).items() if value is not None}
    status, answer = await post_scores(http, [SCORE, wrong])
    assert (status, answer["accepted"], answer["rejected"]) == (207, 1, 1)


async def test_an_old_server_takes_no_list(
    langfuse: LangfuseStandIn, http: aiohttp.ClientSession
) -> None:
    langfuse.version = "4.58.0"
    assert (await post_scores(http, [SCORE]))[0] == 400
    assert (await post_scores(http, SCORE))[0] == 202
    langfuse.version = "4.59.0"
    assert (await post_scores(http, SCORE))[0] == 400


async def test_a_fault_can_be_for_one_path(
    langfuse: LangfuseStandIn, http: aiohttp.ClientSession
) -> None:
    langfuse.fault = Fault("status", 429, path="/scores")
    assert (await post_scores(http, [SCORE]))[0] == 429
    assert await send(http, span_request()) == 200


async def test_metrics_are_summed_up_in_milliseconds() -> None:
    query = {
        "view": "observations",
        "metrics": [
            {"measure": "count", "aggregation": "count"},
            {"measure": "latency", "aggregation": "max"},
            {"measure": "totalCost", "aggregation": "sum"},
        ],
        "dimensions": [{"field": "type"}],
        "fromTimestamp": NOON.isoformat(),
        "toTimestamp": (NOON + timedelta(hours=1)).isoformat(),
    }
    async with LangfuseStandIn(public_key="pk-lf-metrics") as langfuse:
        async with tracing(langfuse) as tracer:
            tracer.called(model_call())
            tracer.turn_recorded(turn())
        with reading(langfuse) as api:
            found = await asyncio.to_thread(api.metrics.metrics, query=json.dumps(query))
    assert {row["type"]: row["max_latency"] for row in found.data} == {
        "AGENT": 4_000.0,
        "GENERATION": 2_500.0,
    }
    assert {row["sum_totalCost"] for row in found.data} == {0.0, 0.0125}
