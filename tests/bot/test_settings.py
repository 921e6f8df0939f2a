"""Settings: read from the environment, refused in one line that names the culprit."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.channels import read_teams_settings
from bot.settings import Settings, read_settings, require_runnable, to_env_example
from core.errors import SettingError

ROOT = Path(__file__).parents[2]
SECRET = "kq7-very-secret-value"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    """Neither the settings of this machine nor its .env."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def refused(monkeypatch, **environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingError) as caught:
        require_runnable(read_settings())
    line = str(caught.value)
    assert "\n" not in line
    assert SECRET not in line
    return line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LLM_TEMPERATURE", "9"),
        ("LLM_TEMPERATURE", "warm"),
        ("LLM_MAX_TOKENS", "0"),
        ("REQUEST_TIMEOUT", "-1"),
        ("ANSWER_TIMEOUT", "soon"),
        ("RETRY_ATTEMPTS", "1.5"),
        ("BREAKER_FAILURES", "0"),
        ("LLM_CONCURRENCY", "many"),
        ("HISTORY_MAX_MESSAGES", "-1"),
        ("THREAD_FOLLOW_UPS", "sometimes"),
        ("ANSWER_FOOTER", "perhaps"),
        ("SLACK_PACING", "fast"),
        ("LEASE_S", "1"),
        ("TURNS_AT_WORK", "0"),
        ("ALLOWED_USERS", "U123"),
        ("ADMIN_USERS", "slack:T1:"),
        ("RATE_LIMIT_USER", "20 a minute"),
        ("BUDGET_USER_USD_DAY", "-5"),
        ("PORT", "99999"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
        ("MICROSOFT_APP_TYPE", "UserAssignedMSI"),
        ("LANGFUSE_SAMPLE_RATE", "2"),
        ("DIGEST_TIME", "9:00"),
        ("DIGEST_TIME", "24:00"),
        ("DIGEST_TIMEZONE", "Europe/Atlantis"),
        ("DIGEST_TIMEZONE", "../etc/passwd"),
        ("DIGEST_CHANNELS", "C0123"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(monkeypatch, name, value):
    assert refused(monkeypatch, **{name: value}).startswith(f"{name}: ")


def test_all_wrong_settings_are_named_at_once_each_in_a_line(monkeypatch):
    monkeypatch.setenv("PORT", "abc")
    monkeypatch.setenv("ADMIN_USERS", "U0456")
    with pytest.raises(SettingError) as caught:
        read_settings()
    assert sorted(str(caught.value).splitlines()) == [
        "ADMIN_USERS: write each entry as platform:workspace:id, like slack:T0123:U0456",
        "PORT: should be a valid integer",
    ]


def test_a_secret_in_the_wrong_place_is_not_printed(monkeypatch):
    assert refused(monkeypatch, PORT=SECRET).startswith("PORT: ")


def test_nothing_configured_asks_for_a_model_first(monkeypatch):
    line = refused(monkeypatch)
    assert line.startswith("LLM_MODEL: ")
    assert "LLM_PROVIDER=demo" in line


def test_a_model_without_a_channel_is_refused(monkeypatch):
    assert refused(monkeypatch, LLM_MODEL="openai/x").startswith("SLACK_BOT_TOKEN: ")


def test_slack_needs_a_way_for_events_to_come_in(monkeypatch):
    line = refused(monkeypatch, LLM_MODEL="openai/x", SLACK_BOT_TOKEN="xoxb-test")
    assert line.startswith("SLACK_SIGNING_SECRET: ")


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
def test_swapped_slack_tokens_are_noticed(monkeypatch, name):
    environment = {
        "LLM_MODEL": "openai/x",
        "SLACK_BOT_TOKEN": "xoxb-test",
        "SLACK_APP_TOKEN": "xapp-test",
        name: SECRET,
    }
    assert refused(monkeypatch, **environment).startswith(f"{name}: ")


TEAMS = {
    "LLM_MODEL": "openai/x",
    "MICROSOFT_APP_ID": "11111111-2222-3333-4444-555555555555",
    "MICROSOFT_APP_PASSWORD": SECRET,
    "MICROSOFT_APP_TENANT_ID": "99999999-2222-3333-4444-555555555555",
}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"MICROSOFT_APP_ID": ""}, "SLACK_BOT_TOKEN"),
        ({"MICROSOFT_APP_ID": "", "PLAYGROUND": "true"}, "MICROSOFT_APP_ID"),
        ({"MICROSOFT_APP_PASSWORD": ""}, "MICROSOFT_APP_PASSWORD"),
        ({"MICROSOFT_APP_TENANT_ID": ""}, "MICROSOFT_APP_TENANT_ID"),
        (
            {"MICROSOFT_APP_TENANT_ID": "", "MICROSOFT_APP_TYPE": "MultiTenant"},
            "TEAMS_ALLOWED_TENANTS",
        ),
        ({"MICROSOFT_APP_ID": "chatbot"}, "MICROSOFT_APP_ID"),
        ({"MICROSOFT_APP_TENANT_ID": "example.onmicrosoft.com"}, "MICROSOFT_APP_TENANT_ID"),
        ({"TEAMS_ALLOWED_TENANTS": "*,example.com"}, "TEAMS_ALLOWED_TENANTS"),
        ({"TEAMS_LOGIN_URL": "http://login.example"}, "TEAMS_LOGIN_URL"),
        ({"TEAMS_OPENID_METADATA_URL": "login.example"}, "TEAMS_OPENID_METADATA_URL"),
        ({"TEAMS_ALLOW_UNAUTHENTICATED": "true"}, "TEAMS_ALLOW_UNAUTHENTICATED"),
        (
            {
                "TEAMS_ALLOW_UNAUTHENTICATED": "true",
                "MICROSOFT_APP_ID": "",
                "MICROSOFT_APP_PASSWORD": "",
                "HOST": "0.0.0.0",
            },
            "TEAMS_ALLOW_UNAUTHENTICATED",
        ),
        ({"LANGFUSE_PUBLIC_KEY": "pk-lf-1"}, "LANGFUSE_SECRET_KEY"),
        ({"LANGFUSE_SECRET_KEY": SECRET}, "LANGFUSE_PUBLIC_KEY"),
        (
            {
                "LANGFUSE_PUBLIC_KEY": "pk-lf-1",
                "LANGFUSE_SECRET_KEY": SECRET,
                "LANGFUSE_HOST": "http://langfuse.example",
            },
            "LANGFUSE_HOST",
        ),
    ],
)
def test_what_cannot_work_together_is_refused(monkeypatch, changes, name):
    assert refused(monkeypatch, **{**TEAMS, **changes}).startswith(f"{name}: ")


def test_the_playground_is_refused_on_a_network_address(monkeypatch):
    line = refused(monkeypatch, LLM_MODEL="openai/x", PLAYGROUND="true", HOST="0.0.0.0")
    assert line.startswith("PLAYGROUND: ")


@pytest.mark.parametrize(
    "environment",
    [
        {"LLM_MODEL": "openai/x", "SLACK_BOT_TOKEN": "xoxb-test", "SLACK_APP_TOKEN": "xapp-test"},
        {"LLM_MODEL": "openai/x", "SLACK_BOT_TOKEN": "xoxb-test", "SLACK_SIGNING_SECRET": "s"},
        {"LLM_PROVIDER": "demo", "PLAYGROUND": "true"},
        {"LLM_PROVIDER": "demo", "TEAMS_ALLOW_UNAUTHENTICATED": "true"},
        TEAMS,
        {
            **TEAMS,
            "MICROSOFT_APP_TYPE": "MultiTenant",
            "MICROSOFT_APP_TENANT_ID": "",
            "TEAMS_ALLOWED_TENANTS": "*",
        },
        {"LLM_PROVIDER": "openai", "BASE_MODEL_ID": "gemini-3-flash", "PLAYGROUND": "true"},
    ],
)
def test_enough_is_enough(monkeypatch, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    require_runnable(read_settings())


def test_empty_values_count_as_not_set(monkeypatch):
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("SLACK_APP_TOKEN", "")
    settings = read_settings()
    assert settings.port == 3978
    assert settings.secrets() == ()


def test_a_dotenv_file_is_read_and_the_environment_wins(monkeypatch):
    Path(".env").write_text("PORT=1111\nHOST=::1\n")
    monkeypatch.setenv("PORT", "2222")
    settings = read_settings()
    assert (settings.port, settings.host) == (2222, "::1")


def test_lists_are_split_at_commas(monkeypatch):
    monkeypatch.setenv("LLM_FALLBACK_MODELS", " a/b , c/d ,")
    assert read_settings().llm_fallback_models == ("a/b", "c/d")


def test_secrets_are_collected_for_masking(monkeypatch):
    monkeypatch.setenv("LLM_API_KEY", f" {SECRET} ")
    settings = read_settings()
    assert settings.secrets() == (SECRET,)
    assert SECRET not in repr(settings)


def test_env_example_lists_every_setting_with_its_default():
    assert (ROOT / ".env.example").read_text() == to_env_example()


def test_env_example_is_valid_when_every_line_is_used(monkeypatch):
    lines = to_env_example().splitlines()
    used = [line[1:] for line in lines if line.startswith("#") and line[1:2].isupper()]
    Path(".env").write_text("\n".join(used))
    assert read_settings() == Settings(_env_file=None)
    assert len(used) == len(Settings.model_fields)


def test_the_prompt_is_found_from_any_folder(monkeypatch):
    assert read_settings().prompt_path == ROOT / "prompts" / "system_prompt.txt"
    Path("prompts").mkdir()
    Path("prompts/system_prompt.txt").write_text("Mine.")
    assert read_settings().prompt_path.read_text() == "Mine."


def test_the_password_of_the_database_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://bot:s3cr%40t-word@db/bot")
    assert read_settings().secrets() == ("s3cr%40t-word", "s3cr@t-word")
    monkeypatch.setenv("DATABASE_URL", "postgresql://bot@db/bot?x=1&password=s3cr%40t+w:rd")
    assert read_settings().secrets() == ("s3cr%40t+w:rd", "s3cr@t w:rd", "s3cr%40t+w%3Ard")
    monkeypatch.setenv("DATABASE_URL", "postgresql://b:one-word@db/b?sslpassword=other-word")
    assert read_settings().secrets() == ("one-word", "other-word")
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://bot:s3cret@[db/bot")
    assert read_settings().secrets() == ()


def test_ids_of_teams_may_be_pasted_in_upper_case(monkeypatch: pytest.MonkeyPatch) -> None:
    app_id, tenant = "AAAAAAAA-2222-3333-4444-555555555555", "BBBBBBBB-2222-3333-4444-555555555555"
    monkeypatch.setenv("MICROSOFT_APP_ID", app_id)
    monkeypatch.setenv("MICROSOFT_APP_TENANT_ID", tenant)
    monkeypatch.setenv("TEAMS_ALLOWED_TENANTS", f"*,{tenant}")

    teams = read_teams_settings(read_settings())

    assert (teams.app_id, teams.tenant_id) == (app_id.lower(), tenant.lower())
    assert teams.allowed_tenants == ("*", tenant.lower())
