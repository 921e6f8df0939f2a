"""Every setting by group: its name, default and meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from bot.settings.kinds import NO_SECRET, Entries, Names, Port, Rate, Secret, Text, TimeOfDay, Zone


class ModelSettings(BaseSettings):
    """The model"""

    llm_model: Text = Field(
        "", description="LiteLLM name of the model, e.g. gemini/gemini-2.5-flash"
    )
    llm_api_key: Secret = Field(NO_SECRET, description="Key for LLM_MODEL")
    llm_base_url: Text = Field(
        "", description="Address of an OpenAI-compatible endpoint (proxy, vLLM, Ollama); https"
    )
    llm_provider: Text = Field("", description="Earlier form: provider of BASE_MODEL_ID, or demo")
    base_model_id: Text = Field("", description="Earlier form: model name without its provider")
    gemini_api_key: Secret = Field(NO_SECRET, description="Earlier form of LLM_API_KEY")
    google_gemini_base_url: Text = Field("", description="Earlier form of LLM_BASE_URL")
    llm_fallback_models: Names = Field((), description="Asked in this order when LLM_MODEL fails")
    llm_allowed_models: Names = Field(
        (), description="What people may choose with `settings model`"
    )
    llm_temperature: float = Field(0.7, ge=0, le=2, description="0 focused, 1 balanced, 2 creative")
    llm_max_tokens: int = Field(1024, ge=1, le=1_000_000, description="Longest answer, in tokens")
    request_timeout: float = Field(
        30.0, gt=0, description="Seconds to the first token, and between two"
    )
    answer_timeout: float = Field(120.0, gt=0, description="Seconds for a whole answer")
    retry_attempts: int = Field(
        3, ge=0, le=10, description="Repetitions after 2, 4, 8 s, before anything is shown"
    )
    breaker_failures: int = Field(5, ge=1, description="Failures in a row that open the breaker")
    breaker_reset_s: float = Field(30.0, gt=0, description="Seconds until it lets one call through")
    wait_for_model_s: float = Field(
        3600.0,
        ge=0,
        description="Seconds that a question waits while no model can be reached; 0: it fails",
    )
    llm_concurrency: int = Field(64, ge=1, description="Model calls at the same time")
    prices_file: Path | None = Field(
        None, description="JSON with prices per 1M tokens, over the shipped table"
    )
    allow_plain_http: Names = Field((), description="Hosts that may be reached without TLS")


class ConversationSettings(BaseSettings):
    """The conversation"""

    system_prompt_file: Path = Field(
        Path("prompts/system_prompt.txt"), description="Reloaded while running"
    )
    history_max_messages: int = Field(40, ge=0, description="Earlier messages sent along, at most")
    history_max_tokens: int = Field(8000, ge=0, description="Tokens of earlier messages, at most")
    thread_follow_ups: Literal["alone", "always", "mention"] = Field(
        "alone",
        description="Answer without a mention in a thread: while the asker is alone in it with the "
        "bot, always, or never (mention)",
    )
    answer_footer: bool = Field(False, description="Model, seconds and cost below each answer")


class SlackSettings(BaseSettings):
    """Slack"""

    slack_bot_token: Secret = Field(NO_SECRET, description="Bot token; switches Slack on")
    slack_app_token: Secret = Field(NO_SECRET, description="App-level token: Socket Mode when set")
    slack_signing_secret: Secret = Field(NO_SECRET, description="For events over HTTP")
    slack_api_url: Text = Field("https://slack.com/api/", description="Override, for stand-ins")
    slack_pacing: Literal["tiers", "off"] = Field(
        "tiers", description="off: no pacing, for stand-ins without limits"
    )


class TeamsSettings(BaseSettings):
    """Microsoft Teams"""

    microsoft_app_id: Text = Field("", description="Id of the bot's app; switches Teams on")
    microsoft_app_password: Secret = Field(NO_SECRET, description="Client secret of the app")
    microsoft_app_type: Literal["SingleTenant", "MultiTenant"] = Field(
        "SingleTenant", description="SingleTenant, or MultiTenant for a bot made before August 2025"
    )
    microsoft_app_tenant_id: Text = Field("", description="Tenant (directory) of the app")
    teams_allowed_tenants: Names = Field(
        (), description="Tenants whose people may write to it; empty: the app's own; *: all"
    )
    teams_service_hosts: Names = Field(
        (), description="Further hosts (host[:port]) that Teams answers at, beside Microsoft's"
    )
    teams_login_url: Text = Field(
        "https://login.microsoftonline.com", description="Override, for other clouds and stand-ins"
    )
    teams_openid_metadata_url: Text = Field(
        "https://login.botframework.com/v1/.well-known/openidconfiguration",
        description="Override, for other clouds and stand-ins",
    )
    teams_allow_unauthenticated: bool = Field(
        False, description="For Microsoft's local playground: no app id, loopback only"
    )


class LangfuseSettings(BaseSettings):
    """Langfuse"""

    langfuse_public_key: Text = Field("", description="Public key of the project")
    langfuse_secret_key: Secret = Field(NO_SECRET, description="Secret key; both switch tracing on")
    langfuse_base_url: Text = Field("", description="Server; empty: Langfuse Cloud in the EU")
    langfuse_host: Text = Field("", description="Earlier form of LANGFUSE_BASE_URL")
    langfuse_sample_rate: float = Field(1.0, ge=0, le=1, description="Share of turns traced")
    langfuse_text: bool = Field(True, description="Questions and answers in traces")


class StoreSettings(BaseSettings):
    """Store and work"""

    database_url: Text = Field(
        "sqlite+aiosqlite:///data/chatbot.db",
        description="A file, or postgresql+asyncpg://user:password@host/name",
    )
    lease_s: float = Field(
        10.0,
        ge=3,
        description="Seconds until a silent process counts as dead; 3 at least, 6 or more where "
        "machines or the database may falter for a second",
    )
    turns_at_work: int = Field(200, ge=1, description="Turns at the same time; the rest waits")
    drain_s: float = Field(25.0, ge=0, description="Seconds that running answers get at SIGTERM")
    retention_days: int = Field(90, ge=0, description="Older turns are removed; 0 keeps them")


class AccessSettings(BaseSettings):
    """Access and limits"""

    allowed_users: Entries = Field((), description="platform:workspace:id, ...; empty: everyone")
    allowed_channels: Entries = Field((), description="platform:workspace:id, ...; empty: all")
    admin_users: Entries = Field(
        (), description="Who may pause and configure: platform:workspace:id, ...; empty: nobody"
    )
    rate_limit_user: Rate = Field("20/minute", description="Questions of one person; 0: no limit")
    rate_limit_channel: Rate = Field("60/minute", description="Questions in one channel")
    rate_limit_workspace: Rate = Field("600/minute", description="Questions in one workspace")
    budget_user_usd_day: float = Field(
        5.0, ge=0, description="US dollars a person and day; 0: none"
    )
    budget_workspace_usd_day: float = Field(50.0, ge=0, description="The same for a workspace")


class FeedbackSettings(BaseSettings):
    """Feedback"""

    reactions_up: Names = Field(
        ("+1", "thumbsup", "heart", "white_check_mark", "tada", "like"),
        description="Emoji that say an answer was good",
    )
    reactions_down: Names = Field(
        ("-1", "thumbsdown", "x", "confused", "angry", "sad"),
        description="Emoji that say it was not",
    )


class DigestSettings(BaseSettings):
    """Digest"""

    digest_time: TimeOfDay = Field("09:00", description="When it is posted, as HH:MM")
    digest_timezone: Zone = Field("UTC", description="Time zone of DIGEST_TIME and of its days")
    digest_channels: Entries = Field(
        (), description="platform:workspace:channel, ...; a person's id works too; empty: nowhere"
    )


class OperationSettings(BaseSettings):
    """Operation"""

    host: Text = Field("127.0.0.1", description="Address to listen on")
    port: Port = Field(3978, description="Port for Slack, Teams, the playground and health checks")
    metrics_host: Text = Field("127.0.0.1", description="Address of /metrics")
    metrics_port: Port = Field(9090, description="Port of /metrics; 0: off")
    metrics_dir: Path = Field(Path("metrics"), description="Folder of requests.jsonl")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Log level")
    log_format: Literal["json", "human"] = Field("json", description="json or human")
    log_dir: Path | None = Field(None, description="Folder for log files; none: stdout")
    playground: bool = Field(False, description="Serve the playground at / (loopback only)")
