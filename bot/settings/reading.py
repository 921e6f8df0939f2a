"""All settings as one object, read from the environment and from `.env`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, quote_plus, unquote, urlsplit

from pydantic import SecretStr, ValidationError
from pydantic_settings import SettingsConfigDict

from bot.settings.groups import (
    AccessSettings,
    ConversationSettings,
    DigestSettings,
    FeedbackSettings,
    LangfuseSettings,
    ModelSettings,
    OperationSettings,
    SlackSettings,
    StoreSettings,
    TeamsSettings,
)
from core.errors import SettingError


class Settings(
    ModelSettings,
    ConversationSettings,
    SlackSettings,
    TeamsSettings,
    LangfuseSettings,
    StoreSettings,
    AccessSettings,
    FeedbackSettings,
    DigestSettings,
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
        beside_code = Path(__file__).parents[2] / self.system_prompt_file
        return self.system_prompt_file if self.system_prompt_file.exists() else beside_code

    @property
    def has_slack(self) -> bool:
        return bool(self.slack_bot_token.get_secret_value())

    @property
    def has_teams(self) -> bool:
        return bool(self.microsoft_app_id) or self.teams_allow_unauthenticated

    @property
    def has_langfuse(self) -> bool:
        return bool(self.langfuse_public_key and self.langfuse_secret_key.get_secret_value())

    @property
    def has_model(self) -> bool:
        return bool(self.llm_model or self.llm_provider or self.base_model_id)

    def secrets(self) -> tuple[str, ...]:
        """The values that must never leave the process, for masking."""
        values = (getattr(self, name) for name in type(self).model_fields)
        secrets = (value.get_secret_value() for value in values if isinstance(value, SecretStr))
        return tuple(secret for secret in (*secrets, *_passwords(self.database_url)) if secret)


def _passwords(url: str) -> tuple[str, ...]:
    """As it is written in a URL, and as it is meant. The driver takes it as a parameter too."""
    try:
        parts = urlsplit(url)
        password = parts.password or ""
        parameters = parse_qsl(parts.query)
    except ValueError:  # the store will say so
        return ()
    found = [password, unquote(password)]
    for pair in parts.query.split("&"):
        name, _, written = pair.partition("=")
        found += [written] if "password" in unquote(name) else []
    for name, meant in parameters:
        found += [meant, quote_plus(meant)] if "password" in name else []
    return tuple(dict.fromkeys(found))


GROUPS = (
    ModelSettings,
    ConversationSettings,
    SlackSettings,
    TeamsSettings,
    LangfuseSettings,
    StoreSettings,
    AccessSettings,
    FeedbackSettings,
    DigestSettings,
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


def _say(message: str) -> str:
    said = message.removeprefix("Value error, ").replace("Input should be", "should be")
    return said.partition(", unable to")[0]
