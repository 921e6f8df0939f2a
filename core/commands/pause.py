"""`pause` and `resume`: an admin lets questions wait, and has them answered later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.commands.command import UsageError, caller
from core.document import Document, Text
from core.ports import Deed
from core.text.clean import clean_text
from core.text.outgoing import safe_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.conversation import CommandCall
    from core.ports import Pauses

EVERYWHERE = "all"
REASON_MAX_CHARS = 300

PAUSED_HERE = (
    "Paused in this channel. New questions are kept in their order, whoever asks is told, and all "
    "are answered after `resume`."
)
PAUSED_EVERYWHERE = (
    "Paused in this whole workspace. New questions are kept in their order, whoever asks is told, "
    "and all are answered after `resume all`."
)


class _OfAdmins:
    """Here, or everywhere."""

    def __init__(self, pauses: Pauses, may_configure: Callable[[CommandCall], bool]) -> None:
        self._pauses = pauses
        self._may_configure = may_configure

    def fits(self, arguments: Sequence[str]) -> bool:
        return not arguments or [word.lower() for word in arguments] == [EVERYWHERE]


class Pause(_OfAdmins):
    """Answers that are being written are not interrupted; commands go on working."""

    name = "pause"
    usage = f"pause [{EVERYWHERE}] [reason]"
    summary = "Let questions wait, here or in the whole workspace (admins)"

    async def run(self, call: CommandCall) -> Document:
        if not self._may_configure(call):
            return _say("Only an admin of the bot can pause it.")
        everywhere, words = _read(call.arguments)
        reason = safe_text(clean_text(" ".join(words))).strip()
        if len(reason) > REASON_MAX_CHARS:
            raise UsageError(f"A reason has at most {REASON_MAX_CHARS} characters.")
        platform, workspace, channel = place = _place(call, everywhere=everywhere)
        deed = Deed(caller(call), "pause", _name(*place), reason)
        await self._pauses.pause(platform, workspace, channel, reason, deed)
        return _say(PAUSED_EVERYWHERE if everywhere else PAUSED_HERE)


class Resume(_OfAdmins):
    name = "resume"
    usage = f"resume [{EVERYWHERE}]"
    summary = "End a pause, and answer what has waited (admins)"

    async def run(self, call: CommandCall) -> Document:
        if not self.fits(call.arguments):
            raise UsageError(f"`resume` takes `{EVERYWHERE}`, or nothing.")
        if not self._may_configure(call):
            return _say("Only an admin of the bot can end a pause.")
        platform, workspace, channel = place = _place(call, everywhere=bool(call.arguments))
        deed = Deed(caller(call), "resume", _name(*place))
        resumed = await self._pauses.resume(platform, workspace, channel, deed)
        return _say(" ".join([_outcome(resumed, channel), *await self._what_is_left(place)]))

    async def _what_is_left(self, place: tuple[str, str, str]) -> list[str]:
        platform, workspace, channel = place
        there = [
            pause
            for pause in await self._pauses.pauses()
            if (pause.platform, pause.workspace) == (platform, workspace)
        ]
        if channel and any(not pause.channel for pause in there):
            return ["The whole workspace is paused: `resume all` ends that."]
        if not channel and there:
            count = len(there)
            channels = "One channel stays" if count == 1 else f"{count} channels stay"
            return [f"{channels} paused: `resume` there ends that."]
        return []


def _read(arguments: Sequence[str]) -> tuple[bool, Sequence[str]]:
    """Whether it is for the whole workspace, and the words of the reason."""
    everywhere = bool(arguments) and arguments[0].lower() == EVERYWHERE
    return everywhere, arguments[1:] if everywhere else arguments


def _place(call: CommandCall, *, everywhere: bool) -> tuple[str, str, str]:
    where = call.conversation
    return where.platform, where.workspace, "" if everywhere else where.channel


def _name(platform: str, workspace: str, channel: str) -> str:
    return f"{platform}:{workspace}:{channel}" if channel else f"{platform}:{workspace}"


def _outcome(resumed: bool, channel: str) -> str:
    where = "this channel" if channel else "this workspace as a whole"
    if resumed:
        return f"Going on in {where}. What has waited is answered now."
    return f"There is no pause of {where}."


def _say(text: str) -> Document:
    return Document("", (Text(text),))
