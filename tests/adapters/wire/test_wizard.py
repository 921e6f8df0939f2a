from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.wire.wizard import write_env

if TYPE_CHECKING:
    from pathlib import Path


def test_other_lines_of_the_file_stay(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text('A="x=1"\nexport B=2\n\n# B=3', "utf-8")
    write_env(env, {"B": "9", "C": "8"})
    assert env.read_text("utf-8") == 'A="x=1"\nB=9\n\n# B=3\nC=8\n'
