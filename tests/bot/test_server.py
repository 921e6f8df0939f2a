"""The HTTP front before, while and after the rest of the bot is there."""

from __future__ import annotations

import socket
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from bot.server import Server
from core.errors import SettingError


@asynccontextmanager
async def serving(port, routes=(), late_posts=("/slack/events",)):
    server = Server("127.0.0.1", port)
    await server.start(routes, late_posts)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            yield server, http
    finally:
        await server.stop()


async def get(http, path):
    async with http.get(path) as response:
        return response.status, await response.text()


async def test_the_process_is_healthy_before_it_is_ready(free_port):
    async with serving(free_port) as (_, http):
        assert await get(http, "/healthz") == (200, "ok")
        status, text = await get(http, "/readyz")
        assert status == 503
        assert "starting" in text


async def test_events_that_come_too_early_are_asked_for_again(free_port):
    async with serving(free_port) as (server, http):
        async with http.post("/slack/events", data=b"{}") as response:
            assert response.status == 503
            assert response.headers["Retry-After"] == "1"

        async def answer(_):
            return web.Response(text="taken")

        server.connect("/slack/events", answer)
        async with http.post("/slack/events", data=b"{}") as response:
            assert await response.text() == "taken"


async def test_readiness_names_what_is_missing(free_port):
    async with serving(free_port) as (server, http):

        async def missing():
            return {"database": "it is read-only"}

        server.readiness = missing
        status, text = await get(http, "/readyz")
        assert status == 503
        assert "read-only" in text

        async def nothing():
            return {}

        server.readiness = nothing
        assert (await get(http, "/readyz"))[0] == 200


async def test_metrics_are_served_on_a_port_of_their_own(free_port):
    async with serving(free_port) as (server, http):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        await server.start_metrics("127.0.0.1", port, lambda: b"chatbot_up 1\n")
        assert await get(http, f"http://127.0.0.1:{port}/metrics") == (200, "chatbot_up 1\n")
        assert (await get(http, "/metrics"))[0] == 404


async def test_a_port_that_is_taken_is_named(free_port):
    async with serving(free_port):
        with pytest.raises(SettingError, match=r"^PORT: "):
            await Server("127.0.0.1", free_port).start(())
