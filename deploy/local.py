"""`./run replicas`: several bots on this machine, one PostgreSQL, a balancer in front of them."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bot.settings import read_settings
from bot.settings.runnable import require_runnable
from core.errors import SettingError
from deploy.balancer import Balancer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.settings import Settings

RESTART_AFTER_S = 1.0


def main() -> None:
    arguments = read_arguments()
    try:
        settings = read_settings()
        require_runnable(settings)
        if settings.playground:
            raise SettingError("PLAYGROUND: its page belongs to one process; set PLAYGROUND=false")
    except SettingError as error:
        sys.exit(str(error))
    with database(settings) as url:
        asyncio.run(serve(settings, arguments, url))


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run replicas", description=__doc__)
    parser.add_argument("--replicas", type=int, default=3, metavar="N", help="how many bots (3)")
    parser.add_argument("--port", type=int, default=3978, help="of the balancer (3978)")
    return parser.parse_args()


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The URL of the PostgreSQL in DATABASE_URL, or of one that is gone in the end."""
    if settings.database_url.startswith("postgres"):
        yield settings.database_url
        return
    from tests.tooling.postgres import NoPostgres, PostgresServer  # noqa: PLC0415 - few need it

    folder = Path(tempfile.mkdtemp(prefix="replicas-"))
    try:
        server = PostgresServer(folder)
    except NoPostgres as error:
        sys.exit(f"DATABASE_URL: name a PostgreSQL; none could be started here: {error}")
    print("DATABASE_URL names no PostgreSQL: this one is gone in the end, with all that it knows")
    try:
        yield server.url()
    finally:
        server.stop(signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)


async def serve(settings: Settings, arguments: argparse.Namespace, database_url: str) -> None:
    """Until SIGINT or SIGTERM; then every bot drains."""
    stopping = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt
            asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    replicas = [
        replica_settings(settings, arguments.port, n) for n in range(1, arguments.replicas + 1)
    ]
    urls = [f"http://127.0.0.1:{one['PORT']}" for one in replicas]
    async with Balancer(urls, port=arguments.port) as balancer, asyncio.TaskGroup() as group:
        print(f"Events go to http://127.0.0.1:{balancer.port}, and on to {', '.join(urls)}")
        for one in replicas:
            group.create_task(keep_running(one | {"DATABASE_URL": database_url}, stopping))


def replica_settings(settings: Settings, port: int, number: int) -> dict[str, str]:
    """What one replica has for itself; the first is number 1, its ports follow the balancer's."""
    return {
        "HOST": "127.0.0.1",
        "PORT": str(port + number),
        "METRICS_PORT": str(settings.metrics_port and settings.metrics_port + number - 1),
        "METRICS_DIR": str(settings.metrics_dir / f"replica-{number}"),
    }


async def keep_running(settings: Mapping[str, str], stopping: asyncio.Event) -> None:
    """Starts a bot again when it ends; returns when it has been told to, and has drained."""
    waiting = asyncio.create_task(stopping.wait())
    while not stopping.is_set():
        bot = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"), env={**os.environ, **settings}
        )
        ending = asyncio.create_task(bot.wait())
        await asyncio.wait({ending, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if stopping.is_set():
            with suppress(ProcessLookupError):  # Ctrl-C has reached it too
                bot.terminate()
            await ending
            return
        print(f"the bot on port {settings['PORT']} has ended with {bot.returncode}", flush=True)
        await asyncio.wait({waiting}, timeout=RESTART_AFTER_S)


if __name__ == "__main__":
    main()
