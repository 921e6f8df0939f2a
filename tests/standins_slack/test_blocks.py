"""Block Kit: what Slack takes, and what it calls invalid_blocks."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextActionsBlock,
    ContextBlock,
    DividerBlock,
    FeedbackButtonObject,
    FeedbackButtonsElement,
    HeaderBlock,
    IconButtonElement,
    MarkdownBlock,
    MarkdownTextObject,
    SectionBlock,
)

from tests.standins.slack.blockkit import check_blocks

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def feedback(**changes: Any) -> Json:
    def button(value: str) -> Json:
        return {"text": plain("x"), "value": value}

    element: Json = {"type": "feedback_buttons", "action_id": "f"}
    element |= {"positive_button": button("up"), "negative_button": button("down")}
    return {"type": "context_actions", "elements": [element | changes]}


def pie(*values: float, label: str = "a") -> Json:
    segments = [{"label": label, "value": value} for value in values]
    return {
        "type": "data_visualization",
        "title": "t",
        "chart": {"type": "pie", "segments": segments},
    }


def line(labels: list[str], **changes: Any) -> Json:
    data = [{"label": label, "value": 1} for label in labels]
    chart = {
        "type": "line",
        "series": [{"name": "s", "data": data}],
        "axis_config": {"categories": ["mon", "tue"]},
    }
    return {"type": "data_visualization", "title": "t", "chart": chart | changes}


def table(rows: list[Any], **changes: Any) -> Json:
    return {"type": "table", "rows": rows} | changes


def cell(text: str) -> Json:
    return {"type": "raw_text", "text": text}


SDK_BLOCKS: list[Block] = [
    HeaderBlock(text="x" * 150),
    SectionBlock(text=MarkdownTextObject(text="x" * 3000), fields=["a", "b"]),
    DividerBlock(),
    MarkdownBlock(text="**x**"),
    ContextBlock(elements=[MarkdownTextObject(text="x")]),
    ActionsBlock(elements=[ButtonElement(text="x", action_id="a", value="v", style="danger")]),
    ContextActionsBlock(
        elements=[
            FeedbackButtonsElement(
                action_id="f",
                positive_button=FeedbackButtonObject(text="up", value="1"),
                negative_button=FeedbackButtonObject(text="down", value="-1"),
            ),
            IconButtonElement(icon="trash", text="Delete", action_id="d"),
        ]
    ),
]


@pytest.mark.parametrize("block", SDK_BLOCKS, ids=lambda block: str(block.type))
def test_blocks_of_the_sdk_are_taken(block: Block) -> None:
    assert check_blocks([block.to_dict()]) == []


@pytest.mark.parametrize(
    "block",
    [
        pie(1, 2, 3),
        line(["mon", "tue"]),
        table([[cell("a"), {"type": "raw_number", "value": 1, "text": "1"}]]),
        {
            "type": "rich_text",
            "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}
            ],
        },
        {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"},
    ],
)
def test_blocks_that_the_sdk_has_no_class_for_are_taken(block: Json) -> None:
    assert check_blocks([block]) == []


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ({"type": "heading"}, "unsupported type: heading"),
        ({"text": "x"}, "unsupported type: None"),
        ("x", "must be an object"),
        ({"type": "divider", "colour": "red"}, "invalid additional property: colour"),
        ({"type": "divider", "block_id": "x" * 256}, "must be less than 256 characters"),
        ({"type": "header", "text": plain("x" * 151)}, "must be less than 151 characters"),
        ({"type": "header", "text": mrkdwn("x")}, "failed to match all allowed schemas"),
        ({"type": "section"}, "missing required field: text"),
        ({"type": "section", "text": mrkdwn("")}, "must be more than 0 characters"),
        ({"type": "section", "text": mrkdwn("x" * 3001)}, "must be less than 3001 characters"),
        ({"type": "section", "text": "x"}, "failed to match all allowed schemas"),
        ({"type": "section", "text": {"type": "markdown", "text": "x"}}, "failed to match"),
        ({"type": "section", "fields": [mrkdwn("x")] * 11}, "no more than 10 items"),
        ({"type": "section", "fields": [mrkdwn("x" * 2001)]}, "must be less than 2001"),
        ({"type": "markdown", "text": ""}, "must be more than 0 characters"),
        ({"type": "markdown", "text": "x" * 12_001}, "must be less than 12001 characters"),
        ({"type": "context", "elements": [mrkdwn("x")] * 11}, "no more than 10 items"),
        ({"type": "context", "elements": []}, "missing required field: elements"),
        ({"type": "actions", "elements": [{"type": "feedback_buttons"}]}, "unsupported type"),
        (feedback(positive_button=None), "missing required field: positive_button"),
        (feedback(positive_button={"text": plain("x")}), "missing required field: value"),
        (feedback(type="button", text=plain("x")), "unsupported type: button"),
        ({**feedback(), "elements": feedback()["elements"] * 6}, "no more than 5 items"),
        (
            {
                "type": "context_actions",
                "elements": [{"type": "icon_button", "icon": "pencil", "text": plain("x")}],
            },
            "must be a valid enum value",
        ),
        (
            {"type": "actions", "elements": [{"type": "button", "text": plain("x" * 76)}]},
            "must be less than 76 characters",
        ),
        (
            {
                "type": "actions",
                "elements": [{"type": "button", "text": plain("x"), "action_id": "a"}] * 2,
            },
            "action_id already exists",
        ),
        (pie(), "missing required field: segments"),
        (pie(0), "must be greater than 0"),
        (pie(float("nan")), "must be a number"),
        (pie(*[1] * 7), "no more than 6 items"),
        (pie(1, label="x" * 21), "must be less than 21 characters"),
        ({**pie(1), "title": "x" * 51}, "must be less than 51 characters"),
        (line(["mon"]), "one point for each category"),
        (line(["mon", "tue"], type="radar"), "failed to match any allowed schemas"),
        (line(["mon", "tue"], axis_config=None), "missing required field: axis_config"),
        (table([]), "missing required field: rows"),
        (table([[cell("x")]] * 101), "no more than 100 items"),
        (table([[cell("x")] * 21]), "must be 1 to 20 items"),
        (table([[cell("")]]), "must be more than 0 characters"),
        (table([["x"]]), "failed to match any allowed schemas"),
        (table([[cell("x" * 10_001)]]), "must be less than 10001 characters"),
        (table([[cell("x")]], column_settings=[{"align": "top"}]), "valid enum value"),
        ({"type": "image", "image_url": "x", "alt_text": "a"}, "must be a valid URL"),
        ({"type": "image", "image_url": "https://x"}, "missing required field: alt_text"),
    ],
)
def test_an_invalid_block_is_refused_with_a_reason(block: Any, complaint: str) -> None:
    found = check_blocks([block])
    assert any(complaint in text for text in found), found


@pytest.mark.parametrize(
    ("blocks", "complaint"),
    [
        ([{"type": "divider"}] * 51, "no more than 50 items allowed"),
        ([{"type": "divider", "block_id": "a"}] * 2, "block_id already exists"),
        ([table([[cell("x")]])] * 2, "only_one_table_allowed"),
        ([pie(1)] * 3, "no more than 2 data_visualization"),
        ([{"type": "markdown", "text": "x" * 6001}] * 2, "markdown blocks must be less than"),
    ],
)
def test_blocks_that_do_not_go_together_are_refused(blocks: list[Json], complaint: str) -> None:
    found = check_blocks(blocks)
    assert any(complaint in text for text in found), found


def test_a_home_tab_takes_more_blocks_but_not_those_of_messages() -> None:
    assert check_blocks([{"type": "divider"}] * 100, limit=100, view=True) == []
    assert check_blocks([{"type": "markdown", "text": "x"}], limit=100, view=True) != []
