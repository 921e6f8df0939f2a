"""Every setting: its name, default and meaning; .env.example is printed from here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from adapters.wire.urls import check_url
from core.errors import SettingError


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _check_entries(entries: tuple[str, ...]) -> tuple[str, ...]:
    for entry in entries:
        if len(entry.split(":", 2)) != 3 or not all(entry.split(":", 2)):
            raise ValueError("write each entry as platform:workspace:id, like slack:T0123:U0456")
    return entries


def _check_rate(rate: str) -> str:
    if not re.fullmatch(r"0|[1-9][0-9]{0,5}/(second|minute|hour|day)", rate):
        raise ValueError("write it like 20/minute (second, minute, hour or day), or 0 for no limit")
    return rate


def _strip(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""A comma list."""
Entries = Annotated[Names, AfterValidator(_check_entries)]
Text = Annotated[str, BeforeValidator(_strip)]
Secret = Annotated[SecretStr, BeforeValidator(_strip)]
Rate = Annotated[str, AfterValidator(_check_rate)]
"""Like `20/minute`; 0 is no limit."""
Port = Annotated[int, Field(ge=0, le=65535)]
NO_SECRET = SecretStr("")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


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


class StoreSettings(BaseSettings):
    """Store and work"""

    database_url: Text = Field(
        "sqlite+aiosqlite:///data/chatbot.db", description="Folders are made as needed"
    )
    lease_s: float = Field(10.0, ge=3, description="Seconds until a silent process counts as dead")
    turns_at_work: int = Field(200, ge=1, description="Turns at the same time; the rest waits")
    drain_s: float = Field(25.0, ge=0, description="Seconds that running answers get at SIGTERM")
    retention_days: int = Field(90, ge=0, description="Older turns are removed; 0 keeps them")


class AccessSettings(BaseSettings):
    """Access and limits"""

    allowed_users: Entries = Field((), description="platform:workspace:id, ...; empty: everyone")
    allowed_channels: Entries = Field((), description="platform:workspace:id, ...; empty: all")
    admin_users: Entries = Field((), description="platform:workspace:id, ...; empty: nobody")
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


class OperationSettings(BaseSettings):
    """Operation"""

    host: Text = Field("127.0.0.1", description="Address to listen on")
    port: Port = Field(3978, description="Port for Slack, the playground and health checks")
    metrics_host: Text = Field("127.0.0.1", description="Address of /metrics")
    metrics_port: Port = Field(9090, description="Port of /metrics; 0: off")
    metrics_dir: Path = Field(Path("metrics"), description="Folder of requests.jsonl")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Log level")
    log_format: Literal["json", "human"] = Field("json", description="json or human")
    log_dir: Path | None = Field(None, description="Folder for log files; none: stdout")
    playground: bool = Field(False, description="Serve the playground at / (loopback only)")


class Settings(
    ModelSettings,
    ConversationSettings,
    SlackSettings,
    StoreSettings,
    AccessSettings,
    FeedbackSettings,
    OperationSettings,
):
    """All of them, from the environment and from `.env`; the environment wins."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    @property
    def prompt_path(self) -> Path:
        """A relative path is looked up in the working folder, then beside the code."""
        beside_code = Path(__file__).parents[1] / self.system_prompt_file
        return self.system_prompt_file if self.system_prompt_file.exists() else beside_code

    @property
    def has_slack(self) -> bool:
        return bool(self.slack_bot_token.get_secret_value())

    @property
    def has_model(self) -> bool:
        return bool(self.llm_model or self.llm_provider or self.base_model_id)

    def secrets(self) -> tuple[str, ...]:
        """The values that must never leave the process, for masking."""
        values = (getattr(self, name) for name in type(self).model_fields)
        secrets = (value.get_secret_value() for value in values if isinstance(value, SecretStr))
        return tuple(secret for secret in secrets if secret)


GROUPS = (
    ModelSettings,
    ConversationSettings,
    SlackSettings,
    StoreSettings,
    AccessSettings,
    FeedbackSettings,
    OperationSettings,
)


def read_settings() -> Settings:
    """Raises SettingError with a line for each setting that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)
        lines = (f"{str(one['loc'][0]).upper()}: {_say(one['msg'])}" for one in wrong)
        raise SettingError("\n".join(lines)) from None


def require_runnable(settings: Settings) -> None:
    """Refuse what cannot work, for `run`; raises SettingError."""
    if not settings.has_model:
        raise SettingError(
            "LLM_MODEL: no model is configured; set it (and LLM_API_KEY), "
            "or LLM_PROVIDER=demo to run with the demo model"
        )
    if not settings.has_slack and not settings.playground:
        raise SettingError(
            "SLACK_BOT_TOKEN: no channel is configured; run `python -m bot connect slack`, "
            "or set PLAYGROUND=true"
        )
    check_loopback(settings)
    if settings.has_slack:
        _check_slack(settings)


def check_loopback(settings: Settings) -> None:
    """The playground lets anybody speak as anybody: it is never served to a network."""
    if settings.playground and settings.host not in LOOPBACK:
        raise SettingError(
            "PLAYGROUND: it is for this machine only; set HOST=127.0.0.1, or PLAYGROUND=false"
        )


def _check_slack(settings: Settings) -> None:
    bot_token = settings.slack_bot_token.get_secret_value()
    app_token = settings.slack_app_token.get_secret_value()
    if not bot_token.startswith("xoxb-"):
        raise SettingError("SLACK_BOT_TOKEN: this is no bot token; it begins with xoxb-")
    if app_token and not app_token.startswith("xapp-"):
        raise SettingError("SLACK_APP_TOKEN: this is no app-level token; it begins with xapp-")
    if not app_token and not settings.slack_signing_secret.get_secret_value():
        raise SettingError(
            "SLACK_SIGNING_SECRET: set it for events over HTTP, or SLACK_APP_TOKEN for Socket Mode"
        )
    check_url(settings.slack_api_url, "SLACK_API_URL", settings.allow_plain_http)


def _say(message: str) -> str:
    said = message.removeprefix("Value error, ").replace("Input should be", "should be")
    return said.partition(", unable to")[0]


def to_env_example() -> str:
    """The text of .env.example: every setting with its default and meaning."""
    lines = ["# Every setting. Three are enough to start: LLM_MODEL, LLM_API_KEY, SLACK_BOT_TOKEN"]
    lines.append(
        "# (with SLACK_APP_TOKEN for Socket Mode). Copy to .env and remove the # you need."
    )
    for group in GROUPS:
        lines += ["", f"# --- {group.__doc__} ---"]
        for name, field in group.model_fields.items():
            lines += [f"# {field.description}", f"#{name.upper()}={_to_default(field.default)}"]
    return "\n".join(lines) + "\n"


def _to_default(default: object) -> str:
    if isinstance(default, tuple):
        return ",".join(default)
    if isinstance(default, SecretStr) or default is None:
        return ""
    if isinstance(default, Path):
        return default.as_posix()
    return str(default).lower() if isinstance(default, bool) else str(default)
