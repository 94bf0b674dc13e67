"""Two runs side by side: settings that differ, and what came of them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import yaml

from llasa_core.launching.folder import RUN_FILE
from llasa_core.runs.found import look_at_run, rows_of
from llasa_core.runs.listing import NOTHING, aligned, span
from llasa_core.runs.places import run_named
from llasa_core.runs.size import megabytes
from llasa_core.train.run import flatten

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.runs.found import RunFound

LONGEST_VALUE = 40
"""Characters of a setting in the table; checksums are longer and say no more."""


@dataclass(frozen=True)
class Compared:
    """Two runs."""

    a: RunFound
    b: RunFound
    settings: dict[str, tuple[Any, Any]]
    """Those that differ; None where a run does not have one."""
    best_loss: tuple[float | None, float | None]
    """Lowest of any step."""

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        best = dict(zip("ab", self.best_loss, strict=True))
        return {
            **{key: {**asdict(getattr(self, key)), "best_loss": best[key]} for key in "ab"},
            "settings": {key: {"a": a, "b": b} for key, (a, b) in self.settings.items()},
        }

    def __str__(self) -> str:
        rows = [("", self.a.name, self.b.name), *self._results()]
        if self.settings:
            rows += [("", "", ""), ("settings that differ", "", "")]
            rows += [(key, _shown(a), _shown(b)) for key, (a, b) in self.settings.items()]
        lines = aligned(rows, right=())
        return "\n".join(lines if self.settings else [*lines, "", "no setting differs"])

    def _results(self) -> list[tuple[str, str, str]]:
        runs = (self.a, self.b)

        def row(title: str, *cells: str) -> tuple[str, str, str]:
            return (title, cells[0], cells[1])

        return [
            row("state", *(run.state_words for run in runs)),
            row("steps", *(f"{run.step:,}" for run in runs)),
            row("loss, mean of the last steps", *(_number(run.loss) for run in runs)),
            row("loss, lowest of a step", *map(_number, self.best_loss)),
            row("accuracy", *(_number(run.accuracy) for run in runs)),
            row("macro-F1", *(_number(run.macro_f1) for run in runs)),
            row("measured on", *(run.split or NOTHING for run in runs)),
            row("time", *(span(run.seconds) for run in runs)),
            row("size", *(megabytes(run.bytes) for run in runs)),
        ]


def compare(name_a: str, name_b: str, runs: Path) -> Compared:
    """Compare two runs.

    Args:
        name_a: of one, as listed or as a path.
        name_b: of the other.
        runs: where runs are kept.

    Raises:
        UsageError: there is no such run.
    """
    a, b = run_named(name_a, runs), run_named(name_b, runs)
    of_a, of_b = settings_of(a), settings_of(b)
    keys = [*of_a, *(key for key in of_b if key not in of_a)]
    differing = {key: (of_a.get(key), of_b.get(key)) for key in keys if of_a.get(key) != of_b.get(key)}
    return Compared(look_at_run(a, runs), look_at_run(b, runs), differing, (_best_loss(a), _best_loss(b)))


def settings_of(folder: Path) -> dict[str, Any]:
    """Return a run's settings under dotted names: its recipe's, and the checksums of what it was begun with."""
    settings: dict[str, Any] = {}
    recipe, begun = folder / "recipe.yaml", folder / RUN_FILE
    if recipe.is_file():
        settings |= dict(flatten(yaml.safe_load(recipe.read_text(encoding="utf-8")) or {}))
    if begun.is_file():
        inputs = json.loads(begun.read_text(encoding="utf-8"))
        settings |= {key: value for key, value in inputs.items() if key not in settings}
    return settings


def _best_loss(folder: Path) -> float | None:
    return min((row.loss for row in rows_of(folder)), default=None)


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.4f}"


def _shown(value: Any) -> str:
    text = NOTHING if value is None else str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:12]}…"
