"""A second PostgreSQL that follows the first one, commit by commit, and can take its place."""

from __future__ import annotations

import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

from tests.tooling.postgres import NoPostgres, PostgresServer

if TYPE_CHECKING:
    from pathlib import Path

LEADING = {
    "wal_level": "replica",
    "max_wal_senders": "4",
    "synchronous_standby_names": "*",
}
"""Settings of the first: nothing is committed before the other has it."""
FOLLOWING = {
    "wal_level": "replica",
    "max_wal_senders": "4",
    "hot_standby": "on",
    "wal_retrieve_retry_interval": "100ms",
}


class StandbyServer(PostgresServer):
    def __init__(self, folder: Path, leader: PostgresServer) -> None:
        """Copies the leader, and follows it from there on."""
        self._leader = leader
        super().__init__(folder, FOLLOWING)

    def take_over(self) -> None:
        """The leader is killed; returns when this one takes writes. Raises NoPostgres."""
        self._leader.stop(signal.SIGQUIT)
        try:
            self._call("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres",
                       "-v", "ON_ERROR_STOP=1", "-c", "SELECT pg_promote()")  # fmt: skip
        except subprocess.CalledProcessError as error:
            log = (self._folder / "log").read_text(errors="replace")
            raise NoPostgres(f"{error.stdout}\n{log[-2000:]}") from None

    def _start_any(self) -> None:
        self._bin = self._leader._bin
        shutil.rmtree(self._data, ignore_errors=True)
        self._call("pg_basebackup", "-D", self._data, "-h", "127.0.0.1", "-p",
                   str(self._leader.port), "-U", "postgres", "--write-recovery-conf",
                   "--checkpoint=fast", "--no-sync")  # fmt: skip
        self._start_on_free_port()
