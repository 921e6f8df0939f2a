"""What was measured: one line a figure, its goal beside it, and all of it as JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULTS = Path(__file__).parent / "results"
WIDTH = 46
Range = tuple[float, float]
PACKAGES = (
    "aiohttp",
    "asyncpg",
    "botbuilder-core",
    "langfuse",
    "litellm",
    "openai",
    "slack-bolt",
    "slack-sdk",
    "sqlalchemy",
)


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on the ratio to the bare bot where there is one, else on the figure itself."""

    most: float | None = None
    least: float | None = None
    of_ours: bool = False
    """On the figure itself, whatever the bare bot's is."""

    def met_by(self, value: float) -> bool:
        above = self.most is None or value <= self.most
        return above and (self.least is None or value >= self.least)

    def __str__(self) -> str:
        return f"<= {self.most:g}" if self.most is not None else f">= {self.least:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """`ours` and `bare` are medians of the rounds."""

    name: str
    unit: str
    ours: float
    bare: float | None = None
    goal: Goal | None = None
    ours_range: Range | None = None
    """The lowest and the highest of the rounds."""
    bare_range: Range | None = None

    @classmethod
    def of_rounds(
        cls,
        name: str,
        unit: str,
        ours: Sequence[float],
        bare: Sequence[float],
        goal: Goal | None = None,
    ) -> Figure:
        return cls(
            name,
            unit,
            median(ours),
            median(bare),
            goal,
            (min(ours), max(ours)),
            (min(bare), max(bare)),
        )

    @property
    def ratio(self) -> float | None:
        return self.ours / self.bare if self.bare else None

    def to_row(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio, "verdict": self.verdict()}

    def verdict(self) -> str:
        if self.goal is None:
            return ""
        value = self.ours if self.ratio is None or self.goal.of_ours else self.ratio
        return "ok" if self.goal.met_by(value) else "MISSED"


@dataclass(slots=True)
class Report:
    long: bool
    rounds: int
    started: str = field(default_factory=lambda: time.strftime("%Y-%m-%d %H:%M:%S"))
    load_before: tuple[float, ...] = field(default_factory=os.getloadavg)
    rows: list[dict[str, Any]] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    def add(self, figures: Sequence[Figure], beside: str = "") -> None:
        """`beside`: whose figures those of `bare` are, where it is not the bare bot."""
        load = os.getloadavg()
        for figure in figures:
            self.rows.append(figure.to_row() | {"beside": beside, "load_average": load})
            print(_line(figure), flush=True)
        print(f"(load average {' '.join(f'{one:.1f}' for one in load)} at the end)", flush=True)

    def write(self) -> Path:
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / time.strftime("%Y%m%d-%H%M%S.json")
        told = self._head() | {"figures": self.rows}
        path.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
        return path

    def _head(self) -> dict[str, Any]:
        return {
            "started": self.started,
            "long": self.long,
            "rounds": self.rounds,
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "packages": {name: version(name) for name in PACKAGES},
            "load_average": {"before": self.load_before, "after": os.getloadavg()},
            "notes": self.notes,
        }


def print_head(title: str, bare: str = "bare", ours: str = "ours") -> None:
    """`bare`: what stands beside ours."""
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"\n{title} (load average {load})\n{'':{WIDTH}}{ours:>9}{bare:>9}{'ratio':>8}  goal")


def _line(figure: Figure) -> str:
    bare = "" if figure.bare is None else f"{figure.bare:.4g}"
    ranges = ", ".join(
        f"{one[0]:.3g}-{one[1]:.3g}" for one in (figure.ours_range, figure.bare_range) if one
    )
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    goal = "" if figure.goal is None else f"{figure.goal}  {figure.verdict()}"
    name = f"{figure.name}, {figure.unit}"
    line = f"{name:{WIDTH}}{figure.ours:>9.4g}{bare:>9}{ratio:>8}  {goal}".rstrip()
    return f"{line}  ({ranges})" if ranges else line


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
