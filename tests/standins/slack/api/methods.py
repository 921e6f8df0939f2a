"""The list of methods: which token and scope each needs, and the function that does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.standins.slack.api import chat, conversations, reactions, sessions, streams, views

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.standins.slack.api.call import Call, Context

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Method:
    """`scopes`: any one of them is enough."""

    run: Callable[[Call, Context], Json]
    scopes: tuple[str, ...] = ()
    form_only: bool = False
    app_level: bool = False
    any_token: bool = False


WRITE = ("chat:write",)
READS = ("channels:read", "groups:read", "im:read", "mpim:read")

METHODS: dict[str, Method] = {
    "api.test": Method(sessions.api_test, any_token=True),
    "auth.test": Method(sessions.auth_test, any_token=True),
    "apps.connections.open": Method(sessions.open_connection, app_level=True),
    "chat.postMessage": Method(chat.post_message, WRITE),
    "chat.postEphemeral": Method(chat.post_ephemeral, WRITE),
    "chat.update": Method(chat.update, WRITE),
    "chat.delete": Method(chat.delete, WRITE),
    "chat.getPermalink": Method(chat.permalink, form_only=True),
    "chat.startStream": Method(streams.start, WRITE),
    "chat.appendStream": Method(streams.append, WRITE),
    "chat.stopStream": Method(streams.stop, WRITE),
    "conversations.history": Method(conversations.history, form_only=True),
    "conversations.replies": Method(conversations.replies, form_only=True),
    "conversations.info": Method(conversations.info, READS, form_only=True),
    "conversations.members": Method(conversations.members, READS, form_only=True),
    "conversations.open": Method(conversations.open_dm, ("im:write",)),
    "users.info": Method(conversations.user_info, ("users:read",), form_only=True),
    "files.info": Method(conversations.file_info, ("files:read",), form_only=True),
    "reactions.add": Method(reactions.add, ("reactions:write",)),
    "reactions.remove": Method(reactions.remove, ("reactions:write",)),
    "reactions.get": Method(reactions.get, ("reactions:read",), form_only=True),
    "assistant.threads.setStatus": Method(
        sessions.set_thread_status, ("chat:write", "assistant:write")
    ),
    "assistant.threads.setTitle": Method(sessions.set_thread_title, ("assistant:write",)),
    "assistant.threads.setSuggestedPrompts": Method(
        sessions.set_suggested_prompts, ("assistant:write",)
    ),
    "agents.sessions.setStatus": Method(sessions.set_session_status, WRITE),
    "agents.sessions.rename": Method(sessions.rename_session, WRITE),
    "views.publish": Method(views.publish),
    "views.open": Method(views.open_modal),
}
