"""What the server answers to questions about what it took, in the shape of the SDK's models."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from langfuse import LangfuseOtelSpanAttributes as Name
from langfuse.api import GetScoresV3Response, MetricsV2Response, ObservationsV2Response
from langfuse.api.core.pydantic_utilities import parse_obj_as

from tests.standins.langfuse.traces import NotTakenError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from langfuse.api import CreateScoreRequest

    from tests.standins.langfuse.traces import Observation

Row = dict[str, Any]
PROJECT = "project-1"
MAX_LIMIT = 100
OBSERVATIONS_BY = ("traceId", "name", "type", "userId", "sessionId", "level")
PAGING = ("limit", "cursor", "fields", "isRootObservation")
SCORES_BY = ("id", "name", "traceId", "dataType", "value")
AGGREGATIONS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "count": len,
    "sum": sum,
    "avg": statistics.fmean,
    "max": max,
    "min": min,
    "p50": statistics.median,
}


def to_observation(observation: Observation) -> Row:
    """Latency in seconds here, in milliseconds among the metrics: so the service has it."""
    get = observation.get
    first = observation.json(Name.OBSERVATION_COMPLETION_START_TIME)
    cost = observation.json(Name.OBSERVATION_COST_DETAILS) or {}
    return {
        "id": observation.id,
        "traceId": observation.trace_id,
        "startTime": observation.began_at.isoformat(),
        "endTime": observation.ended_at.isoformat(),
        "projectId": PROJECT,
        "parentObservationId": observation.parent_id or None,
        "isRootObservation": not observation.parent_id,
        "type": observation.type.upper(),
        "name": observation.name,
        "level": get(Name.OBSERVATION_LEVEL),
        "statusMessage": get(Name.OBSERVATION_STATUS_MESSAGE),
        "version": get(Name.VERSION),
        "environment": get(Name.ENVIRONMENT) or "default",
        "userId": get(Name.TRACE_USER_ID),
        "sessionId": get(Name.TRACE_SESSION_ID),
        "tags": get(Name.TRACE_TAGS),
        "traceName": get(Name.TRACE_NAME),
        "completionStartTime": first,
        "input": get(Name.OBSERVATION_INPUT),
        "output": get(Name.OBSERVATION_OUTPUT),
        "metadata": observation.metadata,
        "model": get(Name.OBSERVATION_MODEL),
        "modelParameters": observation.json(Name.OBSERVATION_MODEL_PARAMETERS),
        "usageDetails": observation.json(Name.OBSERVATION_USAGE_DETAILS),
        "costDetails": cost or None,
        "totalCost": cost.get("total"),
        "latency": (observation.ended_at - observation.began_at).total_seconds(),
        "timeToFirstToken": first
        and (datetime.fromisoformat(first) - observation.began_at).total_seconds(),
    }


def to_score(score: CreateScoreRequest) -> Row:
    at = score.timestamp.isoformat() if score.timestamp else None
    return {
        "id": score.id,
        "projectId": PROJECT,
        "name": score.name,
        "dataType": str(score.data_type),
        "value": score.value,
        "source": "API",
        "timestamp": at,
        "createdAt": at,
        "updatedAt": at,
        "environment": score.environment or "default",
        "comment": score.comment,
        "metadata": score.metadata,
        "subject": {"kind": "trace", "id": score.trace_id},
        "traceId": score.trace_id,
    }


def read_observations(query: Mapping[str, str], found: Iterable[Observation]) -> Row:
    rows = sorted(map(to_observation, found), key=lambda row: row["startTime"], reverse=True)
    if "isRootObservation" in query:
        wanted = {"true": True, "false": False}[query["isRootObservation"]]
        rows = [row for row in rows if row["isRootObservation"] == wanted]
    rows, meta = _filtered(rows, query, OBSERVATIONS_BY, "fromStartTime", "toStartTime")
    answer = {"data": rows, "meta": meta}
    parse_obj_as(type_=ObservationsV2Response, object_=answer)
    return answer


def read_scores(query: Mapping[str, str], found: Iterable[CreateScoreRequest]) -> Row:
    if not set(query.get("fields", "").split(",")) <= {"", "details", "subject", "annotation"}:
        raise NotTakenError("fields")
    rows, meta = _filtered(map(to_score, found), query, SCORES_BY, "fromTimestamp", "toTimestamp")
    answer = {
        "data": [{name: row[name] for name in row if name != "traceId"} for row in rows],
        "meta": {"limit": int(query.get("limit", 50)), **meta},
    }
    parse_obj_as(type_=GetScoresV3Response, object_=answer)
    return answer


def _filtered(
    rows: Iterable[Row], query: Mapping[str, str], by: Sequence[str], since: str, until: str
) -> tuple[list[Row], dict[str, str]]:
    """A page, and what leads to the next one."""
    if unknown := set(query) - {*by, *PAGING, since, until}:
        raise NotTakenError(f"unknown parameters: {sorted(unknown)}")
    limit = int(query.get("limit", 50))
    if not 0 < limit <= MAX_LIMIT:
        raise NotTakenError("limit")
    at = "startTime" if since == "fromStartTime" else "timestamp"
    first = datetime.fromisoformat(query[since]) if since in query else None
    last = datetime.fromisoformat(query[until]) if until in query else None
    wanted = [
        row
        for row in rows
        if all(row[name] == query[name] for name in by if name in query)
        and (first is None or datetime.fromisoformat(row[at]) >= first)
        and (last is None or datetime.fromisoformat(row[at]) < last)
    ]
    begin = int(query.get("cursor", 0))
    end = begin + limit
    return wanted[begin:end], {"cursor": str(end)} if end < len(wanted) else {}


def read_metrics(
    query: Mapping[str, str],
    observations: Iterable[Observation],
    scores: Iterable[CreateScoreRequest],
) -> Row:
    try:
        wanted = json.loads(query["query"])
        first, last = (
            datetime.fromisoformat(wanted[name]) for name in ("fromTimestamp", "toTimestamp")
        )
        view, measures = wanted["view"], wanted["metrics"]
    except (KeyError, ValueError) as error:
        raise NotTakenError(f"query: {error!r}") from error
    if view == "observations":
        rows = [_measured(row) for row in map(to_observation, observations)]
    elif view == "scores-categorical":
        rows = [{**row, "at": row["timestamp"], "count": 1, "stringValue": row["value"]}
                for row in map(to_score, scores)]  # fmt: skip
    else:
        raise NotTakenError(f"view {view}")
    rows = [row for row in rows if first <= datetime.fromisoformat(row["at"]) < last]
    answer = {
        "data": _grouped(rows, [one["field"] for one in wanted.get("dimensions", [])], measures)
    }
    parse_obj_as(type_=MetricsV2Response, object_=answer)
    return answer


def _measured(row: Row) -> Row:
    usage = row["usageDetails"] or {}
    first_s = row["timeToFirstToken"]
    return {
        **row,
        "at": row["startTime"],
        "count": 1,
        "providedModelName": row["model"],
        "latency": row["latency"] * 1_000,
        "timeToFirstToken": None if first_s is None else first_s * 1_000,
        "totalCost": row["totalCost"] or 0.0,
        "totalTokens": sum(usage.values()),
        "inputTokens": sum(n for name, n in usage.items() if name.startswith("input")),
        "outputTokens": sum(n for name, n in usage.items() if name.startswith("output")),
    }


def _grouped(rows: Sequence[Row], by: Sequence[str], measures: Sequence[Row]) -> list[Row]:
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    try:
        for row in rows:
            groups[tuple(row[name] for name in by)].append(row)
        return [
            dict(zip(by, key, strict=True))
            | {
                f"{one['aggregation']}_{one['measure']}": AGGREGATIONS[one["aggregation"]](
                    [row[one["measure"]] for row in group if row[one["measure"]] is not None]
                )
                for one in measures
            }
            for key, group in groups.items()
        ]
    except KeyError as error:
        raise NotTakenError(f"unknown: {error}") from error
