"""How everything is put together, in reading order: store, model, core, channels."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING

from adapters.files.prompt import PromptFile
from adapters.files.requests import RequestLog
from adapters.litellm.lanes import Lanes
from adapters.litellm.prices import read_prices
from adapters.litellm.switch import SwitchableModel
from adapters.litellm.vision import sees_images
from adapters.prometheus.metrics import Metrics
from adapters.slack.channel import SlackChannel
from adapters.slack.settings import SlackSettings
from adapters.sql.store import SqlStore
from adapters.wire.sessions import build_session
from bot.clock import SortableIds
from bot.demo import demo_offer, demo_server
from bot.modelling import ModelStack, read_targets, stack_model, warn_of_unpriced
from bot.running import Bot
from core.chatbot import Desk, DeskParts
from core.commands.help import Help
from core.commands.registry import Commands
from core.commands.reset import Reset
from core.commands.settings import Settings as SettingsCommand
from core.commands.stats import Stats
from core.commands.stop import Stop
from core.feedback import Feedback
from core.people.access import Access
from core.people.limits import Limits, LimitSettings
from core.people.preferences import ModelChoice
from core.people.rates import parse_rate
from core.scrub import Scrubber
from core.turns.engine import Engine, EngineParts
from core.turns.history import HistoryBuilder, Window
from core.turns.reading import Reader
from core.turns.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from bot.playground import Playground
    from bot.settings import Settings
    from core.conversation import Author, ConversationKey
    from core.ports import Clock, CommandSummary, Completions, Platform


async def build_bot(settings: Settings, clock: Clock, playground: Playground | None) -> Bot:
    """Open what has to be opened and put it together; raises SettingError."""
    resources = AsyncExitStack()
    try:
        return await _build(settings, clock, playground, resources)
    except BaseException:
        await resources.aclose()
        raise


async def _build(
    settings: Settings, clock: Clock, playground: Playground | None, resources: AsyncExitStack
) -> Bot:
    ids = SortableIds()
    store = await SqlStore.open(
        settings.database_url, replica_id=ids.new(), lease_s=settings.lease_s, clock=clock
    )
    resources.push_async_callback(store.close)
    metrics = Metrics()
    requests = RequestLog(settings.metrics_dir, Scrubber(settings.secrets()))
    resources.push_async_callback(requests.close)
    observers = (metrics, requests)

    slack = build_slack(settings, clock)
    web = playground.channel if playground else None
    platforms = {
        channel.platform.name: channel.platform for channel in (slack, web) if channel is not None
    }
    people = build_people(settings, store, clock)
    model = await build_model(settings, clock, people.limits.guard(store), playground, resources)
    choice = ModelChoice(store, model.name, settings.llm_temperature, settings.llm_allowed_models)
    # A stop goes through the desk, which comes last: the command asks for it when it is called.
    desk: Desk

    async def stop(conversation: ConversationKey, author: Author) -> bool:
        return await desk.stop(conversation, author)

    commands = build_commands(store, choice, people.access, clock, stop)
    engine = build_engine(settings, clock, store, model, choice, people, commands, platforms)
    workers = Workers(
        inbox=store,
        engine=engine,
        clock=clock,
        slots=settings.turns_at_work,
        lease_s=settings.lease_s,
        observers=observers,
        on_dead_letter=metrics.dead_letter,
    )
    desk = Desk(
        DeskParts(
            inbox=store,
            stops=store,
            turns=store,
            workers=workers,
            commands=commands,
            feedback=Feedback(store, observers, settings.reactions_up, settings.reactions_down),
            access=people.access,
            platforms=platforms,
            clock=clock,
            ids=ids,
            follow_ups=settings.thread_follow_ups,
            on_duplicate=metrics.duplicate,
            on_acknowledged=metrics.acknowledged,
        )
    )
    return Bot(
        clock=clock,
        store=store,
        workers=workers,
        desk=desk,
        metrics=metrics,
        model=model,
        retention_days=settings.retention_days,
        slack=slack,
        web=web,
        resources=resources,
    )


async def build_model(
    settings: Settings,
    clock: Clock,
    completions: Completions,
    playground: Playground | None,
    resources: AsyncExitStack,
) -> ModelStack:
    """The models that the settings name; in a demo, whichever is chosen on the page."""
    session = build_session()
    resources.push_async_callback(session.close)
    faults = playground.faults if playground else None
    targets = await resources.enter_async_context(demo_server(read_targets(settings), faults))
    lanes = Lanes(targets.values(), session)
    resources.push_async_callback(lanes.close)
    prices = await asyncio.to_thread(read_prices, settings.prices_file)
    await asyncio.to_thread(prices.prefetch, targets)
    name = next(iter(targets))
    model = stack_model(settings, lanes, completions, prices, clock, name)
    if playground is not None and playground.models is not None:
        switch = SwitchableModel(model.model, lanes, demo_offer(targets[name]))
        playground.models.attach(switch, session)
        model = replace(model, model=switch)
    warn_of_unpriced(settings, targets, prices)
    return model


def build_engine(
    settings: Settings,
    clock: Clock,
    store: SqlStore,
    model: ModelStack,
    choice: ModelChoice,
    people: People,
    commands: Commands,
    platforms: Mapping[str, Platform],
) -> Engine:
    window = Window(settings.history_max_messages, settings.history_max_tokens)
    return Engine(
        EngineParts(
            model=model.model,
            meter=model.meter,
            completions=store,
            turns=store,
            prompt=PromptFile(settings.system_prompt_file, clock),
            history=HistoryBuilder(window, model.tokens),
            reader=Reader(sees_images, people.access.may_speak),
            choice=choice,
            limits=people.limits,
            commands=commands,
            platforms=platforms,
            clock=clock,
            max_history=settings.history_max_messages,
            max_tokens=settings.llm_max_tokens,
            answer_timeout_s=settings.answer_timeout,
            footer=settings.answer_footer,
        )
    )


@dataclass(frozen=True, slots=True)
class People:
    access: Access
    limits: Limits


def build_people(settings: Settings, store: SqlStore, clock: Clock) -> People:
    access = Access(settings.allowed_users, settings.allowed_channels, settings.admin_users)
    return People(access, Limits(build_limits(settings), store, store, clock))


def build_slack(settings: Settings, clock: Clock) -> SlackChannel | None:
    """None without a bot token."""
    return SlackChannel.build(read_slack_settings(settings), clock) if settings.has_slack else None


def read_slack_settings(settings: Settings) -> SlackSettings:
    return SlackSettings(
        bot_token=settings.slack_bot_token.get_secret_value(),
        app_token=settings.slack_app_token.get_secret_value(),
        signing_secret=settings.slack_signing_secret.get_secret_value(),
        api_url=settings.slack_api_url,
        pacing=settings.slack_pacing,
    )


def build_commands(
    store: SqlStore,
    choice: ModelChoice,
    access: Access,
    clock: Clock,
    stop: Callable[[ConversationKey, Author], Awaitable[bool]],
) -> Commands:
    """In the order of help; a new command is one line here."""
    commands: Commands

    def summaries() -> Sequence[CommandSummary]:
        return commands.summaries()

    commands = Commands(
        [
            Stats(store, clock),
            Reset(store),
            SettingsCommand(store, choice, access.may_configure),
            Stop(stop),
            Help(summaries),
        ]
    )
    return commands


def build_limits(settings: Settings) -> LimitSettings:
    return LimitSettings(
        user=parse_rate(settings.rate_limit_user, "RATE_LIMIT_USER"),
        channel=parse_rate(settings.rate_limit_channel, "RATE_LIMIT_CHANNEL"),
        workspace=parse_rate(settings.rate_limit_workspace, "RATE_LIMIT_WORKSPACE"),
        budget_user_usd=settings.budget_user_usd_day or None,
        budget_workspace_usd=settings.budget_workspace_usd_day or None,
        zone=UTC,
    )
