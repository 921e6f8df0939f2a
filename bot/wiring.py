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
from adapters.sql.store import SqlStore
from adapters.wire.sessions import build_session
from bot.channels import build_channels
from bot.clock import SortableIds
from bot.demo import demo_offer, demo_server
from bot.modelling import ModelStack, read_targets, stack_model, warn_of_unpriced
from bot.running import Bot
from bot.schedule import Schedule, build_digests, build_reporter, find_last_digest
from bot.tracing import build_tracers
from core.chatbot import Desk, DeskParts
from core.commands.help import Help
from core.commands.pause import Pause, Resume
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
from core.turns.engine import Engine
from core.turns.history import HistoryBuilder, Window
from core.turns.parts import EngineParts
from core.turns.pausing import PauseTeller
from core.turns.reading import Reader
from core.turns.waiting import Outlook
from core.turns.workers import Runs, Workers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from bot.playground import Playground
    from bot.settings import Settings
    from core.conversation import Author, ConversationKey
    from core.ports import CallObserver, Clock, CommandSummary, Ids, Platform, TurnObserver


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
    ground = await build_ground(settings, clock, resources)
    channels = build_channels(settings, clock, ground.store, playground, resources)
    for channel in channels:
        resources.push_async_callback(channel.adapter.stop)
    platforms = {channel.name: channel.adapter.platform for channel in channels}
    model = await build_model(ground, playground, resources)
    choice = ModelChoice(
        ground.store, model.name, settings.llm_temperature, settings.llm_allowed_models
    )
    # A stop goes through the desk, which comes last: the command asks for it when it is called.
    desk: Desk

    async def stop(conversation: ConversationKey, author: Author) -> bool:
        return await desk.stop(conversation, author)

    commands = build_commands(ground, choice, stop)
    engine = build_engine(ground, model, choice, commands, platforms)
    outlook = Outlook(model.breaking.states)
    workers = build_workers(ground, engine, outlook)
    desk = build_desk(ground, workers, commands, platforms)
    digests = build_digests(settings, ground.store, workers, platforms, clock, ground.ids)
    if (sent_at := await find_last_digest(settings, ground.store)) is not None:
        ground.metrics.digest_sent(sent_at)
    return Bot(
        clock=clock,
        store=ground.store,
        workers=workers,
        desk=desk,
        metrics=ground.metrics,
        model=model,
        schedule=Schedule(ground.store, clock, settings.retention_days, digests),
        channels=channels,
        pause_teller=PauseTeller(ground.store, platforms),
        resources=resources,
    )


@dataclass(frozen=True, slots=True)
class Ground:
    """What everything else stands on."""

    settings: Settings
    clock: Clock
    ids: Ids
    store: SqlStore
    metrics: Metrics
    observers: Sequence[TurnObserver]
    call_observers: Sequence[CallObserver]
    access: Access
    limits: Limits


async def build_ground(settings: Settings, clock: Clock, resources: AsyncExitStack) -> Ground:
    ids = SortableIds()
    tracers = build_tracers(settings, resources)  # closed last: it is told of all that is recorded
    store = await SqlStore.open(
        settings.database_url, replica_id=ids.new(), lease_s=settings.lease_s, clock=clock
    )
    resources.push_async_callback(store.close)
    metrics = Metrics()
    requests = RequestLog(settings.metrics_dir, Scrubber(settings.secrets()))
    resources.push_async_callback(requests.close)
    access = Access(settings.allowed_users, settings.allowed_channels, settings.admin_users)
    limits = Limits(build_limits(settings), store, store, clock)
    observers: tuple[TurnObserver, ...] = (metrics, requests, *tracers)
    return Ground(settings, clock, ids, store, metrics, observers, tracers, access, limits)


async def build_model(
    ground: Ground, playground: Playground | None, resources: AsyncExitStack
) -> ModelStack:
    """The models that the settings name; in a demo, whichever is chosen on the page."""
    settings = ground.settings
    session = build_session()
    resources.push_async_callback(session.close)
    faults = playground.faults if playground else None
    targets = await resources.enter_async_context(demo_server(read_targets(settings), faults))
    lanes = Lanes(targets.values(), session)
    resources.push_async_callback(lanes.close)
    prices = await asyncio.to_thread(read_prices, settings.prices_file)
    await asyncio.to_thread(prices.prefetch, targets)
    name = next(iter(targets))
    completions = ground.limits.guard(ground.store)
    model = stack_model(
        settings, lanes, completions, prices, ground.clock, name, ground.call_observers
    )
    if playground is not None and playground.models is not None:
        switch = SwitchableModel(model.model, lanes, demo_offer(targets[name]))
        playground.models.attach(switch, session)
        model = replace(model, model=switch)
    warn_of_unpriced(settings, targets, prices)
    return model


def build_engine(
    ground: Ground,
    model: ModelStack,
    choice: ModelChoice,
    commands: Commands,
    platforms: Mapping[str, Platform],
) -> Engine:
    settings = ground.settings
    window = Window(settings.history_max_messages, settings.history_max_tokens)
    return Engine(
        EngineParts(
            model=model.model,
            meter=model.meter,
            completions=ground.store,
            turns=ground.store,
            prompt=PromptFile(settings.prompt_path, ground.clock),
            history=HistoryBuilder(window, model.tokens),
            reader=Reader(sees_images, ground.access.may_speak),
            choice=choice,
            limits=ground.limits,
            commands=commands,
            reporter=build_reporter(settings, ground.store, platforms, ground.clock),
            platforms=platforms,
            clock=ground.clock,
            max_history=settings.history_max_messages,
            max_tokens=settings.llm_max_tokens,
            answer_timeout_s=settings.answer_timeout,
            patience=model.patience,
            footer=settings.answer_footer,
        )
    )


def build_workers(
    ground: Ground,
    engine: Runs,
    outlook: Outlook | None = None,
) -> Workers:
    return Workers(
        inbox=ground.store,
        engine=engine,
        clock=ground.clock,
        slots=ground.settings.turns_at_work,
        lease_s=ground.settings.lease_s,
        outlook=outlook,
        observers=ground.observers,
        on_dead_letter=ground.metrics.dead_letter,
    )


def build_desk(
    ground: Ground, workers: Workers, commands: Commands, platforms: Mapping[str, Platform]
) -> Desk:
    settings, store = ground.settings, ground.store
    return Desk(
        DeskParts(
            inbox=store,
            stops=store,
            turns=store,
            workers=workers,
            commands=commands,
            feedback=Feedback(
                store, ground.observers, settings.reactions_up, settings.reactions_down
            ),
            access=ground.access,
            platforms=platforms,
            clock=ground.clock,
            ids=ground.ids,
            follow_ups=settings.thread_follow_ups,
            on_duplicate=ground.metrics.duplicate,
            on_acknowledged=ground.metrics.acknowledged,
        )
    )


def build_commands(
    ground: Ground,
    choice: ModelChoice,
    stop: Callable[[ConversationKey, Author], Awaitable[bool]],
) -> Commands:
    """In the order of help; a new command is one line here."""
    commands: Commands

    def summaries() -> Sequence[CommandSummary]:
        return commands.summaries()

    commands = Commands(
        [
            Stats(ground.store, ground.clock),
            Reset(ground.store),
            SettingsCommand(ground.store, choice, ground.access.may_configure),
            Stop(stop),
            Pause(ground.store, ground.access.may_configure),
            Resume(ground.store, ground.access.may_configure),
            Help(summaries),
        ],
        wordy=[Pause.name],
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
