"""A request as OpenAI's chat completions API spells it, which LiteLLM spells alike.

https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.completion import ChatMessage, ChatRequest, Image

Payload = dict[str, Any]

OPTIONAL = ("stream_options", "max_tokens", "temperature", "user")
"""What an endpoint may not know, in the order in which we would rather do without it."""


def build_payload(request: ChatRequest, model: str) -> Payload:
    payload: Payload = {
        "model": model,
        "messages": to_messages(request.messages),
        "stream": True,
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
        "stream_options": {"include_usage": True},
    }
    if request.user:
        payload["user"] = request.user
    return payload


def to_messages(messages: Sequence[ChatMessage]) -> list[Payload]:
    return [{"role": message.role, "content": _content(message)} for message in messages]


def encode(payload: Payload) -> bytes:
    """JSON; half a surrogate pair becomes a question mark, as UTF-8 cannot say it."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def refused_parameter(payload: Payload, body: str) -> str | None:
    """Which optional parameter the body of a 400 or 422 complains about; None: none of them."""
    return next((name for name in OPTIONAL if name in payload and name in body), None)


def without(payload: Payload, parameter: str, body: str = "") -> Payload:
    """The payload once more, in words that the endpoint knows."""
    rest = {name: value for name, value in payload.items() if name != parameter}
    if parameter == "max_tokens" and "max_completion_tokens" in body:
        rest["max_completion_tokens"] = payload["max_tokens"]
    return rest


def _content(message: ChatMessage) -> str | list[Payload]:
    if not message.images:
        return message.text
    text = [{"type": "text", "text": message.text}] if message.text else []
    return [*text, *(_image(image) for image in message.images)]


def _image(image: Image) -> Payload:
    url = f"data:{image.media_type};base64,{b64encode(image.data).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}
