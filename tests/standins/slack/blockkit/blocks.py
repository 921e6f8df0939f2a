"""Block Kit as Slack checks it: known types, required fields, no unknown ones, lengths, counts.

The limits are those of docs.slack.dev/reference/block-kit; where two published figures disagree
the smaller one is taken.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.standins.slack.blockkit.elements import Problems, check_element, check_image, check_text

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MARKDOWN_TOTAL = 12_000
TABLE_ROWS, TABLE_CELLS, TABLE_CHARACTERS = 100, 20, 10_000
CHARTS_A_MESSAGE = 2
CHART_TITLE, CHART_LABEL, CHART_PARTS, CHART_CATEGORIES = 50, 20, 6, 20
ACTION_TYPES = [
    "button",
    "checkboxes",
    "datepicker",
    "datetimepicker",
    "multi_static_select",
    "multi_users_select",
    "overflow",
    "radio_buttons",
    "static_select",
    "timepicker",
    "users_select",
    "conversations_select",
    "channels_select",
    "workflow_button",
    "external_select",
]
ACCESSORY_TYPES = [*ACTION_TYPES, "image"]
RICH_TEXT_PARTS = (
    "rich_text_section",
    "rich_text_list",
    "rich_text_preformatted",
    "rich_text_quote",
)


def check_blocks(blocks: Any, *, limit: int = MESSAGE_BLOCKS, view: bool = False) -> list[str]:
    """Slack's complaints, in its words; empty when it takes the blocks."""
    problems = Problems()
    if not isinstance(blocks, list):
        return ["must be an array [json-pointer:/blocks]"]
    if len(blocks) > limit:
        problems.add("/blocks", f"no more than {limit} items allowed")
    for index, block in enumerate(blocks):
        _check_block(block, f"/blocks/{index}", problems, view)
    _check_together([b for b in blocks if isinstance(b, dict)], problems)
    return problems.found


def _check_block(block: Any, at: str, problems: Problems, view: bool) -> None:
    if not isinstance(block, dict):
        problems.add(at, "must be an object")
        return
    kind = block.get("type")
    check = CHECKS.get(kind) if isinstance(kind, str) else None
    if check is None or (view and kind in MESSAGE_ONLY):
        problems.add(f"{at}/type", f"unsupported type: {kind}")
        return
    problems.only(block, at, {"type", "block_id", *FIELDS[block["type"]]})
    block_id = block.get("block_id", "")
    if not isinstance(block_id, str) or len(block_id) > 255:
        problems.add(f"{at}/block_id", "must be less than 256 characters")
    check(block, at, problems)


def _check_together(blocks: list[Json], problems: Problems) -> None:
    ids = Counter(str(block["block_id"]) for block in blocks if block.get("block_id"))
    for block_id, count in ids.items():
        if count > 1:
            problems.add("/blocks", f"block_id already exists: {block_id}")
    kinds = Counter(block.get("type") for block in blocks)
    if kinds["table"] > 1:
        problems.add("/blocks", "only_one_table_allowed")
    if kinds["data_visualization"] > CHARTS_A_MESSAGE:
        problems.add(
            "/blocks", f"no more than {CHARTS_A_MESSAGE} data_visualization blocks allowed"
        )
    texts = (b.get("text") for b in blocks if b.get("type") == "markdown")
    if sum(len(text) for text in texts if isinstance(text, str)) > MARKDOWN_TOTAL:
        problems.add(
            "/blocks", f"markdown blocks must be less than {MARKDOWN_TOTAL + 1} characters"
        )


def _section(block: Json, at: str, problems: Problems) -> None:
    fields = block.get("fields")
    if block.get("text") is None and not fields:
        problems.add(at, "missing required field: text")
    if block.get("text") is not None:
        check_text(block["text"], f"{at}/text", problems, 3000)
    for index, field in enumerate(problems.items(block, at, "fields", 10, needed=False)):
        check_text(field, f"{at}/fields/{index}", problems, 2000)
    if block.get("accessory") is not None:
        check_element(block["accessory"], f"{at}/accessory", problems, ACCESSORY_TYPES)


def _header(block: Json, at: str, problems: Problems) -> None:
    check_text(block.get("text"), f"{at}/text", problems, 150, plain=True)


def _divider(block: Json, at: str, problems: Problems) -> None:
    """A divider has nothing to get wrong."""


def _markdown(block: Json, at: str, problems: Problems) -> None:
    problems.string(block, at, "text", MARKDOWN_TOTAL)


def _context(block: Json, at: str, problems: Problems) -> None:
    for index, element in enumerate(problems.items(block, at, "elements", 10)):
        if isinstance(element, dict) and element.get("type") == "image":
            check_image(element, f"{at}/elements/{index}", problems)
        else:
            check_text(element, f"{at}/elements/{index}", problems, 3000)


def _actions(block: Json, at: str, problems: Problems) -> None:
    _check_elements(block, at, problems, 25, ACTION_TYPES)


def _context_actions(block: Json, at: str, problems: Problems) -> None:
    _check_elements(block, at, problems, 5, ["feedback_buttons", "icon_button"])


def _check_elements(block: Json, at: str, problems: Problems, limit: int, types: list[str]) -> None:
    seen: set[str] = set()
    for index, element in enumerate(problems.items(block, at, "elements", limit)):
        where = f"{at}/elements/{index}"
        check_element(element, where, problems, types)
        action_id = element.get("action_id") if isinstance(element, dict) else None
        if isinstance(action_id, str):
            if action_id in seen:
                problems.add(where, f"action_id already exists: {action_id}")
            seen.add(action_id)


def _image(block: Json, at: str, problems: Problems) -> None:
    check_image(block, at, problems)
    if block.get("title") is not None:
        check_text(block["title"], f"{at}/title", problems, 2000, plain=True)


def _rich_text(block: Json, at: str, problems: Problems) -> None:
    for index, part in enumerate(problems.items(block, at, "elements", None)):
        where = f"{at}/elements/{index}"
        if not isinstance(part, dict) or part.get("type") not in RICH_TEXT_PARTS:
            problems.add(f"{where}/type", "unsupported type")
            continue
        if part["type"] == "rich_text_list" and part.get("style") not in ("bullet", "ordered"):
            problems.add(f"{where}/style", "must be a valid enum value")
        problems.items(part, where, "elements", None)


def _table(block: Json, at: str, problems: Problems) -> None:
    characters = 0
    for r, row in enumerate(problems.items(block, at, "rows", TABLE_ROWS)):
        where = f"{at}/rows/{r}"
        if not isinstance(row, list) or not 0 < len(row) <= TABLE_CELLS:
            problems.add(where, f"must be 1 to {TABLE_CELLS} items")
            continue
        for c, cell in enumerate(row):
            characters += _cell(cell, f"{where}/{c}", problems)
    if characters > TABLE_CHARACTERS:
        problems.add(f"{at}/rows", f"must be less than {TABLE_CHARACTERS + 1} characters")
    settings = problems.items(block, at, "column_settings", TABLE_CELLS, needed=False)
    for index, setting in enumerate(settings):
        if setting is not None:
            _column(setting, f"{at}/column_settings/{index}", problems)


def _column(setting: Any, at: str, problems: Problems) -> None:
    if not isinstance(setting, dict):
        problems.add(at, "must be an object")
        return
    problems.only(setting, at, {"align", "is_wrapped"})
    if setting.get("align", "left") not in ("left", "center", "right"):
        problems.add(f"{at}/align", "must be a valid enum value")


def _cell(cell: Any, at: str, problems: Problems) -> int:
    kind = cell.get("type") if isinstance(cell, dict) else None
    match kind:
        case "raw_text":
            problems.only(cell, at, {"type", "text"})
            return len(problems.string(cell, at, "text", None))
        case "raw_number":
            problems.number(cell, at, "value")
            return len(problems.string(cell, at, "text", None))
        case "rich_text":
            _rich_text(cell, at, problems)
            return len(str(cell.get("elements")))
        case _:
            problems.add(f"{at}/type", "failed to match any allowed schemas")
            return 0


def _chart(block: Json, at: str, problems: Problems) -> None:
    problems.string(block, at, "title", CHART_TITLE)
    chart = block.get("chart")
    kind = chart.get("type") if isinstance(chart, dict) else None
    if not isinstance(chart, dict) or kind not in ("pie", "bar", "line", "area"):
        problems.add(f"{at}/chart", "failed to match any allowed schemas")
    elif kind == "pie":
        _pie(chart, f"{at}/chart", problems)
    else:
        _series(chart, f"{at}/chart", problems)


def _pie(chart: Json, at: str, problems: Problems) -> None:
    problems.only(chart, at, {"type", "segments"})
    for index, segment in enumerate(problems.items(chart, at, "segments", CHART_PARTS)):
        where = f"{at}/segments/{index}"
        if not isinstance(segment, dict):
            problems.add(where, "must be an object")
            continue
        problems.string(segment, where, "label", CHART_LABEL)
        if problems.number(segment, where, "value") <= 0:
            problems.add(f"{where}/value", "must be greater than 0")


def _series(chart: Json, at: str, problems: Problems) -> None:
    problems.only(chart, at, {"type", "series", "axis_config"})
    axis = chart.get("axis_config")
    if not isinstance(axis, dict):
        problems.add(at, "missing required field: axis_config")
        return
    problems.only(axis, f"{at}/axis_config", {"categories", "x_label", "y_label"})
    categories = problems.items(axis, f"{at}/axis_config", "categories", CHART_CATEGORIES)
    for name in ("x_label", "y_label"):
        if name in axis:
            problems.string(axis, f"{at}/axis_config", name, CHART_TITLE)
    if any(not isinstance(c, str) or not 0 < len(c) <= CHART_LABEL for c in categories):
        problems.add(f"{at}/axis_config/categories", f"must be 1 to {CHART_LABEL} characters")
    names: set[str] = set()
    for index, series in enumerate(problems.items(chart, at, "series", CHART_PARTS)):
        where = f"{at}/series/{index}"
        if not isinstance(series, dict):
            problems.add(where, "must be an object")
            continue
        name = problems.string(series, where, "name", CHART_LABEL)
        if name in names:
            problems.add(f"{where}/name", "must be unique")
        names.add(name)
        _points(series, where, problems, categories)


def _points(series: Json, at: str, problems: Problems, categories: list[Any]) -> None:
    points = problems.items(series, at, "data", CHART_CATEGORIES)
    labels = []
    for index, point in enumerate(points):
        where = f"{at}/data/{index}"
        if not isinstance(point, dict):
            problems.add(where, "must be an object")
            continue
        labels.append(problems.string(point, where, "label", CHART_LABEL))
        problems.number(point, where, "value")
    if labels != categories:
        problems.add(f"{at}/data", "must have one point for each category, in their order")


def _input(block: Json, at: str, problems: Problems) -> None:
    check_text(block.get("label"), f"{at}/label", problems, 2000, plain=True)
    if not isinstance(block.get("element"), dict):
        problems.add(at, "missing required field: element")


def _task_card(block: Json, at: str, problems: Problems) -> None:
    for name in ("task_id", "title", "status"):
        problems.string(block, at, name, None)


def _plan(block: Json, at: str, problems: Problems) -> None:
    problems.string(block, at, "title", None)


FIELDS: dict[str, set[str]] = {
    "actions": {"elements"},
    "context": {"elements"},
    "context_actions": {"elements"},
    "data_visualization": {"title", "chart"},
    "divider": set(),
    "header": {"text"},
    "image": {"image_url", "slack_file", "alt_text", "title"},
    "input": {"label", "element", "hint", "optional", "dispatch_action"},
    "markdown": {"text"},
    "plan": {"title", "tasks"},
    "rich_text": {"elements"},
    "section": {"text", "fields", "accessory", "expand"},
    "table": {"rows", "column_settings"},
    "task_card": {"task_id", "title", "status", "details", "output", "sources"},
}
CHECKS: dict[str, Callable[[Json, str, Problems], None]] = {
    "actions": _actions,
    "context": _context,
    "context_actions": _context_actions,
    "data_visualization": _chart,
    "divider": _divider,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "plan": _plan,
    "rich_text": _rich_text,
    "section": _section,
    "table": _table,
    "task_card": _task_card,
}
MESSAGE_ONLY = {"context_actions", "markdown", "table", "task_card", "plan", "data_visualization"}
