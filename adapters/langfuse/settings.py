"""What the tracer is configured with."""

from __future__ import annotations

from dataclasses import dataclass, field

DEFAULT_BASE_URL = "https://cloud.langfuse.com"


@dataclass(frozen=True, slots=True)
class LangfuseSettings:
    """The LANGFUSE_* settings."""

    public_key: str
    secret_key: str = field(repr=False)
    base_url: str = DEFAULT_BASE_URL
    sample_rate: float = 1.0
    """Share of turns, from 0 to 1."""
    texts: bool = True
    """Whether questions, answers, prompts, reasons and words of errors may leave."""

    @property
    def address(self) -> str:
        """Without a slash at its end."""
        return (self.base_url or DEFAULT_BASE_URL).rstrip("/")
