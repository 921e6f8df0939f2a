"""The LiteLLM lane: every provider that LiteLLM knows."""

from __future__ import annotations

import json
import re
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adapters.litellm.chunks import Chunks
from adapters.litellm.failures import to_excerpt, to_model_error
from adapters.litellm.payload import build_payload
from core.completion import Delta, Finished
from core.errors import (
    AuthenticationFailed,
    BadRequest,
    ConnectionFailed,
    ContentRefused,
    ContextTooLong,
    ModelError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from adapters.litellm.library import Library
    from adapters.litellm.targets import Target
    from core.completion import ChatRequest, CompletionEvent

_NO_KEY = re.compile(r"missing .{0,40}\bapi[ _-]?key|api_key .{0,40}must be set", re.IGNORECASE)
_UNREACHED = re.compile("Connection error|Cannot connect to host")


class FullLane:
    """One model through LiteLLM. The first call waits until the library is loaded."""

    def __init__(self, target: Target, library: Library) -> None:
        self._target = target
        self._library = library

    async def stream(self, request: ChatRequest) -> AsyncGenerator[CompletionEvent, None]:
        litellm = await self._library.loaded()
        chunks = Chunks(request.model)
        try:
            stream = await litellm.acompletion(
                **build_payload(request, self._target.model),
                api_key=self._target.api_key or None,
                api_base=self._target.base_url or None,
                # Retries are ours: hidden ones would make a person wait without a word.
                num_retries=0,
                max_retries=0,
            )
            if stream is None:  # what LiteLLM makes of a 422, after a second try of its own
                raise BadRequest("LiteLLM gave no answer")
            async with aclosing(stream) as source:
                async for chunk in source:
                    text = chunks.read_object(_plain(chunk))
                    if text:
                        yield Delta(text)
        except ModelError:
            raise
        except Exception as error:
            raise to_core_error(error) from error
        yield _ending(chunks.finished(), stream)


def _plain(chunk: Any) -> dict[str, Any]:
    """What is read of a chunk; dumping all of it takes a fifth of the CPU time of an answer."""
    usage = getattr(chunk, "usage", None)
    choices = [
        {"delta": {"content": choice.delta.content}, "finish_reason": choice.finish_reason}
        for choice in chunk.choices[:1]
    ]
    return {"choices": choices, "usage": usage.model_dump() if usage else None}


def to_core_error(error: Exception) -> ModelError:
    """The status decides, then the class: LiteLLM's subclass each other in surprising ways, e.g. a
    Timeout is an APIConnectionError, and a refused connection an InternalServerError."""
    inner = getattr(error, "original_exception", None)
    if isinstance(inner, Exception):
        return to_core_error(inner)
    status = getattr(error, "status_code", None)
    classes = {cls.__name__ for cls in type(error).__mro__}
    body = getattr(error, "body", None)
    text = f"{error} {json.dumps(body, default=str)}" if body else str(error)
    excerpt = to_excerpt(text)
    if status == 400 and "ContextWindowExceededError" in classes:
        return ContextTooLong(excerpt)
    if status == 400 and "ContentPolicyViolationError" in classes:
        return ContentRefused(excerpt)
    if _NO_KEY.search(excerpt):  # said before any call, as a failed connection of status 500
        return AuthenticationFailed(excerpt)
    unreached = "APIConnectionError" in classes or _UNREACHED.search(text)
    if status in (None, 500) and unreached:
        return ConnectionFailed(excerpt)
    response = getattr(error, "response", None)
    headers = getattr(error, "litellm_response_headers", None) or getattr(response, "headers", None)
    return to_model_error(status if isinstance(status, int) else 500, text, headers)


def _ending(finished: Finished, stream: Any) -> Finished:
    """LiteLLM makes up a reason and a usage where the provider gave none; its own state tells."""
    reason = finished.finish_reason
    if not stream.received_finish_reason and not stream.intermittent_finish_reason:
        reason = "cut"
    counted = any(getattr(chunk, "usage", None) for chunk in stream.chunks)
    return replace(finished, finish_reason=reason, usage=finished.usage if counted else None)
