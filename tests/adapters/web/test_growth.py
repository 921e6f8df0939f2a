from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.web.drawing.growth import Growth, find_settled
from adapters.web.drawing.markdown import to_markup
from tests.adapters.web.script import SLACK

MARKDOWN = st.lists(
    st.sampled_from(
        [
            "a b\n",
            "\n\n",
            "- item\n",
            "1. one\n",
            "```py\n",
            "```\n",
            "~~~\n",
            "    code\n",
            "> quote\n",
            "# title\n",
            "*em* ",
            "`x` ",
            "🎉 ",
            "é\n",
            "---\n",
        ]
    ),
    max_size=40,
).map("".join)


def apply(blocks: list[str], growth: Growth, text: str) -> None:
    """What the page does with each step, counting in UTF-16 as it does."""
    for step in growth.update(text):
        if step.index == len(blocks):
            blocks.append("")
        units = blocks[step.index].encode("utf-16-le")[: 2 * step.kept]
        blocks[step.index] = units.decode("utf-16-le") + step.html


@given(text=MARKDOWN, cuts=st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_a_page_that_follows_the_steps_shows_what_the_server_shows(
    text: str, cuts: list[int]
) -> None:
    growth, blocks, end, turn = Growth(), list[str](), 0, 0
    while end < len(text):
        end += cuts[turn % len(cuts)]
        turn += 1
        apply(blocks, growth, text[:end])
    assert blocks == growth.blocks


@given(text=MARKDOWN)
def test_settled_text_is_cut_between_blocks_only(text: str) -> None:
    cut = find_settled(text, 0)
    if cut:
        assert text[:cut].endswith("\n")
        assert to_markup(text[:cut]) + to_markup(text[cut:]) == to_markup(text)


def test_a_step_sends_what_is_new_and_no_more() -> None:
    growth = Growth()
    growth.update("Hello, this is a long beginning")
    (step,) = growth.update("Hello, this is a long beginning, and its end")
    assert (step.index, step.html) == (0, ", and its end</p>\n")


def test_finished_blocks_are_not_touched_again() -> None:
    growth = Growth()
    steps = [step for end in range(1, len(SLACK)) for step in growth.update(SLACK[:end])]
    touched = [step.index for step in steps]
    assert touched == sorted(touched)
    assert len(growth.blocks) >= 3
    sent = sum(len(step.html) for step in steps)
    assert sent < 20 * len(to_markup(SLACK))
    assert growth.update(SLACK[:-1]) == []


def test_code_with_empty_lines_stays_one_block() -> None:
    text = "```\na\n\nb\n"
    assert find_settled(text, 0) == 0
    assert find_settled(text + "```\n\nnext", 0) == len(text) + 5
