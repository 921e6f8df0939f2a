from __future__ import annotations

import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from adapters.langfuse.settings import DEFAULT_BASE_URL
from bot.settings import Settings
from bot.tracing import build_tracers, read_langfuse_settings

ROOT = Path(__file__).parents[2]
LOOK = """
import sys, bot.wiring, bot.commands.check, adapters.langfuse.tracer
print({"langfuse", "opentelemetry", "httpx"} & set(sys.modules))
"""


def test_putting_the_bot_together_imports_no_tracing_sdk() -> None:
    """It takes half a second; even where it is set up, only the tracer's thread does."""
    looked = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert looked.stdout == "set()\n"


async def test_without_keys_there_is_no_tracer() -> None:
    async with AsyncExitStack() as resources:
        assert build_tracers(Settings(), resources) == ()


def test_the_newer_name_of_the_address_wins(monkeypatch) -> None:
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-lf-1")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk-lf-1")
    assert read_langfuse_settings(Settings()).address == DEFAULT_BASE_URL
    monkeypatch.setenv("LANGFUSE_HOST", "https://old.example.org")
    assert read_langfuse_settings(Settings()).address == "https://old.example.org"
    monkeypatch.setenv("LANGFUSE_BASE_URL", "https://new.example.org/")
    assert read_langfuse_settings(Settings()).address == "https://new.example.org"
