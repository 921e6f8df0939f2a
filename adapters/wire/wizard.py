"""What the wizards share that connect a platform: asking until it is right, and writing `.env`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    Ask = Callable[[str], str]
    """Shows a prompt, and returns what was pasted. Raises EOFError when nobody answers."""
    Say = Callable[[str], None]
    Line = tuple[bool, str]
    """Whether it is right, and what to say about it."""
    Check = Callable[[str], Awaitable[Line]]

TRIES: Final = 3
NOTHING_WRITTEN: Final = "Nothing was written. Start again when you have the right values at hand."


class GaveUp(Exception):
    """The same question was answered wrongly too often."""


async def ask_until_right(
    prompt: str, explain: Callable[[str], str], check: Check, ask: Ask, say: Say
) -> str:
    """The first paste that `check` takes; raises GaveUp after TRIES, and what `ask` raises.

    `explain`: what is wrong with it at first sight; empty: nothing, so it is worth checking.
    """
    for _ in range(TRIES):
        value = ask(prompt).strip().strip("\"'")
        if problem := explain(value):
            say(problem)
            continue
        is_right, line = await check(value)
        say(line)
        if is_right:
            return value
    raise GaveUp


def write_env(env_file: Path, settings: dict[str, str]) -> None:
    """Replace or add these lines; all others, comments included, stay as they are. Of a name that
    stands there several times, in whatever case, one line is left: the last one would win. Raises
    SettingError."""
    try:
        lines = env_file.read_text("utf-8").splitlines() if env_file.exists() else []
        fresh = env_file.with_name(env_file.name + ".new")
        fresh.touch(mode=0o600)
        fresh.write_text("\n".join(_replace(lines, settings)) + "\n", "utf-8")
        fresh.replace(env_file)
    except OSError as error:
        raise SettingError(f"{env_file} cannot be written: {error.strerror}") from error


def _replace(lines: list[str], settings: dict[str, str]) -> Iterator[str]:
    left = dict(settings)
    for line in lines:
        name = line.strip().removeprefix("export ").partition("=")[0].strip().upper()
        if name not in settings:
            yield line
        elif name in left:
            yield f"{name}={left.pop(name)}"
    yield from (f"{name}={value}" for name, value in left.items())
