"""People: what they type, edit, delete, react to and press, told to the bot as Teams does."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from tests.standins.teams import payloads
from tests.standins.teams.buttons import Buttons
from tests.standins.teams.payloads import Parts
from tests.standins.teams.workspace import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.standins.teams.connector.call import Context
    from tests.standins.teams.delivery import Delivery, Outbox
    from tests.standins.teams.files import FileShelf, TeamsFile
    from tests.standins.teams.workspace import Conversation, Person

Json = dict[str, Any]
SECOND_DELIVERY_S = 30.0
"""After which Teams was seen to tell a message again under a new id."""


class People(Buttons):
    def __init__(
        self,
        context: Context,
        outbox: Outbox,
        shelf: FileShelf,
        service_url: Callable[[], str],
    ) -> None:
        super().__init__(context, outbox, service_url)
        self.hears_everything = False
        """Whether the bot is told of messages without its mention in groups and channels too."""
        self._shelf = shelf

    # --- messages -------------------------------------------------------------------------------

    def say(
        self,
        who: str,
        where: Conversation | str,
        text: str,
        root: str | None = None,
        *,
        images: Sequence[TeamsFile] = (),
        files: Sequence[TeamsFile] = (),
        raw: bool = False,
        told: bool = True,
    ) -> Message:
        """Type a message. `@bot` in it is the mention of the bot, `@alice` that of a person.

        `root` answers in that thread of a channel. The bot is told only where Teams would:
        personal chats, and messages with its mention (see `hears_everything`). `told=False` holds
        it back (see `tell`); `raw` takes `text` as Teams writes it. The activity that is told is
        the message's `activity`.
        """
        conversation = self._workspace.conversation(where)
        person = self._workspace.person(who)
        message_id = self._workspace.new_id()
        written, entities = self._write(text, conversation, raw=raw)
        place = self.scene(conversation, root or message_id)
        parts = Parts(
            attachments=[
                *(payloads.inline_image(self._shelf.image(image)) for image in images),
                *self._attach(files, conversation),
            ],
            entities=entities,
            markup=self._stub(files, conversation),
        )
        told_as = payloads.message(
            place, person.account(), written, activity_id=message_id, parts=parts
        )
        message = self._store(conversation, person, told_as, place.root)
        message.heard = self._hears(conversation, entities)
        if told and message.heard:
            self.tell(message)
        self._workspace.touch()
        return message

    def tell(self, message: Message, *, delay_s: float = 0.0) -> Delivery:
        """Send the activity of a message, once more where it was sent before."""
        return self._outbox.send(message.activity, delay_s=delay_s)

    def tell_again(
        self, message: Message, *, new_id: bool = False, delay_s: float | None = None
    ) -> Delivery:
        """A second delivery: under the same id at once, or under a new one half a minute later."""
        payload = dict(message.activity)
        if new_id:
            payload["id"] = self._workspace.new_id()
            conversation = self._workspace.conversations[message.conversation]
            conversation.aliases[payload["id"]] = message.id
        later_s = SECOND_DELIVERY_S if new_id else 0.0
        return self._outbox.send(payload, delay_s=later_s if delay_s is None else delay_s)

    def edit(self, message: Message, text: str, *, raw: bool = False) -> Delivery | None:
        """None: the bot hears nothing of it, as of the message itself."""
        conversation = self._workspace.conversations[message.conversation]
        written, entities = self._write(text, conversation, raw=raw)
        changed = payloads.edited(message.activity, written)
        changed["entities"] = [*entities, payloads.client_info()]
        message.change(changed | {"type": "message"})
        message.heard = message.heard or self._hears(conversation, entities)
        return self._outbox.send(changed) if message.heard else None

    def delete(self, message: Message) -> Delivery | None:
        message.deleted = True
        return self._outbox.send(payloads.deleted(message.activity)) if message.heard else None

    def undelete(self, message: Message) -> Delivery | None:
        message.deleted = False
        changed = payloads.edited(message.activity, message.text, event="undeleteMessage")
        return self._outbox.send(changed) if message.heard else None

    def slash(self, who: str, where: Conversation | str, command: str) -> Message:
        """A slash command in a group or channel: only the bot and `who` see it."""
        conversation = self._workspace.conversation(where)
        if conversation.kind == "personal":
            raise LookupError("slash commands of bots are for teams and group chats")
        person = self._workspace.person(who)
        message_id = self._workspace.new_id()
        place = self.scene(conversation, message_id)
        told = payloads.slash(
            place, person.account(), payloads.as_typed(command), activity_id=message_id
        )
        message = self._store(conversation, person, told, place.root)
        message.targeted_to, message.heard = person.id, True
        self.tell(message)
        return message

    def typing(self, who: str, where: Conversation | str) -> Delivery:
        account = self._workspace.person(who).account()
        return self._outbox.send(payloads.typing(self.scene(where), account))

    def other_bot_says(self, where: Conversation | str, text: str) -> Message:
        """A message of another bot, which mentions ours where it writes `@bot`."""
        conversation = self._workspace.conversation(where)
        message_id = self._workspace.new_id()
        written, entities = self._write(text, conversation, raw=False)
        place = self.scene(conversation, message_id)
        sender = {"id": "28:11111111-2222-3333-4444-555555555555", "name": "other bot"}
        told = payloads.message(
            place, sender, written, activity_id=message_id, parts=Parts(entities=entities)
        )
        told["from"]["role"] = "bot"
        conversation.members.add(sender["id"])
        message = Message(message_id, conversation.id, sender["id"], told, place.root)
        message.posted_at = time.monotonic()
        message.note_version()
        conversation.messages[message_id] = message
        self.tell(message)
        return message

    # --- the rest -------------------------------------------------------------------------------

    def react(self, who: str, message: Message, *kinds: str) -> Delivery | None:
        """None: nobody is told, because the message is not the bot's."""
        for kind in kinds:
            message.reactions.setdefault(kind, set()).add(who)
        return self._reaction(who, message, added=kinds)

    def unreact(self, who: str, message: Message, *kinds: str) -> Delivery | None:
        for kind in kinds:
            message.reactions.get(kind, set()).discard(who)
        return self._reaction(who, message, removed=kinds)

    def change_reaction(self, who: str, message: Message, old: str, new: str) -> Delivery | None:
        """Teams keeps one reaction a person: one activity tells both."""
        message.reactions.get(old, set()).discard(who)
        message.reactions.setdefault(new, set()).add(who)
        return self._reaction(who, message, added=[new], removed=[old])

    def _reaction(self, who: str, message: Message, **changes: Sequence[str]) -> Delivery | None:
        if message.sender != self._workspace.bot.id or message.deleted:
            return None
        place = self.scene(message.conversation, message.root)
        account = self._workspace.person(who).account()
        return self._outbox.send(payloads.reaction(place, account, message.id, **changes))

    def install(self, who: str, where: Conversation | str) -> list[Delivery]:
        return self._installed(who, where, added=True)

    def uninstall(self, who: str, where: Conversation | str) -> list[Delivery]:
        """From then on the bot cannot post there."""
        return self._installed(who, where, added=False)

    def _installed(self, who: str, where: Conversation | str, *, added: bool) -> list[Delivery]:
        conversation = self._workspace.conversation(where)
        conversation.installed = added
        place, account = self.scene(conversation), self._workspace.person(who).account()
        bot = [{"id": self._workspace.bot.id}]
        return [
            self._outbox.send(payloads.installation(place, account, added=added)),
            self._outbox.send(payloads.members(place, account, bot, added=added)),
        ]

    def join(self, who: str, where: Conversation | str) -> Delivery:
        """A person comes into a group or channel."""
        conversation, person = self._workspace.conversation(where), self._workspace.person(who)
        conversation.members.add(person.id)
        account = person.account()
        place = self.scene(conversation)
        return self._outbox.send(payloads.members(place, account, [account], added=True))

    def block(self, where: Conversation | str, *, blocked: bool = True) -> None:
        """As `uninstall`, but nobody tells the bot."""
        self._workspace.conversation(where).installed = not blocked

    # --- parts ----------------------------------------------------------------------------------

    def _store(
        self, conversation: Conversation, person: Person, told: Json, root: str | None
    ) -> Message:
        if conversation.kind == "personal" and person.id not in conversation.members:
            raise LookupError(f"{person.name} is not in this chat")
        message = Message(told["id"], conversation.id, person.id, told, root)
        conversation.members.add(person.id)
        message.posted_at = time.monotonic()
        message.note_version()
        conversation.messages[message.id] = message
        return message

    def _hears(self, conversation: Conversation, entities: Sequence[Json]) -> bool:
        bot = self._workspace.bot.id
        addressed = any(entity["mentioned"]["id"] == bot for entity in entities)
        heard = conversation.kind == "personal" or addressed or self.hears_everything
        return heard and conversation.installed

    def _write(self, text: str, conversation: Conversation, *, raw: bool) -> tuple[str, list[Json]]:
        """The text as Teams writes it, and its mentions."""
        bot = self._workspace.bot
        accounts = {"bot": {"id": bot.id, "name": bot.name}}
        accounts |= {
            name: person.account()
            for name, person in self._workspace.people.items()
            if person.id in conversation.members
        }
        entities: list[Json] = []

        def replace(match: re.Match[str]) -> str:
            account = accounts.get(match.group(1).lower())
            if account is None:
                return match.group()
            entities.append(payloads.mention(account))
            return f"<at>{account['name']}</at>"

        written = text if raw else payloads.as_typed(text)
        return re.sub(r"@(\w+)", replace, written), entities

    def _attach(self, files: Sequence[TeamsFile], conversation: Conversation) -> list[Json]:
        """Only personal chats hand files to a bot."""
        if conversation.kind != "personal":
            return []
        return [payloads.file_download(file.name, self._shelf.file(file)) for file in files]

    def _stub(self, files: Sequence[TeamsFile], conversation: Conversation) -> str | None:
        if not files or conversation.kind == "personal":
            return None
        return "".join(f'<attachment id="{file.key}"></attachment>' for file in files)
