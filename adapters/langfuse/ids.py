"""Ids in Langfuse that follow from ours, so that whoever has a turn's id finds its trace."""

from __future__ import annotations

from hashlib import sha256


def trace_id(turn_id: str) -> str:
    """32 hex digits, the same as the SDK's `create_trace_id(seed=turn_id)`."""
    return _digest(turn_id)[:32]


def span_id(of_trace: str, n: int) -> str:
    """16 hex digits. What is sent twice under the same ids is there once."""
    return _digest(f"{of_trace}:{n}")[:16]


def score_id(turn_id: str, platform: str, user_id: str) -> str:
    """One for each person and turn: the newest rating replaces the one before."""
    return _digest("\0".join((turn_id, platform, user_id)))[:32]


def is_sampled(of_trace: str, rate: float) -> bool:
    """The same for everything about one turn, in every process: its trace and its scores."""
    return int(of_trace[-16:], 16) < rate * 2**64


def short_id(text: str) -> str:
    """Stands for an id that cannot be shown as it is."""
    return _digest(text)[:32]


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()
