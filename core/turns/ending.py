"""How a turn ends on the screen: what stands below the answer, or in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, get_args

from core.draft import Ending
from core.errors import Category
from core.notices import build_finish_notice, build_limit_notice, build_notice
from core.turns.progress import measured

if TYPE_CHECKING:
    from core.completion import FinishReason
    from core.people.limits import Refusal
    from core.ports import Clock
    from core.turn import Turn
    from core.turns.progress import Progress
    from core.turns.running import Running


def build_ending(
    turn: Turn, running: Running, progress: Progress, clock: Clock, *, footer: bool
) -> Ending:
    """`footer`: whether a complete answer says model, seconds and cost."""
    if running.stopped:
        return Ending("stopped", build_notice("stopped", turn.turn_id), can_retry=True)
    if progress.refusal is not None:
        return build_refusal(progress.refusal, turn.turn_id, clock)
    if progress.error is not None:
        notice = build_notice(progress.error.category, turn.turn_id, partial=bool(turn.answer))
        return Ending("failed", notice, can_retry=True)
    reason = progress.finish_reason
    said = to_footer(measured(turn, running.draft, progress, clock.monotonic()))
    return Ending(
        "answered",
        build_finish_notice(reason, turn.turn_id),
        footer=said if footer else "",
        can_rate=True,
        can_retry=reason in ("cut", "repetition"),
    )


def build_recorded(turn: Turn, *, footer: bool) -> Ending:
    """As `build_ending`, of what the ledger knows of a turn that has ended."""
    match turn.outcome:
        case "stopped":
            return Ending("stopped", build_notice("stopped", turn.turn_id), can_retry=True)
        case "failed":
            known = turn.error if turn.error in get_args(Category) else "internal"
            kind = cast("Category", known)
            notice = build_notice(kind, turn.turn_id, partial=bool(turn.answer))
            return Ending("failed", notice, can_retry=True)
        case _:
            reason: FinishReason = "stop"
            if turn.incomplete:
                reason = "cut" if turn.error else "other"
            return Ending(
                "answered",
                build_finish_notice(reason, turn.turn_id),
                footer=to_footer(turn) if footer else "",
                can_rate=True,
                can_retry=turn.incomplete,
            )


def build_refusal(refusal: Refusal, turn_id: str, clock: Clock) -> Ending:
    """A shell is on the screen already, so it says something even to those who were told."""
    wait_s = (refusal.free_at - clock.now()).total_seconds()
    notice = refusal.notice or build_limit_notice(refusal.scope, wait_s, turn_id)
    return Ending("refused", notice)


def to_footer(turn: Turn) -> str:
    """The line below an answer: for example `gpt-5-mini · 2.4 s · $0.0012`."""
    return f"{turn.model.rpartition('/')[2]} · {turn.latency_s:.1f} s · {_cost(turn.cost_usd)}"


def _cost(cost_usd: float | None) -> str:
    if cost_usd is None:
        return "price unknown"
    if cost_usd == 0:
        return "free"
    return f"${cost_usd:.4f}" if cost_usd >= 0.0001 else "<$0.0001"
