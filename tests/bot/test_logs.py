from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import sys
import threading
import warnings
from pathlib import Path

import pytest

from bot import logs
from bot.logs import LEVELS, configure_logging, log_to, quieten_libraries
from bot.settings import Settings
from core.correlation import correlated
from core.errors import SettingError
from core.scrub import MASK, Scrubber
from tests.core.test_scrub import CANARIES, KEY

OWN = "correct horse battery staple"
LOGGER = logging.getLogger("bot.test")


@pytest.fixture(autouse=True)
def untouched():
    """Logging is global: put back what a test changed."""
    root = logging.getLogger()
    handlers, level, factory = root.handlers[:], root.level, logging.getLogRecordFactory()
    hooks = sys.excepthook, threading.excepthook
    libraries = {name: logging.getLogger(name) for name in logs.QUIET_LIBRARIES}
    states = {name: (one.level, one.propagate, one.handlers[:]) for name, one in libraries.items()}
    for handler in handlers:
        root.removeHandler(handler)
    yield
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        handler.close()
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level)
    logging.setLogRecordFactory(factory)
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook = hooks
    for name, one in libraries.items():
        one.level, one.propagate, one.handlers = states[name]


@pytest.fixture
def log(tmp_path):
    """Sets up logging to a file and reads it back."""

    def set_up(form="json", level="INFO"):
        log_to(tmp_path, level, form, Scrubber([OWN]))
        path = tmp_path / logs.FILE_NAME
        return lambda: path.read_text("utf-8").splitlines()

    return set_up


def fail(secret):
    try:
        raise ValueError(f"bad {secret}")
    except ValueError as error:
        raise RuntimeError(f"worse {secret}") from error


def by_message(secret):
    LOGGER.error(f"it was {secret}")  # noqa: G004 - on purpose


def by_argument(secret):
    LOGGER.error("it was %s", secret)


def by_mapping(secret):
    LOGGER.error("it was %(what)s", {"what": secret})


def by_object(secret):
    LOGGER.error("it was %r", [secret])


def by_exception(secret):
    try:
        fail(secret)
    except RuntimeError:
        LOGGER.exception("it failed")


def by_exception_as_argument(secret):
    LOGGER.error("it failed: %s", ValueError(secret))


def by_extra(secret):
    LOGGER.error("it failed", extra={"detail": secret, "more": [secret]})


def by_wrong_arguments(secret):
    LOGGER.error("it was %d and %s", secret)  # noqa: PLE1206 - on purpose


def by_library(secret):
    logging.getLogger("slack_sdk.web").error("headers: %s", {"Authorization": secret})


def by_warning(secret):
    warnings.warn(f"old: {secret}", stacklevel=1)


def by_thread(secret):
    thread = threading.Thread(target=fail, args=(secret,))
    thread.start()
    thread.join()


def by_uncaught(secret):
    try:
        fail(secret)
    except RuntimeError:
        sys.excepthook(*sys.exc_info())


PATHS = [
    by_message,
    by_argument,
    by_mapping,
    by_object,
    by_exception,
    by_exception_as_argument,
    by_extra,
    by_wrong_arguments,
    by_library,
    by_warning,
    by_thread,
    by_uncaught,
]


@pytest.mark.parametrize("form", ["json", "human"])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.filterwarnings("always")
def test_no_secret_leaves_by_any_path(log, capfd, path, form):
    read = log(form)

    for canary in CANARIES.values():
        path(canary)
    path(OWN)

    lines = read()
    captured = capfd.readouterr()
    everything = "\n".join((*lines, captured.out, captured.err))
    assert len(lines) >= len(CANARIES)
    assert KEY not in everything
    assert OWN not in everything


def test_a_handler_of_a_library_sees_no_more_than_ours(log):
    log()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    LOGGER.addHandler(handler)
    try:
        by_argument(OWN)
        by_exception(OWN)
    finally:
        LOGGER.removeHandler(handler)

    assert OWN not in stream.getvalue()
    assert MASK in stream.getvalue()


def test_asyncio_reports_are_masked_too(log):
    read = log()

    async def leave_behind():
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"lost {OWN}", "exception": ValueError(OWN)}
        )

    asyncio.run(leave_behind())

    assert OWN not in "".join(read())
    assert len(read()) == 1


def test_a_json_line_has_all_that_is_known(log):
    read = log()

    with correlated("id-1"):
        LOGGER.warning("took %.1f s", 3.25, extra={"tries": 2})
    by_exception("x")

    first, second = map(json.loads, read())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", first.pop("at"))
    assert first == {
        "level": "WARNING",
        "logger": "bot.test",
        "message": "took 3.2 s",
        "correlation_id": "id-1",
        "tries": 2,
    }
    assert "correlation_id" not in second
    assert "ValueError: bad x" in second["exception"]
    assert "RuntimeError: worse x" in second["exception"]


def test_a_human_line_cannot_be_forged_by_a_line_break(log):
    read = log("human")

    with correlated("id-1"):
        LOGGER.warning("asked: %s", "hi\n12:00:00 ERROR bot: forged\r")
    by_exception("x")

    assert re.fullmatch(
        r"\d\d:\d\d:\d\d WARNING  bot\.test: "
        r"asked: hi\\n12:00:00 ERROR bot: forged\\r \[id-1\]",
        read()[0],
    )
    assert "Traceback (most recent call last):" in read()


def test_half_a_surrogate_pair_is_written_all_the_same(log):
    read = log()

    LOGGER.info("odd \ud83d text, but ünïcödé")

    assert json.loads(read()[0])["message"] == "odd ? text, but ünïcödé"


def test_levels_are_kept(log):
    read = log(level="warning")

    LOGGER.info("quiet")
    LOGGER.warning("loud")

    assert len(read()) == 1


def test_without_a_folder_lines_go_to_stdout(capsys):
    log_to(None, "INFO", "json", Scrubber())

    LOGGER.info("hello")

    assert json.loads(capsys.readouterr().out)["message"] == "hello"


def test_files_rotate(tmp_path):
    log_to(tmp_path, "INFO", "human", Scrubber())
    (handler,) = logging.getLogger().handlers
    handler.maxBytes = 1_000

    for n in range(200):
        LOGGER.info("line %s", n)

    files = list(tmp_path.iterdir())
    assert len(files) == logs.FILES_KEPT + 1
    assert all(file.stat().st_size <= 1_000 for file in files)


def test_setting_up_twice_writes_each_line_once(log):
    log()
    read = log()

    LOGGER.info("once")

    assert len(read()) == 1


@pytest.mark.parametrize("name", ["httpx", "LiteLLM", "slack_sdk.web.client", "sqlalchemy.engine"])
def test_libraries_speak_only_when_something_is_wrong(log, name):
    read = log(level="DEBUG")
    own_handler = logging.StreamHandler(io.StringIO())
    logging.getLogger("LiteLLM").addHandler(own_handler)
    quieten_libraries()

    logging.getLogger(name).info("request body: ...")
    logging.getLogger(name).warning("slow")

    assert [json.loads(line)["message"] for line in read()] == ["slow"]
    assert own_handler.stream.getvalue() == ""


def test_the_settings_decide_and_their_secrets_are_masked(tmp_path):
    settings = Settings(
        _env_file=None, llm_api_key=OWN, log_dir=tmp_path, log_format="human", log_level="ERROR"
    )

    configure_logging(settings)
    LOGGER.warning("too quiet")
    by_argument(OWN)

    (line,) = (tmp_path / logs.FILE_NAME).read_text().splitlines()
    assert line.endswith(f"ERROR    bot.test: it was {MASK}")


@pytest.mark.parametrize(
    ("level", "form", "setting"), [("loud", "json", "LOG_LEVEL"), ("INFO", "xml", "LOG_FORMAT")]
)
def test_a_wrong_setting_is_named(level, form, setting):
    with pytest.raises(SettingError, match=f"^{setting}: use one of"):
        log_to(None, level, form, Scrubber())
    assert "INFO" in LEVELS


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")

    with pytest.raises(SettingError, match=r"^LOG_DIR: "):
        log_to(Path(blocked) / "logs", "INFO", "json", Scrubber())
