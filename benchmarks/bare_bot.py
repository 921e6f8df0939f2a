"""A Slack bot as a tutorial would have it: slack-bolt, LiteLLM, nothing stored, nothing paced."""

from __future__ import annotations

import os
import time

import litellm
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

MODEL = os.environ["LLM_MODEL"]
UPDATE_EVERY_S = 0.5
SYSTEM_PROMPT = "You are a helpful assistant in Slack. Answer in Markdown."

app = AsyncApp(
    signing_secret=os.environ["SLACK_SIGNING_SECRET"],
    client=AsyncWebClient(
        token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]
    ),
)


@app.event("app_mention")
async def on_mention(event, client):
    question = event["text"].partition("> ")[2]
    messages = [
        {"role": "system", "content": SYSTEM_PROMPT},
        {"role": "user", "content": question},
    ]
    stream = await litellm.acompletion(model=MODEL, messages=messages, stream=True)
    place = {"channel": event["channel"]}
    text, posted, shown_at = "", None, 0.0
    async for chunk in stream:
        text += chunk.choices[0].delta.content or ""
        if not text.strip() or time.monotonic() - shown_at < UPDATE_EVERY_S:
            continue
        if posted is None:
            posted = await client.chat_postMessage(
                **place, thread_ts=event.get("thread_ts") or event["ts"], markdown_text=text
            )
        else:
            await client.chat_update(**place, ts=posted["ts"], markdown_text=text)
        shown_at = time.monotonic()
    if posted is not None:
        await client.chat_update(**place, ts=posted["ts"], markdown_text=text)


@app.event("message")
async def on_message():
    """Acknowledged: mentions come as `app_mention` too."""


if __name__ == "__main__":
    app.start(port=int(os.environ["PORT"]), host="127.0.0.1")
