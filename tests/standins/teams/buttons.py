"""What people press: buttons of cards, feedback buttons, and Stop under a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.standins.teams import payloads
from tests.standins.teams.connector import streams
from tests.standins.teams.payloads import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.standins.teams.connector.call import Context
    from tests.standins.teams.delivery import Delivery, Outbox
    from tests.standins.teams.workspace import Conversation, Message

Json = dict[str, Any]


class Buttons:
    def __init__(self, context: Context, outbox: Outbox, service_url: Callable[[], str]) -> None:
        self._context = context
        self._workspace = context.workspace
        self._outbox = outbox
        self._service_url = service_url

    def scene(self, where: Conversation | str, root: str | None = None) -> Scene:
        """For payloads: the place as the bot is told of it."""
        conversation = self._workspace.conversation(where)
        bot = self._workspace.bot
        return Scene(
            self._service_url(),
            self._workspace.tenant,
            {"id": bot.id, "name": bot.name},
            conversation.id,
            conversation.kind,
            root if conversation.kind == "channel" else None,
            conversation.team_id,
            conversation.team_aad_id,
            conversation.team_name,
            conversation.name,
        )

    def press(
        self, who: str, message: Message, button: str, inputs: Json | None = None
    ) -> Delivery:
        """A button of the message's cards, by title, verb or id; `inputs` is what was filled in.

        Raises LookupError when there is none, or it opens something without asking the bot.
        """
        action = self._button(message, button)
        place = self.scene(message.conversation, message.root)
        account = self._workspace.person(who).account()
        data = action.get("data", {})
        filled = data | (inputs or {}) if isinstance(data, dict) else data
        if action["type"] == "Action.Execute":
            kept = {n: action[n] for n in ("type", "id", "title", "verb") if n in action}
            told = payloads.execute(place, account, kept | {"data": filled}, message.id)
        elif action["type"] == "Action.Submit":
            new_id = self._workspace.new_id()
            told = payloads.submit(place, account, filled, activity_id=new_id, reply_to=message.id)
        else:
            raise LookupError(f"{action['type']} does not reach the bot")
        return self._outbox.send(told)

    def _button(self, message: Message, button: str) -> Json:
        if message.deleted:
            raise LookupError("the message is gone")
        for action in _actions(message.cards):
            if button in (action.get("title"), action.get("verb"), action.get("id")):
                return action
        raise LookupError(f"no button {button!r} in {message.cards}")

    def feedback(
        self,
        who: str,
        message: Message,
        *,
        liked: bool,
        words: str | None = None,
        names_message: bool = True,
    ) -> Delivery:
        """The thumbs under a message. Some clients do not say which message it is about. Raises
        LookupError when the message shows none."""
        if message.deleted or message.feedback_loop is None:
            raise LookupError("the message shows no feedback buttons")
        place = self.scene(message.conversation, message.root)
        account = self._workspace.person(who).account()
        about = message.id if names_message else None
        return self._outbox.send(payloads.feedback(place, account, liked, words, about))

    def invoke(self, who: str, where: Conversation | str, name: str, value: Any) -> Delivery:
        """Any invoke, known or not."""
        account = self._workspace.person(who).account()
        return self._outbox.send(payloads.invoke(self.scene(where), account, name, value))

    def stop(self, who: str) -> Message:
        """Press Stop under the stream that runs in a person's chat. Raises LookupError."""
        running = streams.open_stream(self._workspace.personal(who), self._context)
        if running is None or running.stream is None:
            raise LookupError(f"nothing is being streamed to {who}")
        running.stream.state = "stopped"
        self._workspace.touch()
        return running


def _actions(node: Any) -> Iterator[Json]:
    """Every action in cards, fallbacks left out: Teams knows what they stand in for."""
    if isinstance(node, list):
        for item in node:
            yield from _actions(item)
    elif isinstance(node, dict):
        if str(node.get("type")).startswith("Action."):
            yield node
        for name, item in node.items():
            if name not in ("data", "fallback"):
                yield from _actions(item)
