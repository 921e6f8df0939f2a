"""What waits to be sent to Langfuse, within bounds: the oldest goes when it gets too much."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.completion import ChatMessage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.completion import Call
    from core.rating import Rating
    from core.turn import Turn

TURNS_KEPT = 2_000
CHARS_KEPT = 8_000_000
"""Of prompts and answers, in either of both places: of turns that wait, and of calls whose turn is
not recorded yet."""
RATINGS_KEPT = 1_000
TRIES = 3
"""A turn that was refused this often by itself is given up: it may be what Langfuse chokes on."""
RATING_TRIES = 8
"""Several minutes; there is little else than ratings that they could be in the way of."""
BATCH_TURNS = 16
"""Small, as encoding a batch holds the interpreter's lock, and so holds up answers."""
BATCH_CHARS = 500_000
BATCH_RATINGS = 100


@dataclass(slots=True)
class Told:
    """A turn with its calls, without pictures and without the words of others."""

    turn: Turn
    calls: tuple[Call, ...]
    chars: int
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Rated:
    platform: str
    rating: Rating
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    turns: Sequence[Told]
    ratings: dict[str, Rated]

    def __bool__(self) -> bool:
        return bool(self.turns or self.ratings)


class OpenCalls:
    """Calls of turns that are not recorded yet, and maybe never will be. One thread."""

    def __init__(self, turns: int = TURNS_KEPT, chars: int = CHARS_KEPT) -> None:
        self._turns = turns
        self._chars = chars
        self._calls: OrderedDict[str, list[Call]] = OrderedDict()
        self._chars_kept = 0

    def add(self, call: Call) -> None:
        call = _without_pictures(call)
        self._calls.setdefault(call.request.turn_id, []).append(call)
        self._chars_kept += _chars_of(call)
        while len(self._calls) > self._turns or (
            self._chars_kept > self._chars and len(self._calls) > 1
        ):
            self.take(next(iter(self._calls)))

    def take(self, turn_id: str) -> tuple[Call, ...]:
        calls = self._calls.pop(turn_id, [])
        self._chars_kept -= sum(map(_chars_of, calls))
        return tuple(calls)

    def __len__(self) -> int:
        return len(self._calls)


class Backlog:
    """Filled by the event loop, which never waits here; emptied by one thread."""

    def __init__(self, turns: int = TURNS_KEPT, chars: int = CHARS_KEPT) -> None:
        self._turns = turns
        self._chars = chars
        self._told: deque[Told] = deque()
        self._rated: OrderedDict[str, Rated] = OrderedDict()
        self._chars_kept = 0
        self._changed = threading.Condition()
        self.closing = False
        self.lost = 0
        """Turns that were dropped so far."""

    def __len__(self) -> int:
        """Turns."""
        return len(self._told)

    def __bool__(self) -> bool:
        """Whether anything waits, turns or ratings."""
        return bool(self._told or self._rated)

    def add_turn(self, turn: Turn, calls: tuple[Call, ...]) -> None:
        chars = len(turn.question) + len(turn.answer) + sum(map(_chars_of, calls))
        with self._changed:
            self._told.append(Told(replace(turn, context=()), calls, chars))
            self._chars_kept += chars
            self._stay_within_bounds()
            self._changed.notify()

    def add_rating(self, score_id: str, rated: Rated) -> None:
        """The newest of a person and turn counts."""
        with self._changed:
            self._rated.pop(score_id, None)
            self._rated[score_id] = rated
            if len(self._rated) > RATINGS_KEPT:
                self._rated.popitem(last=False)
            self._changed.notify()

    def wait(self, gather_s: float) -> bool:
        """Until there is something, and a little longer, so that more comes along. False: closing,
        and what is there is all."""
        with self._changed:
            self._changed.wait_for(lambda: self or self.closing)
            self._changed.wait_for(lambda: len(self._told) >= BATCH_TURNS or self.closing, gather_s)
            return not self.closing

    def pause(self, seconds: float) -> None:
        """At once when closing."""
        with self._changed:
            self._changed.wait_for(lambda: self.closing, seconds)

    def take(self, most: int = BATCH_TURNS) -> Batch:
        """The oldest first."""
        with self._changed:
            turns: list[Told] = []
            chars = 0
            while self._told and len(turns) < most and chars < BATCH_CHARS:
                turns.append(self._told.popleft())
                chars += turns[-1].chars
            self._chars_kept -= chars
            ratings: dict[str, Rated] = {}
            while self._rated and len(ratings) < BATCH_RATINGS:
                name, rated = self._rated.popitem(last=False)
                ratings[name] = rated
            return Batch(turns, ratings)

    def give_back(self, batch: Batch, *, counted: bool = True) -> None:
        """Not taken by Langfuse: to be tried again, before all others. `counted` False: ratings may
        be tried any number of times, as it was not for what they say."""
        with self._changed:
            alone = len(batch.turns) == 1
            for told in reversed(batch.turns):
                told.tries += alone
                if told.tries >= TRIES:
                    self.lost += 1
                    continue
                self._told.appendleft(told)
                self._chars_kept += told.chars
            self._stay_within_bounds()
            for score_id, rated in reversed(batch.ratings.items()):
                self._give_back_rating(score_id, rated, alone=counted and not batch.turns)

    def _give_back_rating(self, score_id: str, rated: Rated, *, alone: bool) -> None:
        rated = replace(rated, tries=rated.tries + alone)
        is_newest = score_id not in self._rated
        if is_newest and rated.tries < RATING_TRIES and len(self._rated) < RATINGS_KEPT:
            self._rated[score_id] = rated
            self._rated.move_to_end(score_id, last=False)

    def close(self) -> None:
        with self._changed:
            self.closing = True
            self._changed.notify_all()

    def _stay_within_bounds(self) -> None:
        while len(self._told) > self._turns or (
            self._chars_kept > self._chars and len(self._told) > 1
        ):
            self._chars_kept -= self._told.popleft().chars
            self.lost += 1


def _without_pictures(call: Call) -> Call:
    """Their bytes would fill the memory; their kind and size are kept as words."""
    if not any(message.images for message in call.request.messages):
        return call
    messages = tuple(map(_in_words, call.request.messages))
    return replace(call, request=replace(call.request, messages=messages))


def _in_words(message: ChatMessage) -> ChatMessage:
    pictures = [f"[{one.media_type}, {len(one.data)} bytes]" for one in message.images]
    return ChatMessage(message.role, "\n".join((message.text, *pictures)))


def _chars_of(call: Call) -> int:
    return len(call.said) + sum(len(message.text) for message in call.request.messages)
