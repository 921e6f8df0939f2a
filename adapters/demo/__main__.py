"""`python -m adapters.demo --port 8000`: the demo model by itself, for any client."""

from __future__ import annotations

import argparse
import asyncio
import sys

from adapters.demo.server import DemoServer


async def serve(port: int, think_s: float, pace_s: float) -> None:
    server = DemoServer(port=port, think_s=think_s, pace_s=pace_s)
    await server.start()
    sys.stdout.write(f"{server.base_url}\n")
    sys.stdout.flush()
    try:
        await asyncio.Event().wait()
    finally:
        await server.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m adapters.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="0: any free one")
    parser.add_argument("--think", type=float, default=0.4, help="seconds before the first word")
    parser.add_argument("--pace", type=float, default=0.03, help="seconds between two words")
    options = parser.parse_args()
    try:
        asyncio.run(serve(options.port, options.think, options.pace))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
