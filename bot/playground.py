"""The playground's part of the wiring that is light enough to stand before everything else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.web.channel import WebChannel
from bot.clock import SystemClock
from bot.demo import DemoFaults, DemoModels
from bot.settings import NO_SECRET, check_loopback, read_settings

if TYPE_CHECKING:
    from bot.settings import Settings

DEMO_DATABASE_URL = "sqlite+aiosqlite:///data/demo.db"
DATA_FOLDER = Path("data")


def demo_settings(port: int | None) -> Settings:
    """What `demo` runs with: the playground alone, the demo model, a database of its own.

    Host, port, database and logging can still be set; raises SettingError.
    """
    settings = read_settings()
    chosen = settings.model_fields_set
    update: dict[str, object] = {
        "playground": True,
        "llm_provider": "demo",
        "llm_model": "",
        "base_model_id": "",
        "llm_fallback_models": (),
        "slack_bot_token": NO_SECRET,
        "microsoft_app_id": "",
        "teams_allow_unauthenticated": False,
        "langfuse_public_key": "",
        "digest_channels": (),
        "metrics_port": 0,
    }
    if port is not None:
        update["port"] = port
    if "database_url" not in chosen:
        update["database_url"] = DEMO_DATABASE_URL
    if "log_format" not in chosen:
        update["log_format"] = "human"
    if "log_level" not in chosen:
        update["log_level"] = "WARNING"
    settings = settings.model_copy(update=update)
    check_loopback(settings)
    return settings


@dataclass(frozen=True, slots=True)
class Playground:
    """The page, and in a demo what can be switched on it."""

    channel: WebChannel
    models: DemoModels | None = None
    faults: DemoFaults | None = None


def build_playground(*, demo: bool) -> Playground:
    """Light enough to serve the page at once; the wiring attaches the rest."""
    models, faults = (DemoModels(), DemoFaults()) if demo else (None, None)
    return Playground(WebChannel(DATA_FOLDER, SystemClock(), models, faults), models, faults)
