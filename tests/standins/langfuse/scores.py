"""Scores as they come: a list, checked by the SDK's own models, kept by id and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langfuse.api import CreateScoreBatchError, CreateScoreBatchResults, CreateScoreRequest
from langfuse.api.core.pydantic_utilities import parse_obj_as
from pydantic import ValidationError

from tests.standins.langfuse.traces import NotTakenError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

MAX_BODY_BYTES = 1_048_576
MAX_BATCH = 1_000
KNOWN = {
    *("id", "traceId", "name", "value", "comment", "metadata", "environment"),
    *("dataType", "timestamp", "sessionId", "observationId"),
}


class Scores:
    def __init__(self) -> None:
        self.rows: dict[tuple[str, datetime], CreateScoreRequest] = {}
        """As the server keeps them: another time under the same id is another row."""
        self.received = 0

    def take(self, payload: Any, *, lists: bool) -> tuple[int, dict[str, Any]]:
        """Status and body. `lists` False: a server from before they were taken."""
        if not lists:
            if isinstance(payload, list):
                raise NotTakenError("Invalid request data: expected object, received array")
            payload = [payload]
        if not isinstance(payload, list) or not 0 < len(payload) <= MAX_BATCH:
            raise NotTakenError("expected a list of scores")
        errors = [error for one in payload if (error := self._take_one(one))]
        if not errors:
            return 202, {"message": "Accepted"}
        results = CreateScoreBatchResults(
            accepted=len(payload) - len(errors),
            rejected=len(errors),
            errors=[CreateScoreBatchError(message=error) for error in errors],
        )
        return 207, results.dict()

    def newest(self) -> list[CreateScoreRequest]:
        return list(self.rows.values())

    def forget(self, is_unwanted: Callable[[CreateScoreRequest], bool]) -> None:
        self.rows = {key: row for key, row in self.rows.items() if not is_unwanted(row)}

    def _take_one(self, given: Any) -> str:
        try:
            score = parse_obj_as(type_=CreateScoreRequest, object_=given)
        except ValidationError as error:
            return str(error)
        if unknown := set(given) - KNOWN:
            return f"unknown fields: {unknown}"
        if score.id is None or score.trace_id is None or score.timestamp is None:
            return "an id, a trace and a time are needed here"
        if score.timestamp.tzinfo is None:
            return "the time needs an offset"
        if score.data_type != "CATEGORICAL" or not isinstance(score.value, str):
            return "a categorical score has a string for its value"
        self.received += 1
        self.rows[score.id, score.timestamp] = score
        return ""
