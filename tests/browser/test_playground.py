from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import FilePayload, Page, expect

from tests.adapters.web.serve import Site, serving

if TYPE_CHECKING:
    from pathlib import Path

THREAD = "#thread-log"


async def ask(page: Page, text: str) -> None:
    await page.fill("#room-text", text)
    await page.press("#room-text", "Enter")


async def test_a_question_in_the_channel_streams_into_a_thread(page: Page) -> None:
    await ask(page, "@chatbot How do I connect Slack?")
    await expect(page.locator(f"{THREAD} .status")).to_contain_text("Thinking")
    await page.wait_for_selector(f"{THREAD} .running [data-block='0']")
    assert await page.locator(f"{THREAD} .chip").count() == 0
    await page.wait_for_selector(f"{THREAD} .chip")
    await expect(page.locator(f"{THREAD} pre")).to_contain_text("python -m bot connect slack")
    await expect(page.locator("#room-log .summary")).to_contain_text("1 reply")
    await expect(page.locator("#told")).to_contain_text("chatbot: Three steps")


async def test_a_rating_is_given_and_taken_back(page: Page, site: Site) -> None:
    await ask(page, "@chatbot hi")
    thumb = page.locator(f"{THREAD} .chip").first
    await thumb.click()
    await expect(thumb).to_have_attribute("aria-pressed", "true")
    await thumb.click()
    await expect(thumb).to_have_attribute("aria-pressed", "false")
    assert [(r.emoji, r.added) for r in site.bot.reactions] == [("+1", True), ("+1", False)]


async def test_stop_keeps_what_was_written_and_try_again_starts_over(page: Page) -> None:
    await ask(page, "@chatbot a long one")
    await page.wait_for_selector(f"{THREAD} .running [data-block='1']")
    await page.click("#thread-foot .halt")
    await expect(page.locator(f"{THREAD} .notice")).to_contain_text("Stopped")
    await expect(page.locator("#thread-foot .halt")).to_be_hidden()
    assert "Paragraph 1" in await page.inner_text(THREAD)
    await page.click(f"{THREAD} .again")
    await page.wait_for_selector(f"{THREAD} .running")
    assert await page.locator(f"{THREAD} .msg").count() == 2


async def test_commands_are_suggested_and_chosen_by_keyboard(page: Page, site: Site) -> None:
    await page.focus("#room-text")
    await page.keyboard.type("/s")
    options = page.locator("#room-list [role=option]")
    await expect(options).to_have_count(3)
    await page.keyboard.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    active = await page.get_attribute("#room-text", "aria-activedescendant")
    assert active == await options.nth(1).get_attribute("id")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.locator("#room-text")).to_have_value("/stats ")
    await page.keyboard.type("7d")
    await page.keyboard.press("Enter")
    await expect(page.locator(f"{THREAD} .chart svg")).to_be_visible()
    assert site.bot.accepted[0].text == "stats 7d"
    await page.click(f"{THREAD} button[data-command='stats 1h']")
    await expect(page.locator(f"{THREAD} h3")).to_have_text("Last 1h")


async def test_the_bot_is_suggested_after_an_at_sign(page: Page) -> None:
    await page.focus("#room-text")
    await page.keyboard.type("hello @cha")
    await page.keyboard.press("Tab")
    await expect(page.locator("#room-text")).to_have_value("hello @chatbot ")
    await page.keyboard.type("@")
    await page.keyboard.press("Escape")
    await expect(page.locator("#room-list")).to_be_hidden()


async def test_people_take_turns_and_see_what_is_new(page: Page, site: Site) -> None:
    await ask(page, "Lunch at noon?")
    await page.keyboard.press("Alt+Digit2")
    await page.click("#rooms button >> nth=1")
    await expect(page.locator("#room-name")).to_have_text("chatbot")
    await page.keyboard.press("Alt+Digit1")
    await page.keyboard.press("Alt+ArrowUp")
    await ask(page, "Or at one?")
    await expect(page.locator("#room-log .msg")).to_have_count(2)
    await page.click("#rooms button >> nth=1")
    await page.keyboard.press("Alt+Digit2")
    await expect(page.locator("#rooms .news")).to_contain_text("1")


async def test_a_scene_of_several_people_ends_in_an_answer(page: Page, site: Site) -> None:
    await page.click("text=Let it catch up on a thread")
    await expect(page.locator(f"{THREAD} .msg")).to_have_count(4)
    await expect(page.locator(f"{THREAD} .body.answer")).to_contain_text("Monday")
    assert [message.address for message in site.bot.accepted] == ["thread", "mention"]


async def test_a_direct_message_is_answered_in_place(page: Page) -> None:
    await page.click("#rooms button >> nth=1")
    await ask(page, "hello")
    await expect(page.locator("#room-log .body.answer")).to_contain_text("Hello!")
    await expect(page.locator("#thread")).to_be_hidden()


async def test_a_failed_answer_says_what_to_do_and_can_be_tried_again(
    page: Page, site: Site
) -> None:
    site.bot.fault = "outage"
    await ask(page, "@chatbot Slack?")
    await expect(page.locator(f"{THREAD} .notice.failed")).to_contain_text("try again in a minute")
    await page.click(f"{THREAD} .again")
    await page.wait_for_selector(f"{THREAD} .chip")
    assert await page.locator(f"{THREAD} .notice").count() == 0


async def test_the_model_and_the_failure_are_chosen_in_a_click(page: Page, site: Site) -> None:
    await page.click("#model")
    await page.click(".panel [data-id=gemini]")
    await expect(page.locator("#model")).to_contain_text("gemini")
    await page.click("#faults")
    await page.click(".panel [data-id=cut]")
    await expect(page.locator("#faults")).to_contain_text("Cut line")
    assert site.faults.kind == "cut"
    await page.click("#model")
    await page.click(".panel .more")
    await page.fill(".panel [name=model]", "openai/x")
    await page.fill(".panel [name=key]", "not-a-real-key")
    await page.click(".panel .primary")
    await expect(page.locator("#model")).to_contain_text("openai/x")
    assert site.menu.pasted == ("not-a-real-key", "", "openai/x")


async def test_popovers_close_with_escape_and_give_the_focus_back(page: Page) -> None:
    for button in ("#model", "#faults"):
        await page.focus(button)
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".panel [role=radio]")
        await page.keyboard.press("Escape")
        await expect(page.locator(".panel")).to_have_count(0)
        await expect(page.locator(button)).to_be_focused()
    await page.keyboard.press("?")
    await expect(page.locator("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_have_count(0)


async def test_code_is_copied(page: Page) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await ask(page, "@chatbot Slack?")
    await page.hover(f"{THREAD} .code")
    await page.click(f"{THREAD} .code .tool")
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == "python -m bot connect slack\npython -m bot run\n"


async def test_a_file_is_attached_and_shown(page: Page, site: Site) -> None:
    await page.set_input_files(
        "#room-foot input[type=file]",
        files=FilePayload(name="note.txt", mimeType="text/plain", buffer=b"hello"),
    )
    await expect(page.locator("#room-foot .tray")).to_contain_text("note.txt")
    await ask(page, "@chatbot read this")
    await expect(page.locator("#room-log .file")).to_contain_text("note.txt")
    assert site.bot.accepted[0].attachments[0].name == "note.txt"


async def test_hostile_text_stays_text(page: Page) -> None:
    await ask(page, "<img src=x onerror=alert(1)> [x](javascript:alert(1)) **bold**")
    body = page.locator("#room-log .body")
    await expect(body).to_contain_text("<img src=x")
    assert await body.locator("img, script, a[href^=javascript]").count() == 0


async def test_the_page_comes_back_after_a_restart_with_everything_said(
    page: Page, site: Site, tmp_path: Path
) -> None:
    """The second server answers on another port, so the page is pointed there."""
    await ask(page, "@chatbot a long one")
    await page.wait_for_selector(f"{THREAD} .running [data-block='0']")
    await site.bot.close()
    await site.channel.stop()
    await expect(page.locator("#line")).to_contain_text("Trying again")
    async with serving(tmp_path, speed=4) as later:
        (interrupted,) = [
            message
            for message in later.channel.playground.rooms.to_state()["messages"]
            if message["thread"]
        ]
        await page.goto(later.url)
        await expect(page.locator("#room-log .summary")).to_contain_text("answering")
        await later.bot.resume(site.bot.turns[0])
        await page.click("#room-log .summary")
        await page.wait_for_selector(f"{THREAD} [data-id='{interrupted['id']}'] .chip")
        await expect(page.locator(f"{THREAD} .msg")).to_have_count(2)


async def test_the_page_waits_for_a_bot_that_is_still_starting(page: Page, site: Site) -> None:
    bot = site.channel.playground.chatbot
    assert bot is not None
    site.channel.connect(None)  # type: ignore[arg-type]  # as before the wiring has finished
    await page.reload()
    await expect(page.locator("#room-log")).to_contain_text("Starting")
    site.channel.connect(bot)
    await expect(page.locator(".welcome")).to_be_visible()


async def test_the_chosen_theme_is_remembered(page: Page) -> None:
    await page.click("#theme")
    chosen = await page.get_attribute("html", "data-theme")
    assert chosen == "dark"
    await page.reload()
    assert await page.get_attribute("html", "data-theme") == "dark"


async def test_the_whole_page_weighs_less_than_60_kb_and_comes_from_here_alone(
    page: Page, site: Site
) -> None:
    sizes: dict[str, int] = {}
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    for path in await page.evaluate(
        "['/', ...performance.getEntriesByType('resource').map((entry) => entry.name)]"
    ):
        if path == "/" or path.endswith((".css", ".js")):
            response = await page.request.get(site.url if path == "/" else path)
            sizes[path] = len(await response.body())
    assert len(sizes) >= 8
    assert sum(sizes.values()) < 60_000, sizes
    await page.reload()
    await page.wait_for_selector(".welcome")
    assert all(url.startswith(site.url) for url in requested)
