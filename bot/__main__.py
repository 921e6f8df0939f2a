"""The command line: `python -m bot COMMAND`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import NotStored, SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 fine, 1 something is wrong outside, 2 a setting or argument is."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        with contextlib.suppress(KeyboardInterrupt):
            return int(options.run(options))
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    except NotStored as error:
        print(f"the database cannot be used: {error}", file=sys.stderr)
        return 1
    return 0


def _run(_: argparse.Namespace) -> int:
    from bot.lifecycle import serve
    from bot.logs import configure_logging
    from bot.settings import read_settings, require_runnable

    settings = read_settings()
    require_runnable(settings)
    configure_logging(settings)
    asyncio.run(serve(settings))
    return 0


def _demo(options: argparse.Namespace) -> int:
    from bot.lifecycle import serve
    from bot.logs import configure_logging
    from bot.playground import demo_settings

    settings = demo_settings(options.port)
    configure_logging(settings)
    asyncio.run(serve(settings, demo=True))
    return 0


def _check(_: argparse.Namespace) -> int:
    from bot.commands.check import check

    return asyncio.run(check())


def _stats(options: argparse.Namespace) -> int:
    from bot.commands.stats import print_stats

    return asyncio.run(print_stats(options.since, as_json=options.json))


def _digest(options: argparse.Namespace) -> int:
    from bot.commands.digest import digest

    return asyncio.run(digest(options.date, dry_run=options.dry_run))


def _connect(options: argparse.Namespace) -> int:
    from bot.commands.connect import connect

    return asyncio.run(connect(options.platform, http=options.http))


def _teams_package(options: argparse.Namespace) -> int:
    from adapters.teams.package.building import Developer
    from bot.commands.connect import write_teams_package

    developer = Developer(options.developer, options.website, options.privacy, options.terms)
    return write_teams_package(options.output, options.name, developer, hear_all=options.hear_all)


def _migrate(_: argparse.Namespace) -> int:
    from bot.commands.stats import migrate

    return asyncio.run(migrate())


def _dead_letters(options: argparse.Namespace) -> int:
    from bot.commands.dead_letters import change_dead_letters, print_dead_letters

    if options.action == "list":
        return asyncio.run(print_dead_letters(as_json=options.json, with_text=options.text))
    return asyncio.run(change_dead_letters(options.action, options.ids))


def _backup(options: argparse.Namespace) -> int:
    from bot.commands.backup import backup

    return asyncio.run(backup(options.file, force=options.force))


def _erase(options: argparse.Namespace) -> int:
    from bot.commands.erase import erase

    return asyncio.run(erase(options.user, dry_run=options.dry_run))


def _audit(options: argparse.Namespace) -> int:
    from bot.commands.audit import print_audit

    return asyncio.run(print_audit(options.since, as_json=options.json))


def _env_example(_: argparse.Namespace) -> int:
    from bot.settings import to_env_example

    print(to_env_example(), end="")
    return 0


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("write it like 2026-03-02") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="A chat bot for teams that answers with a language model."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("run", help="run the bot").set_defaults(run=_run)
    demo = commands.add_parser("demo", help="serve the playground with the demo model")
    demo.add_argument("--port", type=int, help="port to listen on (PORT, 3978)")
    demo.set_defaults(run=_demo)
    connect = commands.add_parser("connect", help="connect a platform, step by step")
    connect.add_argument("platform", choices=["slack", "teams"])
    connect.add_argument(
        "--http", action="store_true", help="Slack: events over HTTP, not Socket Mode"
    )
    connect.set_defaults(run=_connect)
    commands.add_parser("check", help="check settings and services").set_defaults(run=_check)
    stats = commands.add_parser("stats", help="print the numbers of the ledger")
    stats.add_argument("--since", default="24h", help="like 1h, 24h, 7d (default: 24h)")
    stats.add_argument("--json", action="store_true", help="as JSON")
    stats.set_defaults(run=_stats)
    _add_teams_package(commands.add_parser("teams-package", help="build the Teams app package"))
    digest = commands.add_parser("digest", help="post the daily digest now, once for each date")
    digest.add_argument("--date", type=_date, help="of the digest, about the day before (today)")
    digest.add_argument("--dry-run", action="store_true", help="print it, and post nothing")
    digest.set_defaults(run=_digest)
    commands.add_parser("migrate", help="bring the database up to date").set_defaults(run=_migrate)
    _add_dead_letters(commands.add_parser("dead-letters", help="messages that were given up on"))
    _add_backup(commands.add_parser("backup", help="copy the database while the bot runs"))
    _add_erase(commands.add_parser("erase", help="forget a person"))
    _add_audit(commands.add_parser("audit", help="print what admins and operators did"))
    env = commands.add_parser("env-example", help="print .env.example")
    env.set_defaults(run=_env_example)
    return parser


def _add_dead_letters(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_dead_letters)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="print them, oldest first")
    listing.add_argument("--text", action="store_true", help="with what people wrote")
    listing.add_argument("--json", action="store_true", help="as JSON")
    retry = actions.add_parser("retry", help="have a running bot answer them, in the same message")
    drop = actions.add_parser("drop", help="remove them for good")
    for action in (retry, drop):
        action.add_argument("ids", nargs="+", metavar="ID", help="as printed by `list`")


def _add_backup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="file to write")
    parser.add_argument("--force", action="store_true", help="replace the file if it exists")
    parser.set_defaults(run=_backup)


def _add_erase(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--user", required=True, metavar="PLATFORM:WORKSPACE:ID", help="like slack:T0123:U0456"
    )
    parser.add_argument("--dry-run", action="store_true", help="only count what would go")
    parser.set_defaults(run=_erase)


def _add_audit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", default="30d", help="like 1h, 24h, 7d (default: 30d)")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(run=_audit)


def _add_teams_package(package: argparse.ArgumentParser) -> None:
    package.add_argument("--output", type=Path, default=Path("teams-app.zip"), help="file to write")
    package.add_argument("--name", default="Chatbot", help="name that people see (Chatbot)")
    package.add_argument("--developer", default="Chatbot", help="who is named as its developer")
    package.add_argument(
        "--website", default="https://example.com", help="the developer's page, with https"
    )
    package.add_argument("--privacy", default="", help="privacy page (WEBSITE/privacy)")
    package.add_argument("--terms", default="", help="terms of use (WEBSITE/terms)")
    package.add_argument(
        "--hear-all",
        action="store_true",
        help="ask for messages without a mention too, for follow-ups in threads",
    )
    package.set_defaults(run=_teams_package)


if __name__ == "__main__":
    sys.exit(main())
