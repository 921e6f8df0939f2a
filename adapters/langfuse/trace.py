"""What a turn and its model calls look like in Langfuse; knows nothing of how it gets there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from adapters.langfuse.ids import trace_id
from core.text.clean import is_blank

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from adapters.langfuse.texts import Texts
    from core.completion import Call, Usage
    from core.turn import Turn

Level = Literal["DEFAULT", "WARNING", "ERROR"]
Facts = dict[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Observed:
    """Something with a beginning and an end."""

    began_at: datetime
    ended_at: datetime
    input: str | Sequence[Mapping[str, str]] | None
    output: str | None
    level: Level
    status: str
    """Empty where there is nothing to say."""
    facts: Facts


@dataclass(frozen=True, slots=True)
class Generation(Observed):
    """One model call."""

    model: str
    parameters: Mapping[str, str | int | float | bool | list[str] | None]
    first_token_at: datetime | None
    usage: dict[str, int]
    cost: dict[str, float] | None
    """In US dollars; None: the price is not known."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One turn. `facts` are about the whole of it; its root has them."""

    trace_id: str
    user: str
    session: str
    tags: list[str]
    version: str
    facts: Facts
    root: Observed
    generations: tuple[Generation, ...]


def describe(turn: Turn, calls: Sequence[Call], texts: Texts) -> Trace:
    generations = tuple(_generation(call, texts) for call in calls)
    return Trace(
        trace_id=trace_id(turn.turn_id),
        user=user_key(turn.conversation.platform, turn, texts),
        session=texts.label(str(turn.conversation)),
        tags=[texts.label(turn.conversation.platform), _kind_of_channel(turn)],
        version=texts.label(turn.prompt_version),
        facts=_facts_of_turn(turn, texts),
        root=_root(turn, generations, texts),
        generations=generations,
    )


def user_key(platform: str, turn: Turn, texts: Texts) -> str:
    """As in the settings: platform:workspace:id."""
    return texts.label(f"{platform}:{turn.conversation.workspace}:{turn.author.user_id}")


def _kind_of_channel(turn: Turn) -> str:
    return {"direct": "direct", "mention": "channel", "thread": "thread"}[turn.address]


def _facts_of_turn(turn: Turn, texts: Texts) -> Facts:
    facts = {
        "correlation_id": turn.correlation_id or turn.turn_id,
        "message_id": turn.message_id,
        "outcome": turn.outcome,
        "error": turn.error,
        "prompt_version": turn.prompt_version,
    }
    said: Facts = {name: texts.label(value) for name, value in facts.items() if value}
    return {**said, "attempts": turn.attempts}


def _root(turn: Turn, generations: Sequence[Generation], texts: Texts) -> Observed:
    ended_at = turn.received_at + _duration(turn.latency_s)
    level, status = _judge(turn, texts)
    seen_s = turn.first_visible_s
    return Observed(
        began_at=turn.received_at,
        ended_at=max([ended_at, *(one.ended_at for one in generations)]),
        input=texts.words(turn.question),
        output=texts.words(turn.answer),
        level=level,
        status=status,
        facts={"first_visible_s": seen_s} if seen_s is not None and _is_sane(seen_s) else {},
    )


def _judge(turn: Turn, texts: Texts) -> tuple[Level, str]:
    match turn.outcome:
        case "failed":
            return "ERROR", texts.label(turn.error or "failed")
        case "refused" | "stopped":
            return "WARNING", texts.label(f"{turn.outcome} {turn.error}".rstrip())
        case "answered" | "command":
            if turn.incomplete:
                return "WARNING", texts.label(f"incomplete {turn.error}".rstrip())
            return "DEFAULT", ""


def _generation(call: Call, texts: Texts) -> Generation:
    request, completion = call.request, call.completion
    level, status = _judge_call(call, texts)
    first_token_at = None
    if call.first_token_s is not None:
        first_token_at = call.began_at + _duration(call.first_token_s)
    cost_usd = completion.cost_usd
    facts: Facts = {
        "correlation_id": texts.label(request.turn_id),
        "call": completion.n,
        "outcome_of_call": texts.label(completion.outcome),
        "finish_reason": texts.label(call.finish_reason or "none"),
        "usage": completion.source,
    }
    return Generation(
        began_at=call.began_at,
        ended_at=call.began_at + _duration(call.took_s),
        input=[texts.message(one) for one in request.messages] if texts.shown else None,
        output=texts.words(call.said),
        level=level,
        status=status,
        facts=facts,
        model=texts.label(completion.model or request.model),
        parameters={"temperature": request.temperature, "max_tokens": request.max_tokens},
        first_token_at=first_token_at,
        usage=to_buckets(completion.usage),
        cost={"total": cost_usd} if cost_usd is not None and _is_sane(cost_usd) else None,
    )


def _judge_call(call: Call, texts: Texts) -> tuple[Level, str]:
    outcome = call.completion.outcome
    if outcome == "stopped":
        return "WARNING", "stopped"
    if outcome != "answered":
        return "ERROR", texts.status(outcome, call.error)
    if is_blank(call.said):
        # The stream ended well, but the wrappers further out do not take this for an answer.
        return "ERROR", (
            "content_policy" if call.finish_reason == "content_filter" else "empty_answer"
        )
    return "DEFAULT", ""


def to_buckets(usage: Usage) -> dict[str, int]:
    """Buckets that do not overlap, as Langfuse adds them up; empty ones are left out."""
    buckets = {
        "input": usage.input_tokens - usage.cached_tokens,
        "input_cached_tokens": usage.cached_tokens,
        "output": usage.output_tokens - usage.reasoning_tokens,
        "output_reasoning_tokens": usage.reasoning_tokens,
    }
    return {name: tokens for name, tokens in buckets.items() if tokens > 0}


def _duration(seconds: float) -> timedelta:
    return timedelta(seconds=seconds) if _is_sane(seconds) else timedelta()


def _is_sane(number: float) -> bool:
    return math.isfinite(number) and number >= 0
