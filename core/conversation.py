"""Who said what, where: the words that every channel adapter translates into."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from datetime import datetime

Address = Literal["mention", "direct", "thread"]
"""How a message reaches the bot: named, written to in a DM, or only overheard in a thread."""
GUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


def fold_id(written: str) -> str:
    """A GUID in lower case, as it means the same in either; other ids are different ones then."""
    return written.lower() if GUID.fullmatch(written) else written


@dataclass(frozen=True, slots=True)
class ConversationKey:
    """What shares one history: a thread, or a DM.

    `str(key)` is for logs and links (each part percent-encoded, joined by `:`), and
    `parse(str(key)) == key`; a store keeps the four parts in columns of their own.
    """

    platform: str
    workspace: str
    channel: str
    thread: str
    """Empty where the channel itself is the conversation."""

    def __str__(self) -> str:
        parts = (self.platform, self.workspace, self.channel, self.thread)
        return ":".join(quote(part, safe="", errors="surrogatepass") for part in parts)

    @classmethod
    def parse(cls, text: str) -> ConversationKey:
        """Read what `str()` wrote; raises ValueError for anything else."""
        parts = text.split(":")
        if len(parts) != 4:
            raise ValueError(f"a conversation key has four parts: {text!r}")
        return cls(*(unquote(part, errors="surrogatepass") for part in parts))


@dataclass(frozen=True, slots=True)
class MessageRef:
    """One message on a platform, without its thread: a reaction names only channel and message."""

    platform: str
    workspace: str
    channel: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Author:
    """The person who wrote or pressed something."""

    user_id: str
    name: str
    """As shown to others; an adapter that does not know it passes the id."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file beside a message; its bytes are read only when a model is about to see them."""

    name: str
    media_type: str
    size_bytes: int
    """As the platform claims; 0 where it does not say. Never trusted as a limit."""
    locator: str
    """Opaque to core: what the adapter needs to fetch it from any process."""


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A message from a person, as core sees it."""

    ref: MessageRef
    conversation: ConversationKey
    author: Author
    text: str
    """Plain Markdown, the mention of the bot itself removed."""
    address: Address
    sent_at: datetime
    attachments: tuple[Attachment, ...] = ()
    reply_to: str = ""
    """Opaque to core and stored with the message: all that the adapter needs to answer it later,
    from any process."""
    twin: str = ""
    """A second key under which the platform may deliver the same message again; empty: none."""
    mentions_others: bool = False
    """It names somebody else, so an overheard one is not meant for the bot."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """An emoji or a feedback button put on a message, or taken off it."""

    ref: MessageRef
    author: Author
    emoji: str
    """Without colons and without a skin tone. Buttons arrive as `button:up` and `button:down`."""
    added: bool
    at: datetime
    """The platform's own time of the event: it orders events that overtake each other."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CommandCall:
    """A command somebody typed (`stats 24h`) or called by the platform's own slash form."""

    name: str
    arguments: tuple[str, ...]
    conversation: ConversationKey
    author: Author
    from_slash: bool = False
    """Called outside of any thread: `conversation.thread` is then empty."""
    direct: bool = False
    """Called in a DM."""
