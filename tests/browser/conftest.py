from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Page, async_playwright

from tests.adapters.web.serve import Site, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser, ViewportSize

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE: ViewportSize = {"width": 1440, "height": 900}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with serving(tmp_path, speed=4) as site:
        yield site


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser, site: Site) -> AsyncIterator[Page]:
    """The open playground; a test fails when the page logged an error of its own."""
    page = await browser.new_page(viewport=WIDE, reduced_motion="reduce")
    page.set_default_timeout(20_000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if _is_own(line.text) else None)
    await page.goto(site.url)
    await page.wait_for_selector(".welcome")
    yield page
    assert problems == []


def _is_own(line: str) -> bool:
    """Not a refused request: that is what some tests are about."""
    return "Content Security Policy" in line or "Uncaught" in line
