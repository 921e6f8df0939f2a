"""Files behind the token, response URLs with their five uses, and the control endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.standins.slack import SlackFile

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

    from tests.standins.slack import SlackStandIn

HEADERS = {"Authorization": "Bearer xoxb-test"}


@pytest.fixture(autouse=True)
def quiet(slack: SlackStandIn) -> None:
    slack.announcer.subscriptions.clear()


def attach(slack: SlackStandIn, file: SlackFile) -> str:
    return slack.people.say("U0ALICE", "C0GENERAL", "see", files=[file]).files[0].url


async def test_a_file_is_given_for_the_token(
    slack: SlackStandIn, session: aiohttp.ClientSession
) -> None:
    url = attach(slack, SlackFile("a.md", b"# A", "text/markdown"))
    async with session.get(url, headers=HEADERS) as response:
        assert (response.content_type, await response.read()) == ("text/markdown", b"# A")
    assert slack.files.downloads[0].authorization == "Bearer xoxb-test"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
async def test_without_the_token_comes_a_page_to_sign_in(
    slack: SlackStandIn, session: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    url = attach(slack, SlackFile("a.md", b"# A", "text/markdown"))
    async with session.get(url, headers=headers) as response:
        assert (response.status, response.content_type) == (200, "text/html")
        assert "Sign in" in await response.text()


async def test_without_the_scope_too(slack: SlackStandIn, session: aiohttp.ClientSession) -> None:
    slack.scopes.discard("files:read")
    url = attach(slack, SlackFile("a.md", b"# A"))
    async with session.get(url, headers=HEADERS) as response:
        assert response.content_type == "text/html"


async def test_a_file_can_send_elsewhere(
    slack: SlackStandIn, session: aiohttp.ClientSession
) -> None:
    url = attach(slack, SlackFile("a.md", redirect_to="http://169.254.169.254/latest"))
    async with session.get(url, headers=HEADERS, allow_redirects=False) as response:
        assert response.status == 302
        assert response.headers["Location"] == "http://169.254.169.254/latest"


async def test_a_file_can_have_no_end(slack: SlackStandIn, session: aiohttp.ClientSession) -> None:
    url = attach(slack, SlackFile("a.md", endless=True, claimed_size=10))
    async with session.get(url, headers=HEADERS) as response:
        assert len(await response.content.readexactly(1_000_000)) == 1_000_000


async def test_files_info_knows_the_files_of_messages(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    url = attach(slack, SlackFile("a.md", b"# A"))
    info = await client.files_info(file=slack.workspace.messages("C0GENERAL")[0].files[0].id)
    assert (info["file"]["url_private"], info["file"]["size"]) == (url, 3)


async def test_a_response_url_is_good_for_five_answers(slack: SlackStandIn) -> None:
    webhook = AsyncWebhookClient(slack.response_urls.issue("C0GENERAL", "U0BOB").url)
    answers = [await webhook.send(text=str(number)) for number in range(6)]
    assert [a.status_code for a in answers] == [200] * 5 + [404]
    assert "used_url" in answers[-1].body
    assert [(e.user, e.shown) for e in slack.workspace.ephemerals[:1]] == [("U0BOB", "0")]
    assert slack.workspace.messages("C0GENERAL") == []


async def test_a_response_url_lives_thirty_minutes(slack: SlackStandIn) -> None:
    webhook = AsyncWebhookClient(slack.response_urls.issue("C0GENERAL", "U0BOB").url)
    slack.clock.advance(30 * 60 - 5)
    assert (await webhook.send(text="x")).status_code == 200
    slack.clock.advance(5)
    late = await webhook.send(text="x")
    assert (late.status_code, "expired_url" in late.body) == (404, True)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"markdown_text": "x"}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "x", "blocks": [{"type": "x"}]}, "invalid_blocks"),
        ({"text": "x", "response_type": "everywhere"}, "invalid_response_type"),
        ([], "invalid_payload"),
    ],
)
async def test_a_bad_response_is_refused_and_uses_nothing_up(
    slack: SlackStandIn, session: aiohttp.ClientSession, body: Any, code: str
) -> None:
    url = slack.response_urls.issue("C0GENERAL", "U0BOB")
    async with session.post(url.url, json=body) as response:
        assert (response.status, (await response.json())["error"]) == (400, code)
    assert url.used == 0


async def test_a_response_can_replace_or_delete_the_message_of_the_button(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel="C0GENERAL", text="x")
    url = slack.response_urls.issue("C0GENERAL", "U0BOB", posted["ts"])
    webhook = AsyncWebhookClient(url.url)
    await webhook.send(text="y", replace_original=True)
    assert [m.shown for m in slack.workspace.messages("C0GENERAL")] == ["y"]
    await webhook.send(delete_original=True)
    assert slack.workspace.messages("C0GENERAL") == []


async def test_a_response_in_channel_is_a_message_for_all(slack: SlackStandIn) -> None:
    webhook = AsyncWebhookClient(slack.response_urls.issue("C0GENERAL", "U0BOB").url)
    await webhook.send(text="all", response_type="in_channel")
    assert [m.shown for m in slack.workspace.messages("C0GENERAL")] == ["all"]


async def test_another_process_can_speak_look_and_break_things(
    slack: SlackStandIn, session: aiohttp.ClientSession, client: AsyncWebClient
) -> None:
    control = f"{slack.base_url}/control"
    words = {"user": "U0ALICE", "channel": "C0GENERAL", "text": "hi"}
    async with session.post(f"{control}/say", json=words) as response:
        said = await response.json()
    reaction = {"user": "U0BOB", "ts": said["ts"], "emoji": "eyes"}
    async with session.post(f"{control}/react", json=reaction) as response:
        assert response.status == 200
    async with session.get(f"{control}/messages?channel=C0GENERAL") as response:
        [message] = (await response.json())["messages"]
    assert (message["shown"], message["reactions"][0]["name"]) == ("hi", "eyes")
    fault = {"method": "auth.test", "kind": "http_status", "with": {"status": 503}}
    async with session.post(f"{control}/fault", json=fault) as response:
        assert response.status == 200
    async with session.post(f"{slack.api_url}auth.test", headers=HEADERS) as response:
        assert response.status == 503
    async with session.get(f"{control}/calls?method=auth.test") as response:
        assert [c["error"] for c in (await response.json())["calls"]] == ["http_503"]
