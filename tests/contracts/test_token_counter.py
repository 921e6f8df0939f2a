"""What core relies on when it fits a prompt into a window: a count for whatever text there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.litellm.tokens import EstimatedTokens
from core.ports import TokenCounter
from tests.core.turns.office import Words

COUNTERS = [EstimatedTokens(), Words()]
ANY_TEXT = st.text(st.characters(), max_size=60)
"""Lone surrogates included: people paste them."""


@pytest.mark.parametrize("counter", COUNTERS, ids=lambda one: type(one).__name__)
@given(text=ANY_TEXT, more=ANY_TEXT, model=st.text(max_size=10))
def test_a_count_is_whole_never_negative_and_grows_with_the_text(
    counter: TokenCounter, text: str, more: str, model: str
) -> None:
    count, both = counter.count(text, model), counter.count(text + more, model)
    assert type(count) is int
    assert 0 <= count <= both <= count + counter.count(more, model)
    assert counter.count(text, model) == count
    assert counter.count("", model) == 0


@pytest.mark.parametrize("counter", COUNTERS, ids=lambda one: type(one).__name__)
def test_a_longer_text_counts_more(counter: TokenCounter) -> None:
    page = "Words of an ordinary page. " * 40
    assert counter.count(page * 10, "m") > 5 * counter.count(page, "m") > 5 * 40
