"""The playground's part of the wiring that is light enough to stand before everything else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from adapters.web.channel import WebChannel
from bot.clock import SystemClock
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


def build_web(settings: Settings, *, demo: bool) -> WebChannel:
    models = faults = None
    if demo:
        from bot.demo import DemoFaults, DemoModels

        models, faults = DemoModels(), DemoFaults()
    return WebChannel(DATA_FOLDER, SystemClock(), models, faults)
