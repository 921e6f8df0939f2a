"""Who hears of a recorded turn: the log, and the observers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.ports import TurnObserver
    from core.turn import Turn

logger = logging.getLogger(__name__)


def tell(observers: Sequence[TurnObserver], turn: Turn) -> None:
    """Never raises: the answer stands, and a second run would not help an observer either."""
    logger.info("turn recorded", extra=_described(turn))
    for observer in observers:
        try:
            observer.turn_recorded(turn)
        except Exception:
            logger.exception("an observer failed on a turn")


def _described(turn: Turn) -> dict[str, object]:
    """What became of a message, without its words."""
    return {
        "platform": turn.conversation.platform,
        "message_id": turn.message_id,
        "kind": turn.kind,
        "outcome": turn.outcome,
        "error": turn.error,
        "latency_s": round(turn.latency_s, 3),
    }
