"""Which models see pictures, as LiteLLM's list of models has it."""

from __future__ import annotations

from functools import lru_cache

from adapters.litellm.prices import read_litellm_row


@lru_cache(maxsize=256)
def sees_images(model: str) -> bool:
    """False for a model that the list does not know: a polite line beats a refused request.

    The first question about a model takes some 30 ms.
    """
    return bool(read_litellm_row(model).get("supports_vision"))
