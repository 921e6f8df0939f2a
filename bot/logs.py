"""Logging: one line a record, each with its correlation id, secrets masked before any handler."""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

from core.correlation import current_id
from core.errors import SettingError
from core.scrub import Scrubber

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Any

    from bot.settings import Settings

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
FORMATS = ("json", "human")
FILE_NAME = "chatbot.log"
FILE_MAX_BYTES = 10 * 1024 * 1024
FILES_KEPT = 5

QUIET_LIBRARIES = (
    "LiteLLM",
    "LiteLLM Proxy",
    "LiteLLM Router",
    "aiohttp",
    "aiosqlite",
    "alembic",
    "apscheduler",
    "asyncio",
    "botbuilder",
    "httpcore",
    "httpx",
    "langfuse",
    "openai",
    "opentelemetry",
    "slack_bolt",
    "slack_sdk",
    "sqlalchemy",
    "urllib3",
)
"""Below WARNING they write a line a request, and some of them its body or headers."""

_STANDARD = frozenset(
    {*vars(logging.makeLogRecord({})), "asctime", "correlation_id", "message", "taskName"}
)


def configure_logging(settings: Settings) -> None:
    """Log as the settings say, their secrets masked; raises SettingError."""
    scrub = Scrubber(settings.secrets())
    log_to(settings.log_dir, settings.log_level, settings.log_format, scrub)


def log_to(folder: Path | None, level: str, form: str, scrub: Scrubber) -> None:
    """Replaces what was set up before. `folder` None: stdout. Raises SettingError for LOG_LEVEL,
    LOG_FORMAT and LOG_DIR."""
    if level.upper() not in LEVELS:
        raise SettingError(f"LOG_LEVEL: use one of {', '.join(LEVELS)}")
    if form not in FORMATS:
        raise SettingError(f"LOG_FORMAT: use one of {', '.join(FORMATS)}")
    handler = _handler(folder)
    handler.setFormatter(JsonFormatter(scrub) if form == "json" else HumanFormatter())
    logging.setLogRecordFactory(_masked_records(scrub))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    quieten_libraries()


def quieten_libraries() -> None:
    """To be called again after a slow import: some libraries add handlers of their own, which
    would write every line twice."""
    for name in QUIET_LIBRARIES:
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.propagate = True
        for handler in logger.handlers[:]:
            logger.removeHandler(handler)


def _handler(folder: Path | None) -> logging.Handler:
    if folder is None:
        return logging.StreamHandler(sys.stdout)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return RotatingFileHandler(
            folder / FILE_NAME, maxBytes=FILE_MAX_BYTES, backupCount=FILES_KEPT, encoding="utf-8"
        )
    except OSError as error:
        raise SettingError(
            f"LOG_DIR: no log file can be written there ({error.strerror}); "
            "choose another folder, or leave it empty for stdout"
        ) from error


def _masked_records(scrub: Scrubber) -> Callable[..., logging.LogRecord]:
    """Records whose text is complete and masked when they are made: no handler, our own or a
    library's, ever sees more."""

    def make(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = logging.LogRecord(*args, **kwargs)
        record.msg = scrub(_message(record))
        record.args = None
        if record.exc_info:
            record.exc_text = scrub("".join(traceback.format_exception(*record.exc_info)).rstrip())
        if record.stack_info:
            record.stack_info = scrub(record.stack_info)
        record.correlation_id = current_id()
        return record

    return make


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - an argument may raise anything while it is written
        # Otherwise logging prints message and arguments to stderr, unmasked.
        return f"{record.msg!s} (its arguments do not fit)"


class JsonFormatter(logging.Formatter):
    """One JSON object a line: at, level, logger, message, correlation_id, exception, and extras."""

    def __init__(self, scrub: Scrubber) -> None:
        super().__init__()
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": _time(record).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if correlation_id := getattr(record, "correlation_id", ""):
            line["correlation_id"] = correlation_id
        if record.exc_text:
            line["exception"] = record.exc_text
        if record.stack_info:
            line["stack"] = record.stack_info
        line.update(self._extras(vars(record)))
        return _encodable(json.dumps(line, ensure_ascii=False, default=str))

    def _extras(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: value
            if value is None or isinstance(value, bool | int | float)
            else self._scrub(str(value))
            for name, value in fields.items()
            if name not in _STANDARD
        }


class HumanFormatter(logging.Formatter):
    """Time, level, logger and message on one line; an exception on the lines below it."""

    def format(self, record: logging.LogRecord) -> str:
        # A line break in what somebody wrote must not look like a line of the log.
        message = record.getMessage().replace("\r", "\\r").replace("\n", "\\n")
        correlation_id = getattr(record, "correlation_id", "")
        suffix = f" [{correlation_id}]" if correlation_id else ""
        line = f"{_time(record):%H:%M:%S} {record.levelname:<8} {record.name}: {message}{suffix}"
        below = [text for text in (record.exc_text, record.stack_info) if text]
        return _encodable("\n".join((line, *below)))


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _encodable(text: str) -> str:
    """Half of a surrogate pair, as platforms deliver them, would fail in the stream."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("bot").critical("uncaught exception", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is None or issubclass(args.exc_type, SystemExit):
        return
    name = args.thread.name if args.thread else "unknown"
    error = (args.exc_type, args.exc_value, args.exc_traceback)
    logging.getLogger("bot").critical("uncaught exception in thread %s", name, exc_info=error)
