from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.wire.wizard import write_env
from core.errors import SettingError

if TYPE_CHECKING:
    from pathlib import Path


def test_other_lines_of_the_file_stay(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text('A="x=1"\nexport B=2\n\n# B=3', "utf-8")
    write_env(env, {"B": "9", "C": "8"})
    assert env.read_text("utf-8") == 'A="x=1"\nB=9\n\n# B=3\nC=8\n'


def test_no_older_value_of_a_name_is_left_to_win(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("B=1\nA=2\n  export B=3\nb=4\n#B=5\n", "utf-8")
    write_env(env, {"B": "9"})
    assert env.read_text("utf-8") == "B=9\nA=2\n#B=5\n"


def test_a_file_that_cannot_be_written_is_a_line(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingError, match="cannot be written"):
        write_env(tmp_path / ".env", {"B": "9"})
