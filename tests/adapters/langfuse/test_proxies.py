"""A proxy of the environment is for what lies beyond this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
import requests
from opentelemetry.exporter.otlp.proto.http import trace_exporter

from adapters.langfuse.checking import build_http, check
from adapters.langfuse.erasing import erase
from adapters.langfuse.ids import trace_id
from adapters.langfuse.sending import Sender
from adapters.langfuse.settings import LangfuseSettings
from core.scrub import Scrubber
from tests.adapters.langfuse.facts import call, new_keys, rating, settings_of, tracing, turn

if TYPE_CHECKING:
    from tests.standins.langfuse import LangfuseStandIn


@pytest.fixture(autouse=True)
def proxy(monkeypatch: pytest.MonkeyPatch, free_port: int) -> str:
    """Nobody is there."""
    address = f"http://127.0.0.1:{free_port}"
    monkeypatch.setenv("http_proxy", address)
    monkeypatch.setenv("https_proxy", address)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return address


async def test_a_server_on_this_machine_is_reached_without_it(langfuse: LangfuseStandIn) -> None:
    assert (await check(settings_of(langfuse)))[0]
    async with tracing(langfuse) as tracer:
        tracer.called(call())
        tracer.turn_recorded(turn())
        tracer.rated("slack", rating())
    assert len(langfuse.trace(trace_id("t1"))) == 2
    assert [score.value for score in langfuse.scores.newest()] == ["up"]
    person = ("slack", "T1", "U1")
    assert await erase(settings_of(langfuse), Scrubber([]), person, dry_run=False) == (1, 1)


def test_another_one_through_it(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions: list[requests.Session] = []
    build = trace_exporter.OTLPSpanExporter.__init__

    def watch(self: object, **given: object) -> None:
        session = given["session"]
        assert isinstance(session, requests.Session)
        sessions.append(session)
        build(self, **given)

    monkeypatch.setattr(trace_exporter.OTLPSpanExporter, "__init__", watch)
    Sender(LangfuseSettings(**new_keys(), base_url="https://langfuse.example.org")).close()
    url = "https://langfuse.example.org/api"
    (session,) = sessions
    assert (
        session.merge_environment_settings(url, {}, None, None, None)["proxies"]["https"] == proxy
    )
    with build_http(url) as http, pytest.raises(httpx.ConnectError):
        http.get(url)  # the name is resolved by the proxy, so this machine's guard sees no stranger
