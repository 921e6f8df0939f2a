"""A checkout in miniature: the real `run`, and lock files of one tiny package that lies on disk."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.tooling.command import ROOT, load_run

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

NAME = "tiny_package"


@dataclass(frozen=True, slots=True)
class Checkout:
    root: Path

    @property
    def run(self) -> ModuleType:
        return load_run(self.root / "run")

    def call(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Only from the wheels beside the checkout: no index, no pip configuration."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PIP_")},
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_FIND_LINKS": str(self.root / "wheels"),
            "PIP_NO_INDEX": "1",
            **settings,
        }
        return subprocess.run(
            [sys.executable, str(self.root / "run"), *arguments],
            cwd=self.root.parent,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def lock(self, version: str) -> None:
        """Locks the tiny package at a version, and makes the wheel of it."""
        wheel = self._build_wheel(version)
        hash_of_it = hashlib.sha256(wheel.read_bytes()).hexdigest()
        entry = f"tiny-package=={version} \\\n    --hash=sha256:{hash_of_it}\n"
        for name in ("requirements.lock", "requirements-dev.lock"):
            (self.root / name).write_text(entry, "utf-8")

    def installed_version(self) -> str:
        """What the environment itself says; empty when it has none."""
        ask = f"import {NAME}; print({NAME}.version)"
        python = self.root / ".venv" / "bin" / "python"
        answer = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=False)
        return answer.stdout.strip()

    def _build_wheel(self, version: str) -> Path:
        path = self.root / "wheels" / f"{NAME}-{version}-py3-none-any.whl"
        described = f"{NAME}-{version}.dist-info"
        files = {
            f"{NAME}.py": f"version = {version!r}\n",
            f"{described}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {version}\n",
            f"{described}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = f"{described}/RECORD"
        files[record] = "".join(f"{name},,\n" for name in [*files, record])
        path.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(path, "w") as wheel:
            for name, content in files.items():
                wheel.writestr(name, content)
        return path


def build_checkout(root: Path) -> Checkout:
    root.mkdir()
    shutil.copy(ROOT / "run", root / "run")
    checkout = Checkout(root)
    checkout.lock("1.0")
    return checkout
