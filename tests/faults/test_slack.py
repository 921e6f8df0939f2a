"""Every way in which a call of Slack fails, at every call of an answer: one answer, whole."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from tests.standins.slack import faults

if TYPE_CHECKING:
    from tests.e2e.team import Team
    from tests.standins.slack import Message

pytestmark = pytest.mark.asyncio(loop_scope="module")
SETTINGS = {"TURNS_AT_WORK": "500"}

STREAMING = ("chat.startStream", "chat.appendStream", "chat.stopStream")
READING = (
    "conversations.replies",
    "conversations.history",
    "agents.sessions.setStatus",
    "assistant.threads.setStatus",
)
EDITING = ("chat.postMessage", "chat.update")
"""What is called where streams are refused."""
EVERY = (*STREAMING, *EDITING, *READING)
FAILURES = {
    "limited": faults.rate_limited("1"),
    "limited soon": faults.rate_limited("soon"),
    "limited without a word": faults.rate_limited(None),
    "a page": faults.html(),
    "500": faults.http_status(500),
    "503": faults.http_status(503),
    "late": faults.latency(0.5),
    "answered late": faults.latency(0.5, after=True),
    "reset before": faults.reset_before(),
    "reset after": faults.reset_after(),
    "fatal": faults.error("fatal_error"),
    "internal": faults.error("internal_error"),
    "done, then fatal": faults.Fault(
        "fatal", 200, {"ok": False, "error": "fatal_error"}, after=True
    ),
}
UNHELPFUL = {
    "unknown": faults.error("a_code_of_next_year"),
    "over": faults.error("message_not_in_streaming_state"),
    "too long": faults.error("msg_too_long"),
    "arguments": faults.error("invalid_arguments"),
}
"""Streaming is over with these; elsewhere they are the end."""
TEXT = " ".join(f"word{n}" for n in range(60))


@pytest.mark.parametrize("times", [1, pytest.param(2, marks=pytest.mark.long)])
async def test_whatever_slack_does_there_is_one_answer(shared: Team, times: int) -> None:
    """All cases at the same time, each in a channel of its own."""
    cases = [*itertools.product(STREAMING, UNHELPFUL), *itertools.product(EVERY, FAILURES)]
    told = await asyncio.gather(*(_ask(shared, case, times) for case in cases))
    assert {case: seen for case, seen in zip(cases, told, strict=True) if seen != [TEXT]} == {}
    assert not [one for one in shared.running.log if one.get("level") == "ERROR"]


async def _ask(team: Team, case: tuple[str, str], times: int) -> list[str]:
    """What is said in the thread once the turn is recorded."""
    method, failure = case
    room = team.slack.workspace.add_channel(team.slack.workspace.new_id("X"))

    def here(args: dict[str, Any]) -> bool:
        return args.get("channel", args.get("channel_id")) == room.id

    if method in EDITING:
        refused = faults.error("unknown_method")
        team.slack.faults.on("chat.startStream", refused, times=None, where=here)
    fault = (FAILURES | UNHELPFUL)[failure]
    team.slack.faults.on(method, fault, times=times, where=here)
    words = f"{team.people.mention} repeat: {TEXT}"
    root = team.people.say("U0ALICE", room.id, words, raw=True)
    await team.recorded(root)
    return [_text(one) for one in team.answers(root)]


def _text(message: Message) -> str:
    return message.shown.split("\n")[0]
