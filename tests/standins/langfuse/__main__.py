"""The stand-in by hand: `python -m tests.standins.langfuse --port 3000`."""

from __future__ import annotations

import argparse
import asyncio

from tests.standins.langfuse.standin import Fault, LangfuseStandIn


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.standins.langfuse", description=__doc__)
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--fault", choices=["hang", "drip", "slow", "status"])
    parser.add_argument("--version", default="4.60.1")
    return parser.parse_args()


async def serve(arguments: argparse.Namespace) -> None:
    langfuse = LangfuseStandIn(port=arguments.port, version=arguments.version)
    if arguments.fault:
        langfuse.fault = Fault(arguments.fault, after_s=1.0)
    async with langfuse:
        print("Settings of the bot:\n", flush=True)
        for name, value in langfuse.environment().items():
            print(f"  {name}={value}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(serve(read_arguments()))
    except KeyboardInterrupt:
        print()
