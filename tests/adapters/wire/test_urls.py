from __future__ import annotations

import pytest

from adapters.wire.urls import check_url, is_loopback
from core.errors import SettingError


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:11434/v1",
        "http://127.8.8.8",
        "http://localhost:1234",
        "http://LOCALHOST",
        "http://models.localhost/v1",
        "http://[::1]:8080/v1",
    ],
)
def test_loopback_needs_no_tls(url: str) -> None:
    assert is_loopback(url)
    assert check_url(url, "LLM_BASE_URL") == url


@pytest.mark.parametrize(
    "url",
    [
        "http://proxy.example/v1",
        "http://127.0.0.1.example/v1",
        "http://localhost.example/v1",
        "http://localhost@evil.example/v1",
        "http://0.0.0.0/v1",
        "http://169.254.169.254/latest",
        "http://[::ffff:10.0.0.1]/v1",
    ],
)
def test_what_only_looks_like_loopback_needs_tls(url: str) -> None:
    assert not is_loopback(url)
    with pytest.raises(SettingError):
        check_url(url, "LLM_BASE_URL")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "proxy.example/v1",
        "ftp://proxy.example",
        "https://",
        "https://user:pass@proxy.example",
        "https://proxy.example/v1?key=1",
        "https://proxy.example/v1#top",
        "https://proxy.example:99999/",
        "https://proxy.example/a b",
        "https://[::1",
    ],
)
def test_what_is_no_plain_address_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(SettingError) as caught:
        check_url(url, "LLM_BASE_URL")
    assert str(caught.value).startswith("LLM_BASE_URL: ")
    assert "pass" not in str(caught.value)


def test_a_named_host_may_be_reached_without_tls() -> None:
    assert (
        check_url("http://vllm.lan:8000/v1/", "X", ["vllm.lan:8000"]) == "http://vllm.lan:8000/v1"
    )
    assert check_url("http://VLLM.lan/v1", "X", ["vllm.lan"]) == "http://VLLM.lan/v1"
    with pytest.raises(SettingError):
        check_url("http://vllm.lan:8001/v1", "X", ["vllm.lan:8000"])


def test_slashes_at_the_end_mean_nothing() -> None:
    assert check_url(" https://proxy.example/v1// ", "X") == "https://proxy.example/v1"
