"""What the page reads and posts, as JSON; every request is checked before anything happens."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from adapters.web.cast import BOT, EMOJI, PEOPLE, ROOMS, key_of, ref_of
from adapters.web.drawing.draw import draw
from adapters.web.http.guard import (
    Refused,
    choice_of,
    guarded,
    name_of,
    read_body,
    read_fields,
    text_of,
    to_json,
)
from adapters.web.http.stream import stream_events, to_file
from adapters.web.reading import read_message
from adapters.web.uploads import FILE_MAX_BYTES, FILES_PER_MESSAGE
from core.conversation import CommandCall, Reaction
from core.reports.plain import to_plain_text
from core.text.clean import is_blank

if TYPE_CHECKING:
    from adapters.web.messages import File, Message
    from adapters.web.playground import Playground
    from core.ports import Chatbot

TEXT_MAX_CHARS = 40_000


class Api:
    """Handlers. Until the bot is connected they answer 503, and the page asks again."""

    def __init__(self, playground: Playground) -> None:
        self._playground = playground
        self._rooms = playground.rooms

    def routes(self) -> list[web.RouteDef]:
        def post(name: str, handler: Any) -> web.RouteDef:
            return web.post(f"/playground/{name}", guarded(handler))

        def get(name: str, handler: Any) -> web.RouteDef:
            return web.get(f"/playground/{name}", guarded(handler))

        return [
            get("state", self.state),
            get("events", self.events),
            get("files/{id}", self.file),
            post("files", self.upload),
            post("messages", self.say),
            post("reactions", self.react),
            post("stop", self.stop),
            post("again", self.again),
            post("delete", self.delete),
            post("commands", self.command),
        ]

    async def state(self, _: web.Request) -> web.Response:
        bot = self._chatbot()
        return to_json(
            {
                "bot": BOT,
                "people": [asdict(person) for person in PEOPLE.values()],
                "rooms": [asdict(room) for room in ROOMS.values()],
                "emoji": EMOJI,
                "commands": [asdict(command) for command in bot.commands()],
                **self._playground.switches(),
                **self._rooms.to_state(),
            }
        )

    async def events(self, request: web.Request) -> web.StreamResponse:
        self._chatbot()
        return await stream_events(request, self._rooms.feed)

    async def upload(self, request: web.Request) -> web.Response:
        self._chatbot()
        data = await read_body(request, FILE_MAX_BYTES)
        if not data:
            raise Refused(400, "The file is empty.")
        name = request.query.get("name", "file")
        file = await self._playground.uploads.keep(name, request.content_type, data)
        return to_json(asdict(file))

    async def file(self, request: web.Request) -> web.Response:
        file_id = request.match_info["id"]
        media_type = request.query.get("type", "")
        data = await self._playground.uploads.load(file_id)
        if data is None:
            raise Refused(404, "This file is gone.")
        return to_file(media_type, data)

    async def say(self, request: web.Request) -> web.Response:
        bot = self._chatbot()
        fields = await read_fields(request)
        message = self._read_said(fields)
        inbound = read_message(message, {command.name for command in bot.commands()})
        acceptance = await bot.accept(inbound) if inbound is not None else "not_for_us"
        view = self._rooms.to_view(message)
        return to_json({"id": message.id, "acceptance": acceptance, "message": view})

    async def react(self, request: web.Request) -> web.Response:
        bot = self._chatbot()
        fields = await read_fields(request)
        person = PEOPLE[choice_of(fields, "as", PEOPLE)]
        message = self._message(fields)
        emoji = choice_of(fields, "emoji", EMOJI)
        on = fields.get("on")
        if not isinstance(on, bool):
            raise Refused(400, "on: true or false is needed.")
        if message.author == BOT:
            ref, at = ref_of(message.room, message.id), self._playground.clock.now()
            await bot.react(Reaction(ref, person.author, emoji, on, at))
        newest = self._rooms.find(message.id) or message
        self._rooms.react(newest, person.id, emoji, on=on)
        return to_json({"ok": True})

    async def stop(self, request: web.Request) -> web.Response:
        bot = self._chatbot()
        fields = await read_fields(request)
        person = PEOPLE[choice_of(fields, "as", PEOPLE)]
        room, thread = self._place(fields)
        return to_json({"ok": await bot.stop(key_of(room, thread), person.author)})

    async def again(self, request: web.Request) -> web.Response:
        bot = self._chatbot()
        fields = await read_fields(request)
        person = PEOPLE[choice_of(fields, "as", PEOPLE)]
        message = self._message(fields)
        click = name_of(fields, "click")
        ref = ref_of(message.room, message.id)
        return to_json({"ok": await bot.again(ref, person.author, click)})

    async def delete(self, request: web.Request) -> web.Response:
        """People take back their own words only."""
        bot = self._chatbot()
        fields = await read_fields(request)
        person = choice_of(fields, "as", PEOPLE)
        message = self._message(fields)
        if message.author != person:
            raise Refused(403, "Only its author can delete a message.")
        unfinished = await bot.deleted(ref_of(message.room, message.id))
        for ref in unfinished:
            self._rooms.remove(ref.message_id)
        self._rooms.take_back(message)
        return to_json({"ok": True})

    async def command(self, request: web.Request) -> web.Response:
        """A button in a report: its answer takes the report's place."""
        bot = self._chatbot()
        fields = await read_fields(request)
        person = PEOPLE[choice_of(fields, "as", PEOPLE)]
        message = self._message(fields)
        words = text_of(fields, "command", 200).split()
        if message.kind == "said" or not words:
            raise Refused(400, "command: there is no such button.")
        call = CommandCall(
            name=words[0],
            arguments=tuple(words[1:]),
            conversation=key_of(message.room, message.thread),
            author=person.author,
            direct=ROOMS[message.room].kind == "direct",
        )
        document = await bot.run(call)
        if document.title or document.blocks:
            plain, html = to_plain_text(document), draw(document)
            self._playground.show_report(message, plain, html, person.id)
        return to_json({"ok": True})

    def _read_said(self, fields: dict[str, Any]) -> Message:
        """The message in its room; the same one when the page sends it again."""
        person = choice_of(fields, "as", PEOPLE)
        nonce = name_of(fields, "nonce")
        room, thread = self._place(fields)
        text = text_of(fields, "text", TEXT_MAX_CHARS)
        files = self._files(fields)
        if is_blank(text) and not files:
            raise Refused(400, "text: there is nothing to send.")
        return self._rooms.by_nonce(person, nonce) or self._rooms.add(
            room, thread, person, text=text, files=files, nonce=nonce
        )

    def _files(self, fields: dict[str, Any]) -> tuple[File, ...]:
        ids = fields.get("files", [])
        if not isinstance(ids, list) or len(ids) > FILES_PER_MESSAGE:
            raise Refused(400, f"files: at most {FILES_PER_MESSAGE} ids are needed.")
        found = [self._playground.uploads.find(one) for one in ids if isinstance(one, str)]
        files = tuple(file for file in found if file is not None)
        if len(files) != len(ids):
            raise Refused(400, "files: a file is gone. Please attach it again.")
        return files

    def _place(self, fields: dict[str, Any]) -> tuple[str, str]:
        room = choice_of(fields, "room", ROOMS)
        thread = text_of(fields, "thread", 64, "")
        root = self._rooms.find(thread) if thread else None
        if thread and (root is None or root.room != room or root.thread):
            raise Refused(400, "thread: that does not exist here.")
        if thread and ROOMS[room].kind == "direct":
            raise Refused(400, "thread: a direct conversation has none.")
        return room, thread

    def _message(self, fields: dict[str, Any]) -> Message:
        message = self._rooms.find(name_of(fields, "message"))
        if message is None:
            raise Refused(404, "This message is gone.")
        return message

    def _chatbot(self) -> Chatbot:
        bot = self._playground.chatbot
        if bot is None:
            raise Refused(503, "The bot is starting.")
        return bot
