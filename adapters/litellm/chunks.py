"""What a model says, out of the objects of a chat completions stream."""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import TYPE_CHECKING, Any

from adapters.litellm.failures import describe, to_model_error
from core.completion import Finished, Usage
from core.errors import BadRequest, ModelError, ServiceUnavailable

if TYPE_CHECKING:
    from core.completion import FinishReason

DONE = b"[DONE]"

_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "end_turn": "stop",
    "eos": "stop",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
    "safety": "content_filter",
}


class Chunks:
    """Reads objects one by one and keeps what they say beside the text."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._reason: FinishReason | None = None
        self._usage: Usage | None = None
        self.failure: ModelError | None = None
        """What the stream ended with instead of an ending."""
        self.done = False
        """The stream has said that nothing more comes."""

    @property
    def complete(self) -> bool:
        """The model has said why it ended; whatever the connection does now, the text is whole."""
        return self.done or self._reason is not None

    def finished(self) -> Finished:
        reason: FinishReason = "stop" if self.done else "cut"
        return Finished(self._usage, self._model, self._reason or reason)

    def read_all(self, events: list[bytes]) -> str:
        """The text of some events, often empty; up to the first error, which is kept."""
        texts: list[str] = []
        try:
            for event in events:
                texts.append(self.read(event))
        except ModelError as error:
            self.failure = error
        return "".join(texts)

    def read(self, data: bytes) -> str:
        """The text of one event, often empty. Raises ModelError for an error inside the stream."""
        if data == DONE:
            self.done = True
            return ""
        try:
            return self.read_object(json.loads(data))
        except (ValueError, RecursionError) as error:
            raise ServiceUnavailable("an event of the stream is not readable") from error

    def read_object(self, chunk: Any) -> str:
        """As `read`, of parsed JSON; also of a whole answer that was not streamed at all."""
        if not isinstance(chunk, dict):
            raise ServiceUnavailable("an event of the stream is not an object")
        if chunk.get("error"):
            raise _error_inside(chunk["error"])
        if isinstance(chunk.get("usage"), dict):
            self._usage = read_usage(chunk["usage"])
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            return ""
        choice = choices[0]
        reason = choice.get("finish_reason")
        if reason:
            self._reason = _REASONS.get(str(reason).lower(), "other")
        said = choice.get("delta") or choice.get("message")
        return _text(said.get("content")) if isinstance(said, dict) else ""


def read_usage(usage: dict[str, Any]) -> Usage:
    """https://platform.openai.com/docs/api-reference/chat/object#usage"""
    return Usage(
        input_tokens=_count(usage, "prompt_tokens"),
        output_tokens=_count(usage, "completion_tokens"),
        cached_tokens=_count(usage.get("prompt_tokens_details"), "cached_tokens")
        or _count(usage, "prompt_cache_hit_tokens"),
        reasoning_tokens=_count(usage.get("completion_tokens_details"), "reasoning_tokens"),
    )


def _count(container: object, name: str) -> int:
    value = container.get(name) if isinstance(container, dict) else None
    return max(int(value), 0) if isinstance(value, int | float) and isfinite(value) else 0


def _text(content: object) -> str:
    """Some endpoints send a list of parts; reasoning is never part of the answer."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = (part.get("text") for part in content if isinstance(part, dict))
    return "".join(text for text in parts if isinstance(text, str))


def _error_inside(error: object) -> ModelError:
    body = json.dumps({"error": error})
    code = str(error.get("code") or error.get("status")) if isinstance(error, dict) else ""
    if re.fullmatch("[45][0-9]{2}", code):
        return to_model_error(int(code), body)
    if "rate_limit" in body or "insufficient_quota" in body:
        return to_model_error(429, body)
    # Unnamed, it may still be the prompt's fault; most are the provider's own.
    failure = to_model_error(400, body)
    return ServiceUnavailable(describe(body)) if isinstance(failure, BadRequest) else failure
