from __future__ import annotations

from typing import Any

import pytest

from adapters.teams.drawing.ending import TRY_AGAIN, to_attachments, to_line
from adapters.teams.drawing.verbs import Press, read_press
from core.draft import Ending
from core.notices import build_notice
from core.text.mentions import BREAK
from tests.adapters.teams.cards import check_card

NOTICE = build_notice("timeout", "a1b2", partial=True)


def body(ending: Ending) -> list[dict[str, Any]]:
    (attachment,) = to_attachments(ending)
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert check_card(attachment["content"]) == []
    elements = attachment["content"]["body"]
    assert isinstance(elements, list)
    return elements


@pytest.mark.parametrize("can_rate", [True, False])
def test_an_answer_that_says_it_all_has_nothing_below(can_rate: bool) -> None:
    assert to_attachments(Ending("answered", can_rate=can_rate)) == []


def test_the_notice_comes_first_and_the_button_last() -> None:
    notice, reference, footer, buttons = body(Ending("failed", NOTICE, "gpt · 1.0 s", False, True))
    assert notice["text"].startswith("The answer above is incomplete.")
    assert reference["text"] == "Reference: **a1b2**"
    assert (footer["text"], footer["size"]) == ("gpt · 1.0 s", "Small")
    (button,) = buttons["actions"]
    assert button["title"] == TRY_AGAIN
    assert read_press(button["data"]) == Press("again")
    assert read_press(button["fallback"]["data"]) == Press("again")


def test_a_footer_alone_is_a_light_line_and_no_card() -> None:
    ending = Ending("answered", footer="<at>x</at> · `m`", can_rate=True)
    assert to_attachments(ending) == []
    assert to_line(ending) == f"*<{BREAK}at>x<{BREAK}/at> · `m`*"
    assert to_line(Ending("answered", footer="gpt · **1** s")) == "gpt · **1** s"
    for other in (Ending("failed", NOTICE, "gpt"), Ending("stopped", footer="gpt", can_retry=True)):
        assert to_line(other) == ""


def test_without_a_way_to_retry_there_is_no_button() -> None:
    assert all(element["type"] == "TextBlock" for element in body(Ending("failed", NOTICE)))
