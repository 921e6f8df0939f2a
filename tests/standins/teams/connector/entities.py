"""Entities of the bot's activities: mentions, the AI label with citations, and stream info."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.standins.teams.connector.call import bad

if TYPE_CHECKING:
    from tests.standins.teams.workspace import Conversation, Workspace

Json = dict[str, Any]
AI_MESSAGE = "https://schema.org/Message"
AI_FIELDS = {"type", "@type", "@context", "@id", "additionalType", "citation", "usageInfo"}
STREAM_FIELDS = {"type", "streamId", "streamType", "streamSequence"}
# learn.microsoft.com, "Enhance AI-generated bot messages"
CITATIONS = 20
CITATION_NAME = 80
CITATION_ABSTRACT = 160
APPEARANCE_FIELDS = {
    "@type",
    "name",
    "url",
    "abstract",
    "text",
    "keywords",
    "encodingFormat",
    "image",
    "usageInfo",
}


def check_entities(activity: Json, conversation: Conversation, workspace: Workspace) -> None:
    entities = activity.get("entities", [])
    for entity in entities:
        kind = entity.get("type") if isinstance(entity, dict) else None
        match kind:
            case "mention":
                _check_mention(entity, activity, conversation, workspace)
            case "https://schema.org/Message":
                _check_ai(entity, activity)
            case "streaminfo":
                if unknown := entity.keys() - STREAM_FIELDS:
                    raise bad(f"Unknown field of streaminfo: {min(unknown)}")
            case _:
                raise bad(f"Unknown entity type: {kind!r}")
    for only_once, text in (
        (AI_MESSAGE, "Multiple root message entities found under `entities` array."),
        ("streaminfo", "Multiple streaminfo entities found under `entities` array."),
    ):
        if sum(entity["type"] == only_once for entity in entities) > 1:
            raise bad(text)


def stream_info(activity: Json) -> Json | None:
    for entity in activity.get("entities", []):
        if isinstance(entity, dict) and entity.get("type") == "streaminfo":
            found: Json = entity
            return found
    return None


def _check_mention(
    entity: Json, activity: Json, conversation: Conversation, workspace: Workspace
) -> None:
    mentioned = entity.get("mentioned")
    if not isinstance(mentioned, dict) or not mentioned.get("id") or not mentioned.get("name"):
        raise bad("A mention needs mentioned.id and mentioned.name.")
    text = entity.get("text")
    if not isinstance(text, str) or not text.startswith("<at>") or not text.endswith("</at>"):
        raise bad("The text of a mention must be <at>Name</at>.")
    if text not in activity.get("text", ""):
        raise bad("The text of a mention does not occur in the message.")
    known = {workspace.bot.id, *conversation.members}
    by_aad = {p.aad_id for p in workspace.people.values() if p.id in conversation.members}
    if mentioned["id"] not in known | by_aad:
        raise bad("Who is mentioned is not in the conversation.")


def _check_ai(entity: Json, activity: Json) -> None:
    if unknown := entity.keys() - AI_FIELDS:
        raise bad(f"Error parsing message entity from `entities` array: {min(unknown)}")
    if activity.get("type") != "message":
        raise bad("The AI label is for messages, and the last one of a stream.")
    if entity.get("@type") != "Message" or entity.get("@context") != "https://schema.org":
        raise bad("Error parsing message entity from `entities` array.")
    if entity.get("additionalType", ["AIGeneratedContent"]) != ["AIGeneratedContent"]:
        raise bad("additionalType must be [AIGeneratedContent].")
    citations = entity.get("citation", [])
    if not isinstance(citations, list) or len(citations) > CITATIONS:
        raise bad("Bot message with more than 20 citations.")
    positions = [_check_citation(citation, activity) for citation in citations]
    if len(set(positions)) != len(positions):
        raise bad("Two citations have the same position.")


def _check_citation(citation: Any, activity: Json) -> int:
    if not isinstance(citation, dict) or citation.get("@type") != "Claim":
        raise bad("A citation must be a Claim.")
    position = citation.get("position")
    if isinstance(position, bool) or not isinstance(position, int):
        raise bad("A citation needs an integer position.")
    if f"[{position}]" not in activity.get("text", ""):
        raise bad(f"The text does not cite [{position}].")
    shown = citation.get("appearance")
    if not isinstance(shown, dict) or not shown:
        raise bad("The `appearance` object is empty.")
    if shown.get("@type") != "DigitalDocument" or shown.keys() - APPEARANCE_FIELDS:
        raise bad(f"Error while parsing citation entity with ID: {position}.")
    for name, limit in (("name", CITATION_NAME), ("abstract", CITATION_ABSTRACT)):
        text = shown.get(name)
        if (name == "name" or text is not None) and not _fits(text, limit):
            raise bad(f"appearance.{name} needs 1 to {limit} characters.")
    return position


def _fits(text: Any, limit: int) -> bool:
    return isinstance(text, str) and 0 < len(text) <= limit
