"""Random histories of many conversations: order, ownership, and that nothing crosses over."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.conversation import Author, ConversationKey
from core.errors import OwnershipLost
from tests.contracts.stores import message, opened, turn

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from core.conversation import InboundMessage
    from core.ports import Hold
    from core.turn import QueuedMessage
    from tests.conftest import Count

HOSTILE = ("a", "a:b", "b", "", "\ud800", "\ufffd", "\0", "%", "\x01a")
"""Parts that a joined, trimmed, replaced or quoted key would confuse with each other."""
PARTS = st.sampled_from(HOSTILE)
KEYS = st.builds(ConversationKey, st.sampled_from(("slack", "teams")), PARTS, PARTS, PARTS)
AUTHORS = st.sampled_from(("*", "U1")).map(lambda user_id: Author(user_id, user_id))
PICK = st.integers(0, 1_000)


@dataclass
class Model:
    """What is to be expected of one conversation."""

    waiting: list[tuple[str, Author]] = field(default_factory=list)
    begun: str = ""
    told: list[str] = field(default_factory=list)
    hold: Hold | None = None
    running: QueuedMessage | None = None

    @property
    def open_ids(self) -> list[str]:
        return ([self.begun] if self.begun else []) + [turn_id for turn_id, _ in self.waiting]


class StoreMachine(RuleBasedStateMachine):
    kind: str

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp())
        self.stack = AsyncExitStack()
        self.place = self.wait(self.stack.enter_async_context(opened(self.kind, self.folder)))
        self.models: dict[ConversationKey, Model] = defaultdict(Model)
        self.messages: list[InboundMessage] = []
        self.lost: list[Hold] = []

    def wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(coroutine)

    def teardown(self) -> None:
        for key in list(self.models):
            self.check(key)
        self.models.clear()
        self.lost.clear()
        self.wait(self.stack.aclose())
        self.loop.close()
        shutil.rmtree(self.folder)

    def check(self, key: ConversationKey) -> None:
        """What a prompt is made of is what was told here, in order, and nothing else."""
        told = self.wait(self.place.store.history(key, 1_000))
        assert [one.answer for one in told] == self.models[key].told
        assert all(one.conversation == key and repr(key) in one.question for one in told)
        open_ids = [turn_id for model in self.models.values() for turn_id in model.open_ids]
        assert self.wait(self.place.store.depth())[0] == len(open_ids)

    def held(self) -> list[ConversationKey]:
        return [key for key, model in self.models.items() if model.hold is not None]

    @rule(key=KEYS, author=AUTHORS, slot=st.booleans())
    def accept(self, key: ConversationKey, author: Author, slot: bool) -> None:
        n = len(self.messages)
        question = message(f"m{n}", conversation=key, author=author, text=f"canary {n} {key!r}")
        self.messages.append(question)
        model, turn_id = self.models[key], f"t{n}"
        alone = not model.open_ids
        receipt = self.wait(
            self.place.store.accept(
                question, "question", turn_id=turn_id, slot=slot, follow_ups="alone"
            )
        )
        assert receipt.status == "accepted"
        assert (receipt.hold is not None) == (slot and model.hold is None)
        assert (receipt.first is not None) == (receipt.hold is not None and alone)
        model.hold = receipt.hold or model.hold
        if receipt.first is not None:
            model.running, model.begun = receipt.first, turn_id
        else:
            model.waiting.append((turn_id, author))

    @precondition(lambda self: self.messages)
    @rule(pick=PICK, slot=st.booleans())
    def deliver_again(self, pick: int, slot: bool) -> None:
        known = self.messages[pick % len(self.messages)]
        receipt = self.wait(
            self.place.store.accept(
                known, "question", turn_id="again", slot=slot, follow_ups="alone"
            )
        )
        assert (receipt.status, receipt.hold) == ("duplicate", None)
        self.check(known.conversation)

    @precondition(lambda self: self.held())
    @rule(pick=PICK)
    def step(self, pick: int) -> None:
        """What a worker does next: record what runs, else begin, else let go."""
        key = self.held()[pick % len(self.held())]
        model = self.models[key]
        assert model.hold is not None
        if model.running is not None:
            recorded = turn(model.running)
            released = self.wait(model.hold.record(recorded))
            model.told.append(recorded.answer)
            model.running, model.begun = None, ""
            assert released == (not model.open_ids)
        else:
            model.running = self.wait(model.hold.begin())
            expected = model.open_ids[:1]
            assert [model.running.turn_id] if model.running else expected == []
            if not model.begun and model.waiting:
                model.begun = model.waiting.pop(0)[0]
            released = model.running is None and self.wait(model.hold.release())
            assert released == (model.running is None)
        if released:
            model.hold = None
        self.check(key)

    @precondition(lambda self: self.held())
    @rule(pick=PICK, failed=st.booleans())
    def give_back(self, pick: int, failed: bool) -> None:
        model = self.models[self.held()[pick % len(self.held())]]
        if model.hold is not None and model.running is not None:
            self.wait(model.hold.give_back(model.running.turn_id, failed=failed))
            model.running = None

    @precondition(lambda self: self.held())
    @rule(pick=PICK)
    def hand_over(self, pick: int) -> None:
        model = self.models[self.held()[pick % len(self.held())]]
        assert model.hold is not None
        self.wait(model.hold.release(force=True))
        self.lost.append(model.hold)
        model.hold = model.running = None

    @rule()
    def adopt(self) -> None:
        free = {key for key, model in self.models.items() if model.open_ids and not model.hold}
        holds = self.wait(self.place.store.adopt(1_000))
        assert {hold.conversation for hold in holds} == free
        for hold in holds:
            self.models[hold.conversation].hold = hold

    @precondition(lambda self: self.lost)
    @rule(pick=PICK)
    def write_late(self, pick: int) -> None:
        hold = self.lost[pick % len(self.lost)]
        with pytest.raises(OwnershipLost):
            self.wait(hold.begin())
        self.check(hold.conversation)

    @rule(key=KEYS, author=AUTHORS)
    def stop(self, key: ConversationKey, author: Author) -> None:
        if key not in self.models:
            return
        model = self.models[key]
        mark = self.wait(self.place.store.stop(key, author.user_id))
        dropped = [turn_id for turn_id, asker in model.waiting if asker == author]
        ended = ([model.begun] if model.begun else []) + dropped
        assert (mark.turn_id if mark else None) == (ended[0] if ended else None)
        model.waiting = [one for one in model.waiting if one[1] != author]
        self.check(key)

    @precondition(lambda self: self.models)
    @rule(pick=PICK)
    def forget(self, pick: int) -> None:
        key = list(self.models)[pick % len(self.models)]
        if self.models[key].begun:
            return  # what runs now is forgotten too: shown elsewhere
        assert self.wait(self.place.store.forget(key)) == 1
        self.models[key].told.clear()
        self.check(key)

    @rule()
    def crash(self) -> None:
        self.wait(self.place.restart())
        self.lost.clear()
        for model in self.models.values():
            model.hold = model.running = None


class FakeMachine(StoreMachine):
    kind = "fake"


class SqlMachine(StoreMachine):
    kind = "sql"


class PostgresMachine(StoreMachine):
    kind = "postgres"


@pytest.mark.parametrize("machine", [FakeMachine, SqlMachine, PostgresMachine])
def test_nothing_is_lost_doubled_or_told_elsewhere(
    machine: type[StoreMachine], count: Count
) -> None:
    rounds = count(short=10, long=1_000)
    run_state_machine_as_test(
        machine, settings=hypothesis.settings(max_examples=rounds, stateful_step_count=50)
    )
