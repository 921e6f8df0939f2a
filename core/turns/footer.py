"""The line below an answer: which model, how long, how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.turn import Turn


def to_footer(turn: Turn) -> str:
    """For example `gpt-5-mini · 2.4 s · $0.0012`."""
    return f"{turn.model.rpartition('/')[2]} · {turn.latency_s:.1f} s · {_cost(turn.cost_usd)}"


def _cost(cost_usd: float | None) -> str:
    if cost_usd is None:
        return "price unknown"
    if cost_usd == 0:
        return "free"
    return f"${cost_usd:.4f}" if cost_usd >= 0.0001 else "<$0.0001"
