"""The shapes in which Teams tells of messages, reactions, buttons and installations.

Plain functions: they need no running stand-in, so recorded turns can be replayed from them.
"""

from __future__ import annotations

import html
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

Json = dict[str, Any]
LOCAL = timezone(timedelta(hours=2))
FILE = "application/vnd.microsoft.teams.file.download.info"


@dataclass(frozen=True, slots=True)
class Scene:
    """Where something happens. `root` is the first message of the thread, in channels only."""

    service_url: str
    tenant: str
    bot: Json
    conversation: str
    kind: str = "personal"
    root: str | None = None
    team: str | None = None
    team_aad: str | None = None
    team_name: str | None = None
    channel_name: str | None = None

    @property
    def address(self) -> str:
        return f"{self.conversation};messageid={self.root}" if self.root else self.conversation


@dataclass(frozen=True, slots=True)
class Parts:
    """What a message holds beside its words."""

    attachments: Sequence[Json] = ()
    entities: Sequence[Json] = ()
    markup: str | None = None
    """The words as HTML, for the text/html twin; None: made of the text."""
    value: Any = None
    reply_to: str | None = None
    fields: Json = field(default_factory=dict)


def activity(
    scene: Scene,
    sender: Json,
    kind: str,
    *,
    activity_id: str,
    at: datetime | None = None,
    **fields: Any,
) -> Json:
    """The envelope that every activity has."""
    moment = at or datetime.now(UTC)
    found: Json = {
        "type": kind,
        "id": activity_id,
        "timestamp": _iso(moment.astimezone(UTC)),
        "localTimestamp": _iso(moment.astimezone(LOCAL)),
        "localTimezone": "Europe/Berlin",
        "serviceUrl": scene.service_url,
        "channelId": "msteams",
        "from": dict(sender),
        "conversation": conversation(scene),
        "recipient": dict(scene.bot),
        "channelData": channel_data(scene),
    }
    return found | {name: value for name, value in fields.items() if value is not None}


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def conversation(scene: Scene) -> Json:
    found: Json = {
        "conversationType": scene.kind,
        "tenantId": scene.tenant,
        "id": scene.address,
    }
    return found if scene.kind == "personal" else found | {"isGroup": True}


def channel_data(scene: Scene) -> Json:
    tenant: Json = {"tenant": {"id": scene.tenant}}
    if scene.kind != "channel":
        return tenant
    return {
        "teamsChannelId": scene.conversation,
        "teamsTeamId": scene.team,
        "channel": {"id": scene.conversation},
        "team": {"id": scene.team},
        **tenant,
    }


def client_info() -> Json:
    return {
        "type": "clientInfo",
        "locale": "en-US",
        "country": "US",
        "platform": "Web",
        "timezone": "Europe/Berlin",
    }


def mention(account: Json) -> Json:
    """The entity of `<at>Name</at>`."""
    mentioned = {"id": account["id"], "name": account["name"]}
    return {"type": "mention", "mentioned": mentioned, "text": f"<at>{account['name']}</at>"}


def message(
    scene: Scene,
    sender: Json,
    text: str,
    *,
    activity_id: str,
    at: datetime | None = None,
    parts: Parts | None = None,
) -> Json:
    """What a person typed. `text` is as Teams writes it: escaped, with `<at>` for mentions."""
    parts = parts or Parts()
    in_thread = scene.root if scene.root != activity_id else None
    told = activity(
        scene,
        sender,
        "message",
        activity_id=activity_id,
        at=at,
        text=text,
        textFormat="plain",
        locale="en-US",
        entities=[*parts.entities, client_info()],
        attachments=[*parts.attachments, twin(text, parts)],
        replyToId=parts.reply_to or in_thread,
        value=parts.value,
    )
    return told | parts.fields


def twin(text: str, parts: Parts) -> Json:
    """The same message once more as HTML, which every message carries."""
    words = parts.markup
    if words is None:
        words = text
        for at, entity in enumerate(e for e in parts.entities if e["type"] == "mention"):
            span = (
                f'<span itemscope="" itemtype="http://schema.skype.com/Mention" itemid="{at}">'
                f"{entity['mentioned']['name']}</span>"
            )
            words = words.replace(entity["text"], span)
    return {"contentType": "text/html", "content": f"<p>{words}</p>"}


def inline_image(url: str) -> Json:
    return {"contentType": "image/*", "contentUrl": url}


def file_download(name: str, url: str) -> Json:
    """A file in a personal chat: the URL needs no token, and is good for a few minutes."""
    kind = name.rpartition(".")[2]
    return {
        "contentType": FILE,
        "contentUrl": f"https://example.sharepoint.com/personal/{name}",
        "name": name,
        "content": {"downloadUrl": url, "uniqueId": str(uuid.uuid4()), "fileType": kind},
    }


def submit(scene: Scene, sender: Json, value: Json, *, activity_id: str, reply_to: str) -> Json:
    """Action.Submit of a card: a message with a value and no text."""
    return activity(
        scene,
        sender,
        "message",
        activity_id=activity_id,
        value=value,
        replyToId=reply_to,
        locale="en-US",
        entities=[client_info()],
    )


def slash(scene: Scene, sender: Json, text: str, *, activity_id: str) -> Json:
    """A slash command: a message that only the bot and its sender see."""
    told = message(scene, sender, text, activity_id=activity_id)
    told["recipient"]["isTargeted"] = True
    return told


def edited(told: Json, text: str, *, event: str = "editMessage") -> Json:
    """The message with another text; `undeleteMessage` is told in the same shape."""
    changed = told | {"type": "messageUpdate", "text": text}
    changed["channelData"] = told["channelData"] | {"eventType": event}
    changed["attachments"] = [
        a for a in told.get("attachments", []) if a["contentType"] != "text/html"
    ]
    changed["attachments"].append({"contentType": "text/html", "content": f"<p>{text}</p>"})
    return changed


def deleted(told: Json) -> Json:
    kept = ("id", "serviceUrl", "channelId", "from", "conversation", "recipient")
    return {name: told[name] for name in kept} | {
        "type": "messageDelete",
        "timestamp": _iso(datetime.now(UTC)),
        "channelData": told["channelData"] | {"eventType": "softDeleteMessage"},
    }


def reaction(
    scene: Scene,
    sender: Json,
    message_id: str,
    *,
    added: Sequence[str] = (),
    removed: Sequence[str] = (),
) -> Json:
    """One activity may carry both. `message_id` is the bot's message."""
    return activity(
        scene,
        sender,
        "messageReaction",
        activity_id=f"f:{uuid.uuid4()}",
        replyToId=message_id,
        reactionsAdded=[{"type": kind} for kind in added] or None,
        reactionsRemoved=[{"type": kind} for kind in removed] or None,
    )


def invoke(scene: Scene, sender: Json, name: str, value: Any, reply_to: str | None = None) -> Json:
    return activity(
        scene,
        sender,
        "invoke",
        activity_id=f"f:{uuid.uuid4()}",
        name=name,
        value=value,
        replyToId=reply_to,
        locale="en-US",
        entities=[client_info()],
    )


def feedback(
    scene: Scene, sender: Json, liked: bool, words: str | None, reply_to: str | None
) -> Json:
    """`words` None: nothing was typed, and the field is empty."""
    typed = "" if words is None else json.dumps({"feedbackText": words})
    value = {
        "actionName": "feedback",
        "actionValue": {"reaction": "like" if liked else "dislike", "feedback": typed},
    }
    return invoke(scene, sender, "message/submitAction", value, reply_to)


def execute(scene: Scene, sender: Json, action: Json, reply_to: str) -> Json:
    """Action.Execute of a card."""
    value = {"action": action, "trigger": "manual"}
    return invoke(scene, sender, "adaptiveCard/action", value, reply_to)


def installation(scene: Scene, sender: Json, *, added: bool) -> Json:
    action = "add" if added else "remove"
    told = activity(
        scene,
        sender,
        "installationUpdate",
        activity_id=f"f:{uuid.uuid4()}",
        action=action,
        locale="en-US",
    )
    told["channelData"] |= {"settings": {"selectedChannel": {"id": scene.conversation}}}
    return told


def members(scene: Scene, sender: Json, accounts: Sequence[Json], *, added: bool) -> Json:
    """conversationUpdate: who came or went."""
    name = "membersAdded" if added else "membersRemoved"
    told = activity(scene, sender, "conversationUpdate", activity_id=f"f:{uuid.uuid4()}")
    told[name] = [{"id": account["id"]} for account in accounts]
    if scene.kind == "channel":
        event = "teamMemberAdded" if added else "teamMemberRemoved"
        team = {"aadGroupId": scene.team_aad, "name": scene.team_name, "id": scene.team}
        told["channelData"] |= {"eventType": event, "team": team}
    return told


def typing(scene: Scene, sender: Json) -> Json:
    return activity(scene, sender, "typing", activity_id=f"f:{uuid.uuid4()}")


def as_typed(text: str) -> str:
    """The words of a person as Teams writes them into `text`."""
    return html.escape(text, quote=False)
