from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.adapters.web.serve import Site
from tests.browser.test_playground import THREAD, ask

PHONE: ViewportSize = {"width": 360, "height": 740}


async def violations(page: Page) -> str:
    results = await Axe().run(page)
    return str(results.generate_report()) if results.violations_count else ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_wherever_one_can_go(page: Page, site: Site, scheme: str) -> None:
    await page.evaluate(f"document.documentElement.dataset.theme = '{scheme}'")
    assert await violations(page) == ""
    await ask(page, "@chatbot Write a checklist")
    await page.click(f"{THREAD} .chip >> nth=0")
    await expect(page.locator(f"{THREAD} .chip >> nth=0")).to_have_attribute("aria-pressed", "true")
    await page.fill("#thread-text", "/stats")
    await page.press("#thread-text", "Enter")
    await page.wait_for_selector(f"{THREAD} .chart")
    site.bot.fault = "outage"
    await page.fill("#thread-text", "@chatbot Slack?")
    await page.press("#thread-text", "Enter")
    await page.wait_for_selector(f"{THREAD} .notice.failed")
    assert await violations(page) == ""
    await page.fill("#thread-text", "@")
    await page.wait_for_selector("#thread-list [role=option]")
    assert await violations(page) == ""
    await page.keyboard.press("Escape")
    for button in ("#model", "#faults", "#help"):
        await page.click(button)
        await page.wait_for_selector(".panel [role=radio], dialog")
        assert await violations(page) == ""
        await page.keyboard.press("Escape")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_phone_shows_everything(
    browser: Browser, site: Site, scheme: Literal["light", "dark"]
) -> None:
    context = await browser.new_context(
        viewport=PHONE, has_touch=True, is_mobile=True, color_scheme=scheme, reduced_motion="reduce"
    )
    page = await context.new_page()
    await page.goto(site.url)
    await page.wait_for_selector(".welcome")
    assert await violations(page) == ""
    await ask(page, "@chatbot Write a checklist as a table")
    await page.wait_for_selector(f"{THREAD} .chip")
    assert await violations(page) == ""
    box = await page.locator("#thread").bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, PHONE["width"])
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    await page.click("#thread-close")
    await page.click("#side-open")
    await expect(page.locator("#rooms button").first).to_be_focused()
    assert await violations(page) == ""
    await page.click("#people button >> nth=1")
    await page.keyboard.press("Escape")
    await expect(page.locator("#side")).to_have_attribute("inert", "")


async def test_everything_can_be_reached_with_the_keyboard(page: Page) -> None:
    await ask(page, "@chatbot hi")
    await page.wait_for_selector(f"{THREAD} .chip")
    await page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(60):
        await page.keyboard.press("Tab")
        reached.add(
            await page.evaluate("document.activeElement.id || document.activeElement.className")
        )
        visible = await page.evaluate(
            "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
            " || document.activeElement.matches('textarea, body')"
        )
        assert visible, await page.evaluate("document.activeElement.outerHTML")
    wanted = {"skip", "room", "person", "model", "faults", "theme", "help", "room-text", "summary"}
    assert wanted <= {word for name in reached for word in name.split()}
    assert {"thread-close", "thread-text", "chip"} <= {w for name in reached for w in name.split()}


async def test_a_running_answer_is_not_read_out_word_by_word(page: Page) -> None:
    await ask(page, "@chatbot a long one")
    await page.wait_for_selector(f"{THREAD} .running [data-block='0']")
    assert await page.get_attribute(THREAD, "aria-live") == "off"
    assert "Paragraph" not in await page.inner_text("#told")
