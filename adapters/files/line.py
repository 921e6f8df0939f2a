"""A line of requests.jsonl: a turn as one JSON object.

The fields of a line, in this order:

- `request_id`, `correlation_id`: of the turn, and what leads to its lines in the log
- `received_at`: when the message was stored, UTC, ISO 8601
- `platform`, `conversation`, `user`: where and by whom, as ids
- `kind`: question, command, or report: nobody asked, the clock did
- `outcome`: answered, failed, stopped, refused, command
- `error`: the category, or the limit that refused; empty where there was none
- `model`, `prompt_version`, `attempts`, `incomplete`
- `input_tokens`, `output_tokens`, `cached_tokens`, `reasoning_tokens`
- `cost_usd`: null where the price is unknown
- `latency_s`, `first_token_s`, `first_visible_s`: since `received_at`; null where it never came
- `question`, `answer`: only where texts were asked for
- custom fields, after all of these
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from core.turn import Turn

    Fields = Mapping[str, Any]

logger = logging.getLogger(__name__)


class LineFormat:
    """Turns into lines, with the custom fields of this installation."""

    def __init__(
        self,
        scrub: Callable[[str], str],
        custom: Callable[[Turn], Fields] | Fields | None = None,
        *,
        texts: bool = False,
    ) -> None:
        """`custom` adds fields, but replaces none of the documented ones; where it fails, lines
        are written without. `texts` adds question and answer, secrets masked."""
        self._scrub = scrub
        self._custom = custom
        self._texts = texts
        self._custom_failed = False

    def to_line(self, turn: Turn) -> str:
        """With its line break."""
        fields = _documented(turn)
        if self._texts:
            fields["question"] = self._scrub(turn.question)
            fields["answer"] = self._scrub(turn.answer)
        for name, value in self._custom_fields(turn).items():
            fields.setdefault(name, value)
        return json.dumps(fields, ensure_ascii=False) + "\n"

    def _custom_fields(self, turn: Turn) -> dict[str, Any]:
        try:
            custom = self._custom(turn) if callable(self._custom) else self._custom or {}
            return {str(name): self._clean(value) for name, value in custom.items()}
        except Exception:
            if not self._custom_failed:
                self._custom_failed = True
                logger.exception("a custom field failed; such lines go without custom fields")
            return {}

    def _clean(self, value: Any) -> Any:
        """As JSON can hold it, every text in it masked."""
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, float):
            return _number(value)
        if isinstance(value, Mapping):
            return {str(name): self._clean(one) for name, one in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean(one) for one in value]
        return self._scrub(str(value))


def _documented(turn: Turn) -> dict[str, Any]:
    return {
        "request_id": turn.turn_id,
        "correlation_id": turn.correlation_id,
        "received_at": turn.received_at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "platform": turn.conversation.platform,
        "conversation": str(turn.conversation),
        "user": turn.author.user_id,
        "kind": turn.kind,
        "outcome": turn.outcome,
        "error": turn.error,
        "model": turn.model,
        "prompt_version": turn.prompt_version,
        "attempts": turn.attempts,
        "incomplete": turn.incomplete,
        "input_tokens": turn.usage.input_tokens,
        "output_tokens": turn.usage.output_tokens,
        "cached_tokens": turn.usage.cached_tokens,
        "reasoning_tokens": turn.usage.reasoning_tokens,
        "cost_usd": _number(turn.cost_usd),
        "latency_s": _number(turn.latency_s),
        "first_token_s": _number(turn.first_token_s),
        "first_visible_s": _number(turn.first_visible_s),
    }


def _number(value: float | None) -> float | None:
    """JSON has no word for what is not a number."""
    return value if value is not None and math.isfinite(value) else None
