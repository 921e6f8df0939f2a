from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.completion import CompletionEvent, Delta, Finished, FinishReason
from core.errors import ConnectionFailed, ContentRefused, EmptyAnswer
from core.model.checking import LOOP_CHARACTERS, CheckingModel, LoopGuard
from core.text.clean import is_blank
from tests.fakes.model import USAGE, ScriptedModel, Step, collect, make_request, text_of


async def check(*steps: Step) -> list[CompletionEvent]:
    return await collect(CheckingModel(ScriptedModel(list(steps)), is_blank).stream(make_request()))


def end(reason: FinishReason) -> Finished:
    return Finished(USAGE, "fake/model", reason)


@pytest.mark.parametrize(
    "pieces", [[], ["", ""], [" ", "\n\t"], ["\u200b", "\u2060\ufeff", "\u00a0"]]
)
async def test_an_answer_that_shows_nothing_is_an_error(pieces: list[str]) -> None:
    with pytest.raises(EmptyAnswer):
        await check(*pieces)


async def test_an_answer_all_used_up_by_thinking_is_empty() -> None:
    with pytest.raises(EmptyAnswer, match="length"):
        await check(end("length"))


async def test_a_filtered_answer_without_text_is_a_refusal() -> None:
    with pytest.raises(ContentRefused):
        await check(end("content_filter"))


async def test_a_stream_cut_before_the_first_word_may_be_repeated() -> None:
    with pytest.raises(ConnectionFailed) as caught:
        await check(" ", end("cut"))
    assert caught.value.retryable


@pytest.mark.parametrize("reason", get_args(FinishReason))
async def test_a_begun_answer_keeps_its_text_and_its_reason(reason: FinishReason) -> None:
    assert await check("Well", end(reason)) == [Delta("Well"), end(reason)]


async def test_blank_beginnings_wait_for_the_first_visible_character() -> None:
    events = await check("\n", "\u200b", " Hi", " ", "you")
    assert events[:3] == [Delta("\n\u200b Hi"), Delta(" "), Delta("you")]


async def test_an_endless_repetition_is_closed_and_marked() -> None:
    inner = ScriptedModel(["Let me think. ", *["I am sorry, once more. "] * 10_000])
    events = await collect(CheckingModel(inner, is_blank).stream(make_request()))
    assert events[-1] == Finished(None, "fake/model", "repetition")
    assert len(text_of(events)) < 2 * LOOP_CHARACTERS
    assert inner.closed_early == 1


@given(
    piece=st.text(min_size=1, max_size=600),
    before=st.text(max_size=300),
    size=st.integers(1, 700),
)
def test_every_repeated_piece_is_found_in_whatever_chunks_it_comes(
    piece: str, before: str, size: int
) -> None:
    text = before + piece * (4 * LOOP_CHARACTERS // len(piece))
    guard = LoopGuard()
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    assert any(guard.add(chunk) for chunk in chunks)


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"{n}. Take item {n} from the shelf.\n" for n in range(400)),
        "| a | b |\n|---|---|\n" + "".join(f"| {n} | {n * n} |\n" for n in range(900)),
        ("-" * 79 + "\n") * 20 + "".join(f"row {n}\n" for n in range(999)),
        "def f():\n" + "".join(f"    total += prices[{n}]\n" for n in range(500)),
    ],
)
def test_lists_tables_rules_and_code_are_no_loops(text: str) -> None:
    guard = LoopGuard()
    assert not any(guard.add(text[at : at + 7]) for at in range(0, len(text), 7))
