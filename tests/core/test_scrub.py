from __future__ import annotations

import base64
import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.scrub import MASK, Scrubber

KEY = "A1b2C3d4" + "E5f6G7h8" + "I9j0K1l2"
B64 = base64.urlsafe_b64encode(b'{"alg":"HS256"}').decode().rstrip("=")

# Put together here, so that no scanner takes this file for a leak.
CANARIES = {
    "provider key": "sk-" + KEY,
    "Anthropic key": "sk-" + "ant-api03-" + KEY,
    "OpenAI project key": "sk-" + "proj-" + KEY,
    "Langfuse public key": "pk-" + "lf-" + KEY,
    "Langfuse secret key": "sk-" + "lf-" + KEY,
    "Slack bot token": "xox" + "b-1234-5678-" + KEY,
    "Slack user token": "xox" + "p-1234-5678-" + KEY,
    "Slack app token": "xapp" + "-1-A1-1234-" + KEY,
    "bearer": "Bearer " + KEY,
    "JWT": f"{B64}.{B64}.{KEY}",
    "Slack webhook": "https://hooks.slack" + ".com/services/T1/B1/" + KEY,
    "Teams webhook": "https://acme.webhook.office" + ".com/webhookb2/a@b/IncomingWebhook/" + KEY,
    "key in a URL": "https://example.com/v1?alt=sse&key=" + KEY,
    "Google key": "AIza" + KEY,
    "e-mail": "jane.doe+KEY@mail.example.com".replace("KEY", KEY),
}
SURROUNDINGS = (
    "{}",
    "failed with {} in it",
    "'{}'",
    '{{"value": "{}"}}',
    "({})",
    "Authorization: {}",
    "first\n{}\nlast",
    "{0} {0}",
    "url={}&more=1",
    "<{}>",
)


@pytest.mark.parametrize("surroundings", SURROUNDINGS)
@pytest.mark.parametrize("canary", CANARIES.values(), ids=CANARIES)
def test_no_canary_survives_wherever_it_stands(canary, surroundings):
    text = surroundings.format(canary)

    assert KEY in text
    assert KEY not in Scrubber()(text)
    assert KEY not in Scrubber()(repr(text))
    assert KEY not in Scrubber()(json.dumps({"error": text}))


@pytest.mark.parametrize("name", [name for name in CANARIES if "webhook" not in name])
def test_no_canary_survives_in_a_query(name):
    for value in (CANARIES[name], f"was: {CANARIES[name]}"):
        assert KEY not in Scrubber()("https://x.test/?next=" + quote(value, safe=""))


@pytest.mark.parametrize(
    "text",
    [
        "postgresql+asyncpg://bot:{}@db.internal/chat",
        "SMTP_PASSWORD={}",
        '{{"api_key": "{}"}}',
        "client_secret: '{}'",
        "Basic {}",
    ],
)
def test_assignments_and_addresses_are_masked_too(text):
    assert KEY not in Scrubber()(text.format(KEY))


@pytest.mark.parametrize(
    "text",
    [
        "turn recorded in 3.2 s, first token: 0.35 s, max_tokens=1024",
        "a task-force-of-many-people and a risk-adjusted-estimate",
        "see https://example.com/docs?page=2#top and http://127.0.0.1:3978/",
        "conversation teams:t:19%3Aabc%40thread.tacv2:1, 19:x_y@unq.gbl.spaces",
        "model gemini/gemini-2.5-flash, openai/gpt-5@2026",
        "bearer of bad news",
        "ModuleNotFoundError: No module named 'xoxo'",
    ],
)
def test_ordinary_text_is_left_alone(text):
    assert Scrubber()(text) == text


@pytest.mark.parametrize("secret", ["correct horse/battery?staple", 'qu"ote\\back', "pässwörd-1"])
def test_our_own_secrets_are_masked_in_every_form_they_are_written_in(secret):
    scrub = Scrubber([secret])

    for form in (secret, quote(secret, safe=""), json.dumps(secret), repr(secret)):
        assert MASK in scrub(f"value {form} end")
        assert "battery" not in scrub(form)
        assert "back" not in scrub(form)
        assert "1" not in scrub(form)


def test_a_secret_within_another_leaves_no_rest():
    assert Scrubber(["abcdef", "abcdef-ghijkl"])("x abcdef-ghijkl y") == f"x {MASK} y"


def test_empty_and_tiny_values_are_no_secrets():
    assert Scrubber(["", " ", "chat"])("a chat bot") == "a chat bot"


@given(st.text(max_size=200))
def test_scrubbing_twice_changes_nothing_more(text):
    scrub = Scrubber([KEY])

    assert scrub(scrub(text)) == scrub(text)


HOSTILE = {
    "one word": "a",
    "almost addresses": "a@a.",
    "dotted": "a.",
    "keys without end": "sk-",
    "tokens without end": "eyJ",
    "queries": "?a_key",
    "credentials": "://a:",
    "assignments": "api_key_",
    "webhooks": "hooks.slack.com ",
    "spaces": "bearer ",
    "blank": " ",
    "percent": "%40",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_time_in_proportion_to_its_length(piece):
    scrub = Scrubber([KEY, "another-secret"])
    text = (piece * 100_000)[:100_000] + "=@:/"

    def seconds() -> float:
        started = time.thread_time()
        scrub(text)
        return time.thread_time() - started

    # Time of this thread's own work, the best of three: other tests share the machine.
    assert min(seconds() for _ in range(3)) < 0.05
