"""What the Slack channel is configured with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

DEFAULT_API_URL = "https://slack.com/api/"


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """The SLACK_* settings. Socket Mode with an app token, HTTP with a signing secret; both may
    be set, and then Socket Mode delivers."""

    bot_token: str = field(repr=False)
    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    api_url: str = DEFAULT_API_URL
    pacing: Literal["tiers", "off"] = "tiers"

    @property
    def base_url(self) -> str:
        """The Web API's address, with exactly one slash at its end."""
        return self.api_url.rstrip("/") + "/"

    @property
    def own_host(self) -> str:
        """`host:port` that stands in for Slack's hosts; empty where Slack itself is spoken to."""
        if self.base_url == DEFAULT_API_URL:
            return ""
        return urlsplit(self.base_url).netloc.lower()
