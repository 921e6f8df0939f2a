"""The shapes of T14 in every field that can carry text: none arrives."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from core.completion import ChatMessage, Image
from core.conversation import Author, ConversationKey
from tests.adapters.langfuse.facts import (
    NOON,
    call,
    completion,
    rating,
    request,
    settings_of,
    tracing,
    turn,
)
from tests.core.test_scrub import CANARIES, KEY

if TYPE_CHECKING:
    from tests.standins.langfuse import LangfuseStandIn

OURS = "a-value-of-no-known-shape"


async def test_no_secret_arrives_whatever_field_it_was_put_into(langfuse: LangfuseStandIn) -> None:
    assert len(CANARIES) >= 14
    secret = settings_of(langfuse).secret_key
    async with tracing(langfuse) as tracer:
        for n, canary in enumerate([*CANARIES.values(), secret]):
            in_text = f'say {canary}, "{canary}"\n{json.dumps({"k": canary})} é'
            messages = tuple(ChatMessage(role, in_text) for role in ("system", "user", "assistant"))
            picture = ChatMessage("user", in_text, (Image(canary, b"x"),))
            asked = request(turn_id=f"t{n}", messages=(*messages, picture), model=canary)
            for outcome in ("answered", canary):
                done = completion(model=canary, outcome=outcome)
                told = call(request=asked, completion=done, said=in_text, error=in_text)
                told = replace(told, finish_reason=canary)
                tracer.called(told)
            tracer.turn_recorded(
                turn(
                    turn_id=f"t{n}",
                    conversation=ConversationKey(canary, canary, canary, canary),
                    author=Author(canary, canary),
                    question=in_text,
                    answer=in_text,
                    message_id=canary,
                    model=canary,
                    outcome="failed",
                    error=canary,
                    prompt_version=canary,
                    correlation_id=canary,
                )
            )
            rated = rating(turn_id=f"t{n}", author=Author(canary, canary), reason=in_text)
            tracer.rated(canary, rated)
        count = len(CANARIES) + 1
        await langfuse.until(lambda one: one.scores.received == count)
    text = langfuse.text()
    assert len(langfuse.observations) == 3 * count
    assert "[masked]" in text
    assert KEY not in text
    assert secret not in text
    assert NOON.isoformat()[:10] in text
