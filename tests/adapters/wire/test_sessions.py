from __future__ import annotations

import pytest

from adapters.wire.sessions import build_session, proxy_for


@pytest.fixture
def _proxied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "direct.example")


@pytest.mark.usefixtures("_proxied")
def test_the_environments_proxy_is_used() -> None:
    assert proxy_for("https://api.example/v1") == "http://proxy.example:3128"
    assert proxy_for("https://direct.example/v1") is None


@pytest.mark.usefixtures("_proxied")
@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://localhost:1", "https://[::1]:1"])
def test_loopback_never_goes_through_a_proxy(url: str) -> None:
    assert proxy_for(url) is None


async def test_the_session_neither_keeps_cookies_nor_limits_the_total_time() -> None:
    async with build_session() as session:
        assert session.timeout.total is None
        assert session.timeout.sock_connect
        assert not session.trust_env
        session.cookie_jar.update_cookies({"a": "b"})
        assert len(session.cookie_jar) == 0
