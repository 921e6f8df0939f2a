"""The stand-in by hand: `python -m tests.standins.teams --port 8081`, then type as a person."""

from __future__ import annotations

import argparse
import asyncio
import sys

from tests.standins.teams.prompt import Prompt
from tests.standins.teams.standin import TeamsStandIn


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.standins.teams", description=__doc__)
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--bot-url", default="http://127.0.0.1:3978/api/messages")
    parser.add_argument("--no-rates", action="store_true", help="no rate limits")
    parser.add_argument("--time-scale", type=float, default=1.0)
    return parser.parse_args()


async def serve(arguments: argparse.Namespace) -> None:
    teams = TeamsStandIn(
        bot_url=arguments.bot_url,
        rates=not arguments.no_rates,
        time_scale=arguments.time_scale,
        port=arguments.port,
    )
    async with teams:
        print("Settings of the bot:\n")
        for name, value in teams.environment().items():
            print(f"  {name}={value}")
        prompt = Prompt(teams)
        showing = asyncio.create_task(prompt.show())
        await prompt.listen(sys.stdin)
        showing.cancel()


def main() -> None:
    try:
        asyncio.run(serve(read_arguments()))
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
