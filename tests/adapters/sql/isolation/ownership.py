"""Scenarios about owners: letting go, adopting, and coming too late."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tests.adapters.sql.isolation.situations import adopts, delivers, held, idle, works
from tests.adapters.sql.isolation.stepping import Doing
from tests.contracts.stores import deed, ref, turn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from core.ports import Hold
    from core.turn import QueuedMessage
    from tests.adapters.sql.isolation.player import Player
    from tests.adapters.sql.isolation.playing import Round


# Letting go


async def a_message_while_the_owner_lets_go(round_: Round) -> None:
    await round_.add("A", partial(works, hold=await idle(round_, "A")))
    await round_.add("B", delivers)


async def a_message_to_the_process_that_lets_go(round_: Round) -> None:
    await round_.add("A", partial(works, hold=await idle(round_, "A")))
    await round_.add("A", delivers)


async def a_message_while_the_answer_is_recorded(round_: Round) -> None:
    hold, first = await held(round_, "A")
    await round_.add("A", partial(works, hold=hold, first=first))
    await round_.add("B", delivers)


async def a_dead_letter_is_retried_while_the_owner_lets_go(round_: Round) -> None:
    hold, first = await held(round_, "A")
    await hold.bury(first.turn_id, "for a test")

    async def retries(player: Player) -> None:
        await player.do(Doing("retry"), lambda: player.store.retry(first.turn_id, deed()))

    await round_.add("B", retries)
    await round_.add("C", retries)
    await round_.add("A", partial(works, hold=hold))


async def yields(player: Player, hold: Hold) -> None:
    await player.release(hold, force=True)


async def a_conversation_is_yielded_while_others_adopt(round_: Round) -> None:
    hold, first = await held(round_, "A")
    await hold.give_back(first.turn_id, failed=False)
    await round_.add("A", partial(yields, hold=hold))
    await round_.add("B", adopts)
    await round_.add("C", adopts)


# Dead and former owners


async def two_adopt_from_a_dead_one(round_: Round) -> None:
    await held(round_, "C")
    await round_.expire("C")
    await round_.add("A", adopts)
    await round_.add("B", adopts)


async def a_message_while_its_conversation_is_adopted(round_: Round) -> None:
    await held(round_, "C")
    await round_.expire("C")
    await round_.add("A", adopts)
    await round_.add("B", delivers)


LATE: Mapping[str, Callable[[Hold, QueuedMessage], Awaitable[Any]]] = {
    "begin": lambda hold, _: hold.begin(),
    "save_part": lambda hold, first: hold.save_part(first.turn_id, ref(f"part-{first.turn_id}")),
    "record": lambda hold, first: hold.record(turn(first, answer="late")),
    "give_back": lambda hold, first: hold.give_back(first.turn_id, failed=True),
    "bury": lambda hold, first: hold.bury(first.turn_id, "late"),
    "yield": lambda hold, _: hold.release(force=True),
    "release": lambda hold, _: hold.release(),
}


async def a_former_owner_writes(round_: Round, operation: str) -> None:
    """It was frozen for longer than its lease, and goes on in the middle of its turn."""
    hold, first = await held(round_, "A")
    await round_.expire("A")

    async def writes(player: Player) -> None:
        doing = Doing(operation, first.turn_id, hold._ours["at_epoch"])  # type: ignore[attr-defined]  # SqlHold's
        await player.do(doing, lambda: LATE[operation](hold, first))
        if operation == "bury":
            await player.work(hold)
        player.store.abandon(hold)

    await round_.add("B", adopts)
    await round_.add("A", writes)


async def an_older_hold_of_the_same_process_writes(round_: Round) -> None:
    """It lost the conversation, and has taken it again since."""
    old, first = await held(round_, "A")
    await round_.expire("A")
    [other] = await (await round_.player("B")).adopt()
    await other.release(force=True)
    store = await round_.process("A")
    await store.beat()
    [new] = await store.adopt(5)
    await round_.add("A", partial(works, hold=old, first=first))
    await round_.add("A", partial(works, hold=new))


async def a_late_beat_while_others_adopt(round_: Round) -> None:
    hold, first = await held(round_, "A")
    await round_.expire("A")

    async def beats(player: Player) -> None:
        await player.do(Doing("beat"), player.store.beat)
        await player.work(hold, first)

    await round_.add("A", beats)
    await round_.add("B", adopts)


async def living_and_adopting(round_: Round) -> None:
    hold, first = await held(round_, "A")
    await round_.add("A", partial(works, hold=hold, first=first))
    await round_.add("B", adopts)
    await round_.add("C", delivers)
