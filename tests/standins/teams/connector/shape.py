"""What an activity of the bot must look like. Stricter than Teams, which drops silently what it
does not know."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.standins.teams.cards import check_card
from tests.standins.teams.connector.call import Refusal, bad
from tests.standins.teams.connector.entities import check_entities
from tests.standins.teams.workspace import ADAPTIVE_CARD

if TYPE_CHECKING:
    from tests.standins.teams.connector.call import Context, Limits
    from tests.standins.teams.workspace import Conversation

Json = dict[str, Any]
FIELDS: dict[str, type] = {
    "type": str,
    "id": str,
    "timestamp": str,
    "localTimestamp": str,
    "localTimezone": str,
    "serviceUrl": str,
    "channelId": str,
    "from": dict,
    "conversation": dict,
    "recipient": dict,
    "textFormat": str,
    "attachmentLayout": str,
    "locale": str,
    "text": str,
    "inputHint": str,
    "summary": str,
    "importance": str,
    "deliveryMode": str,
    "attachments": list,
    "entities": list,
    "channelData": dict,
    "replyToId": str,
}
CHOICES = {
    "channelId": {"msteams"},
    "textFormat": {"plain", "markdown", "xml"},
    "attachmentLayout": {"list", "carousel"},
    "importance": {"normal", "high", "urgent"},
    "deliveryMode": {"normal", "notification"},
    "inputHint": {"acceptingInput", "expectingInput", "ignoringInput"},
}
CHANNEL_DATA = {"feedbackLoop", "notification", "tenant", "team", "channel"}
ATTACHMENT_FIELDS = {"contentType", "contentUrl", "content", "name", "thumbnailUrl"}
IMAGES = {"image/png", "image/jpeg", "image/gif"}
CARDS = {
    ADAPTIVE_CARD,
    "application/vnd.microsoft.card.hero",
    "application/vnd.microsoft.card.thumbnail",
}


def check_activity(
    activity: Json, conversation: Conversation, context: Context, *, targeted: bool
) -> None:
    """Raises Refusal with the first thing that is wrong."""
    _check_fields(activity)
    _check_parties(activity, conversation, context)
    if activity.get("type") not in ("message", "typing"):
        raise bad(f"Unknown activity type: {activity.get('type')!r}")
    _check_recipient(activity, conversation, context, targeted=targeted)
    _check_channel_data(activity.get("channelData", {}))
    for attachment in activity.get("attachments", []):
        _check_attachment(attachment)
    check_entities(activity, conversation, context.workspace)
    if activity["type"] == "message":
        if not activity.get("text", "").strip() and not activity.get("attachments"):
            raise bad("The message has neither text nor attachments.")
        check_size(activity, context.limits)
    elif activity.get("attachments") or "feedbackLoop" in activity.get("channelData", {}):
        raise bad("Attachments and feedback buttons need a message.")


def check_size(activity: Json, limits: Limits) -> None:
    size = len(json.dumps(activity, ensure_ascii=False, separators=(",", ":")).encode("utf-16-le"))
    cards = bool(activity.get("attachments"))
    if size > (limits.message_with_cards_bytes if cards else limits.message_bytes):
        raise Refusal(413, "MessageSizeTooBig", "Message size too large.")


def _check_fields(activity: Json) -> None:
    for name, value in activity.items():
        kind = FIELDS.get(name)
        if kind is None:
            raise bad(f"Teams drops this field silently: {name}")
        if not isinstance(value, kind):
            raise bad(f"{name} must be a {kind.__name__}, not {value!r:.40}")
        if name in CHOICES and value not in CHOICES[name]:
            raise bad(f"{name} cannot be {value!r:.40}")


def _check_parties(activity: Json, conversation: Conversation, context: Context) -> None:
    sender = activity.get("from")
    if sender is not None and sender.get("id") != context.workspace.bot.id:
        raise bad(f"from.id is not the bot's: {sender.get('id')!r}")
    named = activity.get("conversation")
    if named is not None and str(named.get("id")).partition(";")[0] != conversation.id:
        raise bad("conversation.id is not the conversation that is posted to")


def _check_recipient(
    activity: Json, conversation: Conversation, context: Context, *, targeted: bool
) -> None:
    recipient = activity.get("recipient")
    marked = recipient is not None and recipient.get("isTargeted") is True
    if marked is not targeted:
        raise bad("isTargetedActivity=true and recipient.isTargeted belong together")
    if targeted and conversation.kind == "personal":
        raise bad("Targeted messages are for group chats and channels.")
    if recipient is not None and recipient.get("id") not in conversation.members:
        raise bad(f"The recipient is not in the conversation: {recipient.get('id')!r}")


def _check_channel_data(data: Json) -> None:
    if unknown := data.keys() - CHANNEL_DATA:
        raise bad(f"Teams drops this silently: channelData.{min(unknown)}")
    loop = data.get("feedbackLoop")
    if loop is not None and loop not in ({"type": "default"}, {"type": "custom"}):
        raise bad('channelData.feedbackLoop must be {"type": "default"} or {"type": "custom"}')
    notification = data.get("notification")
    if notification is not None and notification not in ({"alert": True}, {"alert": False}):
        raise bad('channelData.notification must be {"alert": true}')


def _check_attachment(attachment: Any) -> None:
    if not isinstance(attachment, dict) or not isinstance(attachment.get("contentType"), str):
        raise bad("An attachment needs a contentType.")
    if unknown := attachment.keys() - ATTACHMENT_FIELDS:
        raise bad(f"Unknown field of an attachment: {min(unknown)}")
    kind = attachment["contentType"]
    if kind in IMAGES:
        if not str(attachment.get("contentUrl")).startswith(("https://", f"data:{kind};base64,")):
            raise bad("An image needs a contentUrl with https or data.")
        return
    if kind not in CARDS:
        raise bad(f"Unknown attachment type: {kind}")
    if not isinstance(attachment.get("content"), dict) or attachment.get("contentUrl"):
        raise bad("A card needs content, and no contentUrl.")
    if kind == ADAPTIVE_CARD and (problems := check_card(attachment["content"])):
        raise bad("Invalid card: " + "; ".join(problems[:5]))
