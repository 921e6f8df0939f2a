"""Emoji and buttons under answers: which are ratings, which mean stop, which mean nothing."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Literal

from core.errors import SettingError
from core.rating import Mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from core.conversation import Reaction
    from core.ports import Ratings, TurnObserver
    from core.rating import Rating, Value

logger = logging.getLogger(__name__)

Effect = Literal["rating", "stop", "none"]

BUTTONS: Mapping[str, Value] = {"button:up": 1, "button:down": -1}
STOP_BUTTON = "button:stop"
"""Below a question that waits; pressing it is what a stop emoji is on an answer."""
STOP_EMOJI = (
    STOP_BUTTON,
    "octagonal_sign",
    "stop_sign",
    "black_square_for_stop",
    "stop_button",
    "no_entry",
)
ALIASES: Mapping[str, str] = {
    "thumbsup": "+1",
    "👍": "+1",
    "thumbsdown": "-1",
    "👎": "-1",
    "❤": "heart",
    "✅": "white_check_mark",
    "🎉": "tada",
    "❌": "x",
    "😕": "confused",
    "😠": "angry",
    "🛑": "octagonal_sign",
    "stop_sign": "octagonal_sign",
    "⏹": "black_square_for_stop",
    "stop_button": "black_square_for_stop",
    "⛔": "no_entry",
}
"""Names of the same picture: put on under one, it may be taken off under another."""

_TONE = re.compile(r"(?:::skin-tone-[1-6]|[-_]tone[1-5]|[\U0001F3FB-\U0001F3FF])+$")
_CODE_POINTS = re.compile(r"^([0-9a-f]{4,5}(?:-[0-9a-f]{4,5}){0,7})_(?=.)")
"""Teams writes `1f44d_thumbsup` for emoji beyond its first six, with names of its own."""
_VARIATION = "\ufe0f"


def emoji_name(emoji: str) -> str:
    """One name for a picture, without colons, skin tone and code points."""
    name = emoji.strip().lower().replace(_VARIATION, "")
    if name.startswith("button:"):
        return name
    name = _TONE.sub("", name.strip(":"))
    if points := _CODE_POINTS.match(name):
        picture = "".join(chr(int(point, 16)) for point in points[1].split("-"))
        name = name[points.end() :]
        return ALIASES.get(picture.replace(_VARIATION, "")) or ALIASES.get(name, name)
    return ALIASES.get(name, name)


class Feedback:
    """Turns reactions into ratings; the ledger keeps them, observers hear of them."""

    def __init__(
        self,
        ratings: Ratings,
        observers: Sequence[TurnObserver],
        up: Iterable[str],
        down: Iterable[str],
    ) -> None:
        """`up` and `down` as in REACTIONS_UP and REACTIONS_DOWN; raises SettingError when an
        emoji is in both."""
        self._ratings = ratings
        self._observers = tuple(observers)
        ups, downs = _names(up), _names(down)
        if both := sorted(ups & downs):
            raise SettingError(
                f"REACTIONS_DOWN: {both[0]} is in REACTIONS_UP too; an emoji means one thing"
            )
        values: dict[str, Value] = {**dict.fromkeys(ups, 1), **dict.fromkeys(downs, -1)}
        self._values = {**values, **BUTTONS}
        self._stops = _names(STOP_EMOJI)

    def effect(self, reaction: Reaction) -> Effect:
        """What an emoji means on an answer; taking off a stop means nothing."""
        name = emoji_name(reaction.emoji)
        if name in self._values:
            return "rating"
        return "stop" if name in self._stops and reaction.added else "none"

    def is_stop(self, reaction: Reaction) -> bool:
        return self.effect(reaction) == "stop"

    async def rate(self, reaction: Reaction) -> Rating | None:
        """Keep a rating and tell the observers. None: it is none, or belongs to no known answer.

        Raises NotStored."""
        name = emoji_name(reaction.emoji)
        value = self._values.get(name)
        if value is None:
            return None
        mark = Mark(
            ref=reaction.ref,
            author=reaction.author,
            emoji=name,
            value=value,
            active=reaction.added,
            at=reaction.at,
            source="button" if name in BUTTONS else "emoji",
            reason=reaction.reason,
        )
        rating = await self._ratings.rate(mark)
        if rating is not None:
            self._tell(reaction.ref.platform, rating)
        return rating

    def _tell(self, platform: str, rating: Rating) -> None:
        for observer in self._observers:
            try:
                observer.rated(platform, rating)
            except Exception:
                # A broken observer is no reason for the platform to deliver the rating again.
                logger.exception("an observer failed on a rating")


def _names(emoji: Iterable[str]) -> frozenset[str]:
    return frozenset(name for one in emoji if (name := emoji_name(one)))
