"""Block Kit, checked as Slack checks it."""

from __future__ import annotations

from tests.standins.slack.blockkit.blocks import VIEW_BLOCKS, check_blocks

__all__ = ["VIEW_BLOCKS", "check_blocks"]
