"""auth.test, apps.connections.open, and the state of a thread: status line, title, session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.standins.slack.api.call import Refusal

if TYPE_CHECKING:
    from tests.standins.slack.api.call import Call, Context
    from tests.standins.slack.workspace import Channel

Json = dict[str, Any]
LOADING_MESSAGES = 10  # docs.slack.dev/reference/methods/assistant.threads.setStatus
SUGGESTED_PROMPTS = 4  # docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts
TITLE_LIMIT = 200  # docs.slack.dev/reference/methods/agents.sessions.setStatus
SESSION_STATUSES = ("active", "processing", "suspended", "closed")


def api_test(call: Call, context: Context) -> Json:
    if error := call.text("error"):
        raise Refusal(error, args=call.args)
    return {"args": call.args}


def auth_test(call: Call, context: Context) -> Json:
    workspace = context.workspace
    return {
        "url": f"https://{workspace.team_domain}.slack.com/",
        "team": workspace.team_domain.capitalize(),
        "user": "chatbot",
        "team_id": workspace.team,
        "user_id": workspace.bot_user,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }


def open_connection(call: Call, context: Context) -> Json:
    ticket = context.sockets.new_ticket()
    return {"url": f"{context.ws_url}?ticket={ticket}&app_id={context.workspace.app_id}"}


def _thread(call: Call, context: Context) -> tuple[Channel, str]:
    channel = context.channel(call, "channel_id")
    thread_ts = call.required("thread_ts")
    message = channel.by_ts.get(thread_ts)
    if message is None or (message.deleted and not message.tombstone):
        raise Refusal("invalid_thread_ts")
    return channel, thread_ts


def set_thread_status(call: Call, context: Context) -> Json:
    channel, thread_ts = _thread(call, context)
    status = call.text("status")
    if status is None:
        raise Refusal("invalid_arguments", "missing required field: status")
    loading = call.structure("loading_messages", "invalid_arguments") or []
    if not isinstance(loading, list) or len(loading) > LOADING_MESSAGES:
        problem = f"no more than {LOADING_MESSAGES} items allowed [json-pointer:/loading_messages]"
        raise Refusal("invalid_arguments", problem)
    context.announce.set_status(channel.id, thread_ts, status, loading)
    return {}


def set_thread_title(call: Call, context: Context) -> Json:
    channel, thread_ts = _thread(call, context)
    context.announce.session(channel.id, thread_ts).title = call.required("title")
    return {}


def set_suggested_prompts(call: Call, context: Context) -> Json:
    channel = context.channel(call, "channel_id")
    if channel.kind != "im":
        raise Refusal("channel_type_not_supported")
    prompts = call.structure("prompts", "invalid_arguments")
    if not isinstance(prompts, list) or not 0 < len(prompts) <= SUGGESTED_PROMPTS:
        raise Refusal("invalid_arguments", f"must be 1 to {SUGGESTED_PROMPTS} items: prompts")
    if any(not (isinstance(p, dict) and p.get("title") and p.get("message")) for p in prompts):
        raise Refusal("invalid_arguments", "missing required field: title or message")
    context.announce.session(channel.id, call.text("thread_ts") or "").prompts = prompts
    return {}


def set_session_status(call: Call, context: Context) -> Json:
    channel, thread_ts = _thread(call, context)
    status = call.required("status")
    if status not in SESSION_STATUSES:
        raise Refusal("invalid_arguments", "must be a valid enum value [json-pointer:/status]")
    title = call.text("title")
    if title is not None and len(title) > TITLE_LIMIT:
        raise Refusal("invalid_arguments", "title must be less than 201 characters")
    initiator = call.text("initiator_user_id")
    if initiator is not None and initiator not in channel.members:
        raise Refusal("user_not_in_channel")
    session = context.announce.session(channel.id, thread_ts)
    if not session.status:
        session.title = title or session.title
    session.status = status
    answer: Json = {"status": status, "agent_status": status, "title": session.title}
    if status == "processing" and "agent_session_stopped" not in context.subscriptions:
        answer["warning"] = "missing_agent_session_stopped_event_subscription"
    return answer


def rename_session(call: Call, context: Context) -> Json:
    channel, thread_ts = _thread(call, context)
    title = call.required("title")
    if len(title) > TITLE_LIMIT:
        raise Refusal("invalid_arguments", "title must be less than 201 characters")
    context.announce.session(channel.id, thread_ts).title = title
    return {"title": title}
