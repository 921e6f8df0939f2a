"""What admins and operators ask of the store in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.conversation import Author
from core.ports import Deed, Erased, Pause

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from core.conversation import InboundMessage
    from core.turn import QueuedMessage, Turn
    from tests.fakes.store import Conversation, Data, Row

NOBODY = Author("", "")


class FakeOperating:
    """A part of FakeStore."""

    data: Data
    me: str

    async def turn_to(self) -> None:
        raise NotImplementedError

    def now(self) -> datetime:
        raise NotImplementedError

    def _joined(self, message: InboundMessage) -> Conversation:
        raise NotImplementedError

    # --- Audit -----------------------------------------------------------------------------------

    async def note(self, deed: Deed) -> None:
        await self.turn_to()
        self._note(deed)

    def _note(self, deed: Deed) -> None:
        self.data.audit.append((self.now(), deed))

    async def deeds(self, since: datetime) -> Sequence[tuple[datetime, Deed]]:
        await self.turn_to()
        return [(at, deed) for at, deed in self.data.audit if at >= since]

    # --- Pauses ----------------------------------------------------------------------------------

    async def pause(
        self, platform: str, workspace: str, channel: str, reason: str, deed: Deed
    ) -> None:
        await self.turn_to()
        place = (platform, workspace, channel)
        before = self.data.pauses.get(place)
        self.data.pauses[place] = Pause(*place, reason, before.since if before else self.now())
        self._note(deed)

    async def resume(self, platform: str, workspace: str, channel: str, deed: Deed) -> bool:
        await self.turn_to()
        place = (platform, workspace, channel)
        if self.data.pauses.pop(place, None) is None:
            return False
        self.data.told = {told for told in self.data.told if told[:3] != place}
        self._note(deed)
        return True

    async def pauses(self) -> Sequence[Pause]:
        await self.turn_to()
        return sorted(self.data.pauses.values(), key=lambda pause: pause.since)

    async def untold(self, limit: int) -> Sequence[tuple[QueuedMessage, Pause]]:
        await self.turn_to()
        found = []
        for row in sorted(self.data.rows.values(), key=lambda row: row.received_at):
            if len(found) < limit and self._is_untold(row):
                pause = self.data.pauses_of(row.message.conversation)[0]
                self.data.told.add((*_place(pause), row.message.author.user_id))
                found.append((self.data.queued(row), pause))
        return found

    def _is_untold(self, row: Row) -> bool:
        key = row.message.conversation
        if row.state != "open" or row.kind != "question" or self.data.conversations[key].owner:
            return False
        pauses, user_id = self.data.pauses_of(key), row.message.author.user_id
        places = {(key.platform, key.workspace, channel) for channel in (key.channel, "")}
        return bool(pauses) and not any((*place, user_id) in self.data.told for place in places)

    # --- DeadLetters -----------------------------------------------------------------------------

    async def dead_letters(self) -> Sequence[tuple[QueuedMessage, str]]:
        await self.turn_to()
        dead = [row for row in self.data.rows.values() if row.state == "dead"]
        dead.sort(key=lambda row: row.received_at)
        return [(self.data.queued(row), row.reason) for row in dead]

    async def retry(self, turn_id: str, deed: Deed) -> bool:
        await self.turn_to()
        row = self.data.rows.get(turn_id)
        if row is None or row.state != "dead":
            return False
        conversation = self._joined(row.message)
        row.state, row.seq, row.starts, row.failures = "open", conversation.next_seq, 0, 0
        row.told = False
        self._note(deed)
        return True

    async def drop(self, turn_id: str, deed: Deed) -> bool:
        await self.turn_to()
        row = self.data.rows.get(turn_id)
        if row is None or row.state != "dead":
            return False
        row.state, row.erased, row.reason, row.kept = "dropped", True, "", None
        row.message = _wordless(row.message)
        self.data.hand_back(row)
        self._note(deed)
        return True

    # --- Erasure ---------------------------------------------------------------------------------

    async def count_of(self, platform: str, workspace: str, user_id: str) -> Erased:
        await self.turn_to()
        return self._forget_person((platform, workspace), user_id, dry_run=True)

    async def erase(self, platform: str, workspace: str, user_id: str, deed: Deed) -> Erased:
        await self.turn_to()
        self._note(deed)
        return self._forget_person((platform, workspace), user_id, dry_run=False)

    def _forget_person(self, where: tuple[str, str], user_id: str, *, dry_run: bool) -> Erased:
        data = self.data
        rows = [
            row
            for row in data.rows.values()
            if (row.message.ref.platform, row.message.ref.workspace) == where
            and row.message.author.user_id == user_id
        ]
        here = [
            recorded
            for recorded in data.turns.values()
            if (recorded.turn.conversation.platform, recorded.turn.conversation.workspace) == where
        ]
        own = [recorded for recorded in here if recorded.turn.author.user_id == user_id]
        quoting = [
            recorded
            for recorded in here
            if recorded not in own
            and any(said.author.user_id == user_id for said in recorded.turn.context)
        ]
        calls = [spent for spent in data.spent.values() if spent.person == (*where, user_id)]
        marks = [
            key
            for key in data.marks
            if (key[0].platform, key[0].workspace) == where and key[1] == user_id
        ]
        settings = data.preferences.get(("person", *where, user_id), {})
        place = (*where, user_id)
        places = self._places_of(where, user_id)
        counted = Erased(
            waiting=sum(row.state == "open" for row in rows),
            messages=sum(row.state != "open" for row in rows),
            turns=len(own),
            calls=len(calls),
            quotes=len(quoting),
            ratings=len(marks),
            preferences=len(settings),
            places=len(places),
        )
        if dry_run:
            return counted
        for row in rows:
            self._forget_row(row)
        for recorded in own:
            recorded.turn = forgotten(replace(recorded.turn, question="", answer=""))
        for recorded in quoting:
            kept = tuple(one for one in recorded.turn.context if one.author.user_id != user_id)
            recorded.turn = replace(recorded.turn, context=kept)
        for spent in calls:
            spent.person = (*where, "")
        for key in marks:
            del data.marks[key]
        settings.clear()
        for one in places:
            del data.places[one]
        data.told = {told for told in data.told if (*told[:2], told[3]) != place}
        for conversation in data.conversations.values():
            if conversation.sole_author == user_id:
                conversation.sole_author = None
        return counted

    def _places_of(self, where: tuple[str, str], user_id: str) -> list[tuple[str, str, str]]:
        here = {key: place for key, place in self.data.places.items() if key[:2] == where}
        mine = here.get((*where, user_id))
        chats = [channel for (*_, channel), place in here.items() if place == mine and channel]
        return [
            key
            for key, place in here.items()
            if place == mine or key[2].endswith(tuple(f"/{chat}" for chat in chats))
        ]

    def _forget_row(self, row: Row) -> None:
        conversation = self.data.conversations[row.message.conversation]
        if row.state == "open" and not row.runs:
            self.data.drop(row)
        elif row.state == "open":
            self.data.finish(row, "dropped")
            conversation.stop_turn = row.turn_id
        elif row.state == "dead":
            row.state = "dropped"
        row.erased, row.kept = True, None
        row.message = replace(_wordless(row.message), author=NOBODY, twin="")


def forgotten(turn: Turn) -> Turn:
    """As nobody's."""
    key = replace(turn.conversation, thread="")
    return replace(turn, author=NOBODY, conversation=key, message_id="", context=())


def _wordless(message: InboundMessage) -> InboundMessage:
    nameless = replace(message.author, name="")
    return replace(message, text="", attachments=(), reply_to="", author=nameless)


def _place(pause: Pause) -> tuple[str, str, str]:
    return pause.platform, pause.workspace, pause.channel
