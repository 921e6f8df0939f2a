"""Files on disk: requests as lines of JSON, and the system prompt that is reloaded."""

from __future__ import annotations

from adapters.files.prompt import PromptFile
from adapters.files.requests import RequestLog

__all__ = ["PromptFile", "RequestLog"]
