"""Slack's own limits, each with the page that states it."""

from __future__ import annotations

from typing import Final

# https://docs.slack.dev/apis/web-api/rate-limits: calls a minute, per method, app and workspace.
TIERS: Final[dict[str, int]] = {
    "chat.startStream": 20,
    "chat.stopStream": 20,
    "chat.appendStream": 100,
    "chat.update": 50,
    "chat.delete": 50,
    "chat.postMessage": 300,  # "several hundred"; the limit of a channel comes on top
    "chat.postEphemeral": 100,
    "conversations.replies": 50,
    "conversations.history": 50,
    "conversations.info": 50,
    "conversations.open": 50,
    "reactions.add": 50,
    "reactions.get": 50,
    "assistant.threads.setStatus": 600,
    "assistant.threads.setSuggestedPrompts": 50,
    "agents.sessions.setStatus": 50,
    "users.info": 100,
    "files.info": 100,
    "views.publish": 100,
}
WINDOW_S: Final = 60.0
CHANNEL_WINDOWS: Final[dict[str, tuple[tuple[int, float], ...]]] = {
    # One a second with short bursts above it.
    "chat.postMessage": ((60, 60.0), (5, 5.0)),
    "assistant.threads.setStatus": ((60, 60.0),),
}
"""The same for one channel or DM: so many calls in so many seconds."""

# https://docs.slack.dev/reference/block-kit/blocks/markdown-block, and the same for markdown_text.
MARKDOWN_CHARS: Final = 12_000
MESSAGE_CHARS: Final = 11_500
"""What one message of an answer holds: room below the limit for a fence that is closed."""
STREAM_LIFE_S: Final = 270.0
"""A stream dies after about five minutes (message_not_in_streaming_state); ended before that."""

# https://docs.slack.dev/reference/block-kit/blocks and the pages of each block below it.
BLOCKS_PER_MESSAGE: Final = 50
HEADER_CHARS: Final = 150
SECTION_CHARS: Final = 3_000
SECTION_FIELDS: Final = 10
FIELD_CHARS: Final = 2_000
CONTEXT_ELEMENTS: Final = 10
CONTEXT_CHARS: Final = 2_000
ACTION_ELEMENTS: Final = 25
BUTTON_CHARS: Final = 75
BUTTON_VALUE_CHARS: Final = 2_000
TABLE_ROWS: Final = 100
TABLE_COLUMNS: Final = 20
TABLE_CHARS: Final = 10_000
TABLES_PER_MESSAGE: Final = 1
CHARTS_PER_MESSAGE: Final = 2
CHART_TITLE_CHARS: Final = 50
CHART_LABEL_CHARS: Final = 20
CHART_POINTS: Final = 20
FALLBACK_CHARS: Final = 3_000
"""Of the `text` beside blocks: notifications and screen readers; Slack cuts it at 40,000."""
STATUS_CHARS: Final = 50
