"""The environment of the engines: their own packages, by hash, never among those of the bot."""

from __future__ import annotations

import hashlib
import subprocess
import venv
from pathlib import Path

from benchmarks.processes import ROOT

LOCK = Path(__file__).with_name("requirements.lock")
FOLDER = ROOT / "build" / "engines"
STAMP = FOLDER / "installed"


def engines_python() -> Path:
    """Of an environment that matches the lock file; made anew when it does not."""
    python = FOLDER / "bin" / "python"
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == digest and python.exists():
        return python
    print(f"Installing {LOCK.relative_to(ROOT)} into {FOLDER.relative_to(ROOT)}", flush=True)
    venv.create(FOLDER, clear=True, with_pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run([*pip, "-r", str(LOCK)], check=True)
    STAMP.write_text(digest)
    return python
