"""The text of .env.example."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from bot.settings.reading import GROUPS


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
