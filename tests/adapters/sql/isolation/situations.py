"""What scenarios begin with, and what their tasks do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.contracts.stores import turn

if TYPE_CHECKING:
    from core.ports import Hold
    from core.turn import QueuedMessage
    from tests.adapters.sql.isolation.player import Player
    from tests.adapters.sql.isolation.playing import Round


async def held(round_: Round, process: str) -> tuple[Hold, QueuedMessage]:
    """Message 1 is begun by the process."""
    receipt = await (await round_.player(process)).deliver(1)
    assert receipt.hold is not None
    assert receipt.first is not None
    return receipt.hold, receipt.first


async def idle(round_: Round, process: str) -> Hold:
    """The conversation is held, and nothing in it is open."""
    hold, first = await held(round_, process)
    await hold.record(turn(first), release=False)
    return hold


async def delivers(player: Player, n: int = 2, **options: Any) -> None:
    await player.serve(n, **options)


async def works(player: Player, hold: Hold, first: QueuedMessage | None = None) -> None:
    await player.work(hold, first)


async def adopts(player: Player) -> None:
    await player.sweep()
