"""What Teams takes, and what can still be read in a card; each with the page it comes from."""

from __future__ import annotations

from typing import Final

CARD_UTF16_BYTES: Final = 28 * 1024
"""https://learn.microsoft.com/en-us/microsoftteams/platform/bots/how-to/format-your-bot-messages
counts the whole message in UTF-16. The page says 100 KB today and 40 KB before, and cards are told
to stay below 28 KB elsewhere: what stays below the least of them is taken everywhere."""
ACTIONS_PER_SET: Final = 6
"""https://learn.microsoft.com/en-us/microsoftteams/platform/task-modules-and-cards/cards/cards-reference
More of them hide behind a menu."""
CHART_POINTS: Final = 60
CHART_BARS: Final = 8
"""Of more, clients cut the labels to their first characters."""
"""No limit is documented; more bars than this are too thin to be told apart."""

# The rest is ours: no single element may use up the card.
TITLE_CHARS: Final = 200
TEXT_CHARS: Final = 3_000
FACT_CHARS: Final = 300
FACTS_PER_SET: Final = 12
CELL_CHARS: Final = 200
TABLE_COLUMNS: Final = 8
TABLE_ROWS: Final = 100
