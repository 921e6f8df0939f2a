"""`python -m bot check`: reaches every configured service and says in a line each how it went."""

from __future__ import annotations

import logging
from contextlib import aclosing
from typing import TYPE_CHECKING

from adapters.files.prompt import PromptFile
from adapters.litellm.lanes import Lanes
from adapters.slack.check import check as check_slack
from adapters.sql.sqlite.file import DatabaseInUseError
from adapters.sql.store import look_into, open_uncounted
from adapters.teams.check import check as check_teams
from adapters.wire.sessions import build_session
from bot.channels import read_slack_settings, read_teams_settings
from bot.clock import SystemClock
from bot.commands.acting import describe_pauses
from bot.demo import demo_server
from bot.modelling import read_targets
from bot.settings import read_settings, require_runnable
from bot.tracing import read_langfuse_settings
from core.completion import ChatMessage, ChatRequest, Delta
from core.errors import ModelError, SettingError
from core.model.timed import TimedModel

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from adapters.litellm.targets import Target
    from bot.settings import Settings
    from core.ports import ChatModel

Line = tuple[bool, str]
LONGEST_TRY_TOKENS = 16


async def check() -> int:
    """Returns the exit code: 0 only if everything is ok. Prints a line for each thing tried."""
    settings = read_settings()
    logging.getLogger().addHandler(logging.NullHandler())  # the lines say it all
    ok = True
    async with aclosing(_lines(settings)) as lines:
        async for is_right, line in lines:
            print(f"{'ok   ' if is_right else 'WRONG'}  {line}", flush=True)
            ok = ok and is_right
    return 0 if ok else 1


async def _lines(settings: Settings) -> AsyncGenerator[Line, None]:
    """One by one, as a model may take its time."""
    yield _settings(settings)
    yield _prompt(settings)
    yield await _database(settings)
    for pause in await _pauses(settings):
        yield True, pause
    if settings.has_model:
        async with aclosing(_models(settings)) as lines:
            async for line in lines:
                yield line
    if settings.has_teams:
        for line in await check_teams(read_teams_settings(settings), SystemClock()):
            yield line
    if settings.has_slack:
        for line in await check_slack(read_slack_settings(settings)):
            yield line
    if settings.has_langfuse:
        yield await _langfuse(settings)


def _settings(settings: Settings) -> Line:
    try:
        require_runnable(settings)
    except SettingError as error:
        return False, str(error)
    return True, "settings"


def _prompt(settings: Settings) -> Line:
    try:
        prompt = PromptFile(settings.prompt_path, SystemClock()).current()
    except SettingError as error:
        return False, str(error)
    return True, f"system prompt: {len(prompt.text)} characters, version {prompt.version}"


async def _database(settings: Settings) -> Line:
    """Beside running bots: who takes messages is counted, and the write budgets are shared out."""
    try:
        store = await open_uncounted(settings.database_url, SystemClock())
    except DatabaseInUseError:
        return True, "database: in use by a running bot"
    except SettingError as error:
        return False, str(error)
    trouble = await store.ready()
    await store.close()
    return not trouble, f"database: {trouble or 'can be written'}"


async def _pauses(settings: Settings) -> Sequence[str]:
    try:
        return await describe_pauses(look_into(settings.database_url, SystemClock()))
    except SettingError:
        return ()  # the line above says it


async def _langfuse(settings: Settings) -> Line:
    from adapters.langfuse.checking import check  # only here, as its SDK takes half a second

    return await check(read_langfuse_settings(settings))


async def _models(settings: Settings) -> AsyncGenerator[Line, None]:
    try:
        targets = read_targets(settings)
    except SettingError as error:
        yield False, str(error)
        return
    async with demo_server(targets) as targets, build_session() as session:
        lanes = Lanes(targets.values(), session)
        model = TimedModel(lanes, settings.request_timeout, settings.request_timeout)
        try:
            for target in targets.values():
                yield await _model(model, target)
        finally:
            await lanes.close()


async def _model(model: ChatModel, target: Target) -> Line:
    request = ChatRequest(
        turn_id="check",
        messages=(ChatMessage("user", "Say the word ok."),),
        model=target.model,
        temperature=0.0,
        max_tokens=LONGEST_TRY_TOKENS,
    )
    said = ""
    try:
        async with aclosing(model.stream(request)) as events:
            async for event in events:
                said += event.text if isinstance(event, Delta) else ""
    except ModelError as error:
        return False, f"model {target.model}: {error.category}: {error}"
    return True, f"model {target.model}: answers"
