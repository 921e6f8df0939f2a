"""The activities that the bot writes, as Teams wants them on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.teams.place import Place

Json = dict[str, Any]

AI_LABEL: Final[Json] = {
    "type": "https://schema.org/Message",
    "@type": "Message",
    "@context": "https://schema.org",
    "@id": "",
    "additionalType": ["AIGeneratedContent"],
}
"""learn.microsoft.com, "Format AI bot messages": people see that a machine wrote it."""
FEEDBACK: Final[Json] = {"feedbackLoop": {"type": "default"}}
SHELL_TEXT: Final = "…"
"""What a message says before its text."""


def to_message(
    place: Place,
    text: str,
    attachments: Sequence[Json] = (),
    *,
    by_model: bool = False,
    can_rate: bool = False,
    summary: str = "",
) -> Json:
    """`by_model`: labelled as such. `can_rate`: with Teams' own buttons below it."""
    activity: Json = {**_addressed(place), "type": "message"}
    if text.strip() or not attachments:
        # Teams takes no message that says nothing.
        activity |= {"text": text if text.strip() else SHELL_TEXT, "textFormat": "markdown"}
    if attachments:
        activity["attachments"] = list(attachments)
    if summary:
        activity["summary"] = summary
    if by_model:
        activity["entities"] = [AI_LABEL]
    if can_rate:
        activity["channelData"] = FEEDBACK
    return activity


def to_stream(
    place: Place,
    kind: Literal["informative", "streaming"],
    text: str,
    sequence: int,
    stream_id: str = "",
) -> Json:
    """A piece of a message that grows; the first has no id yet."""
    info: Json = {"type": "streaminfo", "streamType": kind, "streamSequence": sequence}
    if stream_id:
        info["streamId"] = stream_id
    return {**_addressed(place), "type": "typing", "text": text, "entities": [info]}


def to_stream_end(activity: Json, stream_id: str) -> Json:
    """The same message as the last of its stream."""
    info = {"type": "streaminfo", "streamType": "final", "streamId": stream_id}
    return activity | {"entities": [info, *activity.get("entities", [])]}


def to_typing(place: Place) -> Json:
    return {**_addressed(place), "type": "typing"}


def _addressed(place: Place) -> Json:
    """From the bot; to one person where it is for their eyes alone."""
    activity: Json = {"from": {"id": place.bot, "name": place.bot_name}}
    if place.targeted:
        activity["recipient"] = {"id": place.user, "name": place.user_name, "isTargeted": True}
    return activity
