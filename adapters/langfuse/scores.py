"""Ratings as scores: one for each person and turn, replaced by sending it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langfuse.api import CreateScoreRequest, ScoreDataType

from adapters.langfuse.ids import trace_id

if TYPE_CHECKING:
    from adapters.langfuse.backlog import Rated
    from adapters.langfuse.texts import Texts

NAME = "rating"
VALUES = {1: "up", -1: "down", None: "withdrawn"}


def to_score(score_id: str, rated: Rated, texts: Texts) -> CreateScoreRequest:
    """With a time that never changes: Langfuse replaces a score only under the same id and time.

    A withdrawn rating is a value of its own, as a deletion runs minutes later and would take a
    newer rating of the same person with it.
    """
    rating = rated.rating
    return CreateScoreRequest(
        id=score_id,
        trace_id=trace_id(rating.turn_id),
        name=NAME,
        value=VALUES[rating.value],
        data_type=ScoreDataType.CATEGORICAL,
        timestamp=rating.asked_at,
        comment=texts.words(rating.reason) or None,
        metadata={
            "platform": texts.label(rated.platform),
            "user": texts.label(rating.author.user_id),
        },
    )
