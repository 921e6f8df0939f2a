"""What comes with a question: earlier words in the thread, and attached files."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.completion import Image
from core.errors import DeliveryError
from core.text.clean import clean_text
from core.turns.history import Question

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from core.conversation import Attachment, Author, InboundMessage
    from core.ports import Attachments, Files, Transcript
    from core.turn import Said, Turn

logger = logging.getLogger(__name__)

CONTEXT_MAX_MESSAGES = 50
QUESTION_MAX_CHARS = 12_000
"""What Slack lets a person send in one message of Markdown, and enough for a person to type."""
IMAGE_MAX_BYTES = 5 * 1024 * 1024
"""The smallest limit among the large providers for one image."""
TEXT_FILE_MAX_BYTES = 64 * 1024
FILES_PER_QUESTION = 4
IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
ANY_IMAGE = "image/*"
"""What a platform says that does not know itself."""
TEXT_TYPES = ("text/", "application/json", "application/xml", "application/x-yaml")


def image_type(data: bytes) -> str:
    """By the first bytes of a picture; empty: none that models take."""
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    kinds = {b"\x89PNG\r\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
    return next((kind for start, kind in kinds.items() if data.startswith(start)), "")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads what a question refers to, within bounds; what cannot be read is said in one line."""

    sees_images: Callable[[str], bool]
    """Whether a model of that name takes pictures."""
    may_speak: Callable[[str, str, Author], bool]
    """Whether a person (platform, workspace, author) may use the bot: others are not quoted."""

    async def context(
        self,
        transcript: Transcript,
        message: InboundMessage,
        past: Sequence[Turn],
        forgotten_at: datetime | None,
    ) -> tuple[Said, ...]:
        """What was said since the last answered question, and since a reset; empty where it cannot
        be read."""
        if message.address != "mention":
            return ()
        since = past[-1].message_id if past else None
        try:
            said = await transcript.before(message, since or None, CONTEXT_MAX_MESSAGES)
        except DeliveryError as error:
            logger.warning("the thread could not be read: %s", error)
            return ()
        platform, workspace = message.ref.platform, message.ref.workspace
        return tuple(
            one
            for one in said
            if self.may_speak(platform, workspace, one.author)
            and (forgotten_at is None or one.sent_at > forgotten_at)
        )

    async def with_files(self, files: Files | None, message: InboundMessage) -> InboundMessage:
        """The message with the files that its event left out; as it is where nobody can say."""
        if files is None:
            return message
        try:
            return replace(message, attachments=tuple(await files.of(message)))
        except DeliveryError as error:
            logger.warning("the files of a message could not be looked for: %s", error)
            return message

    async def question(
        self, attachments: Attachments, message: InboundMessage, model: str
    ) -> Question:
        """The text with the files that could be read quoted below it, and the pictures."""
        pieces = [clean_text(message.text)]
        images: list[Image] = []
        for attachment in message.attachments[:FILES_PER_QUESTION]:
            read = await self._read(attachments, message, attachment, model)
            if isinstance(read, Image):
                images.append(read)
            else:
                pieces.append(read)
        left_out = len(message.attachments) - FILES_PER_QUESTION
        if left_out > 0:
            pieces.append(f"[{left_out} more attached files were not read.]")
        return Question(message, "\n\n".join(piece for piece in pieces if piece), tuple(images))

    async def _read(
        self, attachments: Attachments, message: InboundMessage, attachment: Attachment, model: str
    ) -> Image | str:
        name = clean_text(attachment.name).replace("\n", " ")[:80]
        is_image = attachment.media_type in IMAGE_TYPES or attachment.media_type == ANY_IMAGE
        if is_image and not self.sees_images(model):
            return f"[The attached picture {name} was not read: this model sees no pictures.]"
        if not is_image and not attachment.media_type.startswith(TEXT_TYPES):
            return f"[The attached file {name} was not read: only text and pictures are.]"
        limit = IMAGE_MAX_BYTES if is_image else TEXT_FILE_MAX_BYTES
        try:
            data = await attachments.read(message, attachment, limit)
        except DeliveryError as error:
            logger.warning("an attachment could not be read: %s", error)
            return f"[The attached file {name} could not be read.]"
        if is_image:
            media_type = image_type(data) or attachment.media_type
            if media_type in IMAGE_TYPES:
                return Image(media_type, data)
            return f"[The attached picture {name} was not read: its kind is not known.]"
        text = clean_text(data.decode("utf-8", errors="replace"))
        return f"[Attached file {name}, quoted as data:]\n{text}\n[End of {name}.]"
