"""Microsoft's own local client talks to the bot: not a real Teams, but no stand-in of ours."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from tests.browser.conftest import WIDE
from tests.e2e.conftest import find_port
from tests.e2e.process import bot_process
from tests.tooling import outbound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page, Route

START_S = 30.0
BOT = {"TEAMS_ALLOW_UNAUTHENTICATED": "true", "LLM_PROVIDER": "demo"}


@asynccontextmanager
async def client(script: str, folder: Path, bot_port: int) -> AsyncIterator[str]:
    """The address of its page. It keeps its log in `folder`, and opens no browser of its own."""
    port = find_port()
    process = await asyncio.create_subprocess_exec(
        *("node", "--require", str(Path(__file__).with_name("loopback.cjs")), script, "start"),
        *("--app-endpoint", f"http://127.0.0.1:{bot_port}/api/messages"),
        *("--channel-id", "msteams", "--port", str(port), "--disable-telemetry"),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "TEAMSAPPTESTER_BROWSER": "none"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            while line := await process.stdout.readline():
                if f"Listening on {port}" in line.decode(errors="replace"):
                    break
        yield f"http://localhost:{port}/"
    finally:
        process.kill()
        await process.communicate()


async def only_loopback(route: Route) -> None:
    """Its page asks for fonts and animations from elsewhere, and does without."""
    if outbound.is_loopback(urlsplit(route.request.url).hostname):
        await route.continue_()
    else:
        await route.abort()


@pytest.fixture
async def chat(agents_playground: str, browser: Browser, tmp_path: Path) -> AsyncIterator[Page]:
    """Its personal chat with the bot."""
    port = find_port()
    async with bot_process(tmp_path, port, BOT) as bot:
        await bot.ready()
        async with client(agents_playground, tmp_path, port) as url:
            page = await browser.new_page(viewport=WIDE)
            page.set_default_timeout(15_000)
            await page.route("**/*", only_loopback)
            await page.goto(url)
            yield page
        assert not [line for line in bot.lines if "Traceback" in line]


async def say(page: Page, text: str) -> None:
    await page.get_by_role("textbox").first.click()
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")


async def mention(page: Page, text: str) -> None:
    await page.get_by_role("textbox").first.click()
    await page.keyboard.type("@")
    await page.get_by_role("menuitem", name="Test Bot").click()
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")


async def test_a_conversation(chat: Page) -> None:
    """In one go, as each start of everything that is in it takes seconds."""
    said = expect(chat.locator("body"))
    await said.to_contain_text("Good to meet you")
    await expect(chat.get_by_role("button", name="Show help")).to_have_count(1)

    await say(chat, "repeat: an **answer** that grows")
    await said.to_contain_text("an answer that grows")
    await expect(chat.locator("strong", has_text="answer")).to_have_count(1)

    await chat.get_by_role("button", name="Like", exact=True).click()
    for button in ("Submit", "Close"):
        await chat.get_by_role("button", name=button, exact=True).click()

    await say(chat, "stats")
    await said.to_contain_text("Statistics of the last 24 hours")
    await said.to_contain_text("👍 1 👎 0")
    await chat.get_by_role("button", name="7d", exact=True).click()
    await said.to_contain_text("Statistics of the last 7 days")
    await expect(chat.get_by_role("button", name="24h", exact=True)).to_be_visible()

    await say(chat, "repeat: once more fault:quota x1")
    await chat.get_by_role("button", name="Try again").click()
    await said.to_contain_text("once more")

    await chat.get_by_text("Group Chat", exact=True).click()
    await said.to_contain_text("Good to meet you")
    await mention(chat, " repeat: answered **among** others")
    await expect(chat.locator("p", has_text="answered among others")).to_be_visible()
