"""views.publish and views.open: the home tab and modals."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from tests.standins.slack.api.call import Refusal
from tests.standins.slack.blockkit import VIEW_BLOCKS, check_blocks

if TYPE_CHECKING:
    from tests.standins.slack.api.call import Call, Context

Json = dict[str, Any]
TRIGGER_LIFE_S = 3.0  # docs.slack.dev/interactivity/handling-user-interaction: three seconds
MODAL_TITLE = 24
METADATA = 3000


def publish(call: Call, context: Context) -> Json:
    user = call.required("user_id")
    if user not in context.workspace.people:
        raise Refusal("invalid_arguments", "invalid `user_id`")
    view = _read_view(call, "home")
    current = context.workspace.homes.get(user)
    wanted = call.text("hash")
    if wanted and current and current["hash"] != wanted:
        raise Refusal("hash_conflict")
    stored = _stored(view, context)
    context.workspace.homes[user] = stored
    return {"view": stored}


def open_modal(call: Call, context: Context) -> Json:
    trigger = call.required("trigger_id")
    issued_at = context.triggers.pop(trigger, None)
    if issued_at is None:
        raise Refusal("invalid_trigger_id")
    if context.clock.monotonic() - issued_at > TRIGGER_LIFE_S:
        raise Refusal("expired_trigger_id")
    view = _read_view(call, "modal")
    title = view.get("title")
    if not isinstance(title, dict) or not 0 < len(str(title.get("text", ""))) <= MODAL_TITLE:
        raise Refusal("invalid_arguments", "must be 1 to 24 characters [json-pointer:/view/title]")
    stored = _stored(view, context)
    context.workspace.modals.append(stored)
    return {"view": stored}


def _read_view(call: Call, kind: str) -> Json:
    view = call.structure("view", "invalid_arguments")
    if not isinstance(view, dict):
        raise Refusal("invalid_arguments", "missing required field: view")
    if view.get("type") != kind:
        raise Refusal("invalid_arguments", "unsupported type [json-pointer:/view/type]")
    problems = check_blocks(view.get("blocks"), limit=VIEW_BLOCKS, view=True)
    if problems:
        raise Refusal("invalid_arguments", *problems)
    if len(view.get("private_metadata", "")) > METADATA:
        raise Refusal("invalid_arguments", "must be less than 3001 characters: private_metadata")
    return view


def _stored(view: Json, context: Context) -> Json:
    digest = hashlib.sha256(json.dumps(view, sort_keys=True).encode()).hexdigest()[:10]
    return view | {
        "id": context.workspace.new_id("V"),
        "team_id": context.workspace.team,
        "app_id": context.workspace.app_id,
        "bot_id": context.workspace.bot_id,
        "hash": f"{context.workspace.new_ts()}.{digest}",
    }
