"""The stand-in by hand: `python -m tests.standins.slack --port 8080`, then type as a person."""

from __future__ import annotations

import argparse
import asyncio
import sys

from tests.standins.slack.prompt import Prompt
from tests.standins.slack.standin import SlackStandIn


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.standins.slack", description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--events-url", help="deliver by HTTP there, not by Socket Mode")
    parser.add_argument("--no-tiers", action="store_true", help="no rate limits")
    parser.add_argument("--time-scale", type=float, default=1.0)
    return parser.parse_args()


async def serve(arguments: argparse.Namespace) -> None:
    slack = SlackStandIn(
        events_url=arguments.events_url,
        tiers=not arguments.no_tiers,
        time_scale=arguments.time_scale,
        port=arguments.port,
    )
    async with slack:
        print("Settings of the bot:\n")
        for name, value in slack.environment().items():
            print(f"  {name}={value}")
        print(f"\nOr speak over HTTP: POST {slack.base_url}/control/say")
        prompt = Prompt(slack)
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
