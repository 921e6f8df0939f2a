"""How long a 429 asks to wait, whatever it says."""

from __future__ import annotations

import math
from typing import Final

RETRY_AFTER_CAP_S: Final = 60.0
RETRY_AFTER_DEFAULT_S: Final = 5.0


def read_retry_after(value: str | None) -> float:
    """Seconds; garbage and absence mean a few, never for ever."""
    try:
        seconds = float(value or "")
    except ValueError:
        return RETRY_AFTER_DEFAULT_S
    if not math.isfinite(seconds) or seconds < 0:
        return RETRY_AFTER_DEFAULT_S
    return min(seconds, RETRY_AFTER_CAP_S)
