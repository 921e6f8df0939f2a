"""The channels that the settings switch on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.slack.settings import SlackSettings
from adapters.teams.settings import TeamsSettings
from adapters.wire.sessions import build_session
from bot.running import Channel
from core.conversation import fold_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AsyncExitStack

    from adapters.slack.channel import SlackChannel
    from adapters.sql.store import SqlStore
    from adapters.teams.channel import TeamsChannel
    from bot.playground import Playground
    from bot.settings import Settings
    from core.conversation import MessageRef
    from core.ports import Clock


def build_channels(
    settings: Settings,
    clock: Clock,
    store: SqlStore,
    playground: Playground | None,
    resources: AsyncExitStack,
) -> Sequence[Channel]:
    """Those that the settings switch on; a new channel is one entry here."""
    channels = []
    if playground is not None:
        channels.append(Channel(playground.channel))  # its page is served already
    if settings.has_slack:
        slack = build_slack(settings, clock, store)
        channels.append(Channel(slack, slack.routes, slack.close_socket))
    if settings.has_teams:
        teams = build_teams(settings, clock, store, resources)
        channels.append(Channel(teams, teams.routes))
    return channels


def build_slack(settings: Settings, clock: Clock, store: SqlStore) -> SlackChannel:
    from adapters.slack.channel import SlackChannel  # its SDK takes long to import

    async def is_answer(ref: MessageRef) -> bool:
        return await store.conversation_of(ref) is not None

    return SlackChannel.build(read_slack_settings(settings), clock, is_answer)


def build_teams(
    settings: Settings, clock: Clock, store: SqlStore, resources: AsyncExitStack
) -> TeamsChannel:
    from adapters.teams.channel import TeamsChannel  # as for Slack

    session = build_session()
    resources.push_async_callback(session.close)
    return TeamsChannel(read_teams_settings(settings), clock, session, store)


def read_teams_settings(settings: Settings) -> TeamsSettings:
    return TeamsSettings(
        app_id=fold_id(settings.microsoft_app_id),
        app_password=settings.microsoft_app_password.get_secret_value(),
        app_type=settings.microsoft_app_type,
        tenant_id=fold_id(settings.microsoft_app_tenant_id),
        allowed_tenants=tuple(map(fold_id, settings.teams_allowed_tenants)),
        service_hosts=settings.teams_service_hosts,
        login_url=settings.teams_login_url,
        openid_url=settings.teams_openid_metadata_url,
        unauthenticated=settings.teams_allow_unauthenticated and not settings.microsoft_app_id,
    )


def read_slack_settings(settings: Settings) -> SlackSettings:
    return SlackSettings(
        bot_token=settings.slack_bot_token.get_secret_value(),
        app_token=settings.slack_app_token.get_secret_value(),
        signing_secret=settings.slack_signing_secret.get_secret_value(),
        api_url=settings.slack_api_url,
        pacing=settings.slack_pacing,
    )
