"""What a sweep found: trials ranked, as a table for people and an object for programs."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llasa_core.recipe_file import load_recipe
from llasa_core.sweep.grid import short_names
from llasa_core.sweep.measure import SPLIT, Metric, known_result
from llasa_core.sweep.plan import counted, settings_text
from llasa_core.sweep.plot import PLOT, Point, draw_sweep
from llasa_core.sweep.units import SWEEP_FILE, Sweep, Unit, write_sweep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llasa_core.errors import LlasaError
    from llasa_core.sweep.left import Failed
    from llasa_core.sweep.plan import PlannedSweep

METRIC_NAMES: dict[Metric, str] = {"accuracy": "accuracy", "macro_f1": "macro-F1"}


@dataclass(frozen=True)
class TrialResult:
    """What came of one trial."""

    trial: Unit
    values: tuple[Any, ...]
    """Of the grid's keys."""
    found: dict[str, Any] | None
    """What was measured; None where the trial is not done."""
    error: LlasaError | None

    def as_dict(self, rank: int | None) -> dict[str, Any]:
        """Return what `sweep.json` holds of it."""
        state = "done" if self.found else "failed" if self.error else "waiting"
        said = {} if self.error is None else {"error": self.error.as_dict()}
        settings = dict(self.trial.settings)
        return {
            "rank": rank,
            "name": self.trial.name,
            "state": state,
            "settings": settings,
            **(self.found or {}),
            **said,
        }


@dataclass(frozen=True)
class SweepResult:
    """What came of all of them."""

    sweep: Sweep
    metric: Metric
    ranked: tuple[TrialResult, ...]
    """Trials that are done, best first; of equals, the one of lower loss."""
    others: tuple[TrialResult, ...]
    """Trials that failed or wait, in the order of the grid."""

    @property
    def best_recipe(self) -> Path:
        """The recipe of the best trial."""
        return self.sweep.recipe_file(self.ranked[0].trial)

    @property
    def failed(self) -> tuple[TrialResult, ...]:
        """Trials that failed."""
        return tuple(result for result in self.others if result.error)

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints and `sweep.json` holds."""
        ranks: list[int | None] = [*range(1, len(self.ranked) + 1), *(None for _ in self.others)]
        trials = [result.as_dict(rank) for rank, result in zip(ranks, (*self.ranked, *self.others), strict=True)]
        return {
            "sweep": str(self.sweep.folder),
            "recipe": self.sweep.recipe,
            "metric": self.metric,
            "split": SPLIT,
            "best": self.ranked[0].trial.name if self.ranked else None,
            "best_recipe": str(self.best_recipe) if self.ranked else None,
            "trials": trials,
            "notes": self.notes(),
            "files": {name: str(self.sweep.folder / file) for name, file in (("sweep", SWEEP_FILE), ("plot", PLOT))},
        }

    def __str__(self) -> str:
        short = short_names(self.sweep.keys)
        n_trials = len(self.ranked) + len(self.others)
        lines = [f"{counted(n_trials, 'trial')} of {self.sweep.recipe}: {len(self.ranked)} done", ""]
        if self.ranked:
            lines += [*_aligned(self._rows(short)), ""]
        for result in self.failed:
            lines.append(f"failed: {settings_text(result.trial.settings, short)}")
            lines += [f"  {line}" for line in str(result.error).splitlines()]
        return "\n".join([*lines, *self.notes(), f"files: {self.sweep.folder}: {SWEEP_FILE}, {PLOT}"])

    def notes(self) -> list[str]:
        """Return what a reader of the numbers must know."""
        if not self.ranked:
            return []
        best = self.ranked[0].found or {}
        people = "1 person" if best["subjects"] == 1 else f"{best['subjects']} people"
        who = f"{counted(best['windows'], 'window')} of {people}"
        metric = METRIC_NAMES[self.metric]
        lines = [f"ranked by {metric} on the validation split: {who}; no test person was looked at"]
        if (interval := best[f"{self.metric}_ci"]) is None:
            lines.append("no intervals: they need several validation people, and eval.bootstrap above 0")
        else:
            others = [result.found for result in self.ranked[1:] if result.found]
            n_like = sum(found[self.metric] >= interval[0] for found in others)
            if n_like:
                lines.append(f"no clear winner: {n_like} of {len(others)} others lie in the best one's 95 % interval")
        command = f"llasa eval {shlex.quote(str(self.best_recipe))} --runs {shlex.quote(str(self.sweep.folder))}"
        return [*lines, f"measure the best on test people, once: `{command}`"]

    def _rows(self, short: Mapping[str, str]) -> list[tuple[str, ...]]:
        name = METRIC_NAMES[self.metric]
        rows = [("rank", *(short[key] for key in self.sweep.keys), name, "95 % interval", "loss", "minutes")]
        for rank, result in enumerate(self.ranked, start=1):
            found = result.found or {}
            interval = found[f"{self.metric}_ci"]
            rows.append(
                (
                    str(rank),
                    *(value for _, value in result.trial.settings),
                    f"{found[self.metric]:.3f}",
                    "not available" if interval is None else f"{interval[0]:.3f} – {interval[1]:.3f}",
                    "–" if found["loss"] is None else f"{found['loss']:.4f}",
                    f"{found['seconds'] / 60:.1f}",
                )
            )
        return rows


def collect(planned: PlannedSweep, metric: Metric, failed: Failed) -> SweepResult:
    """Rank what is there, and keep it in `sweep.json` and `sweep.png`.

    Args:
        planned: the sweep.
        metric: what trials are ranked by.
        failed: why trials are not done, by name.
    """
    sweep = planned.sweep
    results = []
    for trial in sweep.trials:
        found = known_result(sweep, trial, load_recipe(sweep.recipe_file(trial)).resolved)
        results.append(TrialResult(trial, planned.values[trial.name], found, None if found else failed.get(trial.name)))
    done = [result for result in results if result.found]
    done.sort(key=lambda result: _order(result, metric))
    result = SweepResult(sweep, metric, tuple(done), tuple(result for result in results if not result.found))
    if done:
        points = [Point(each.values, found[metric], found[f"{metric}_ci"]) for each in done if (found := each.found)]
        short = short_names(sweep.keys)
        draw_sweep([short[key] for key in sweep.keys], points, METRIC_NAMES[metric], sweep.folder / PLOT)
    write_sweep(sweep, result.as_dict())
    return result


def _order(result: TrialResult, metric: Metric) -> tuple[float, float]:
    found = result.found or {}
    return -found[metric], found["loss"] if found["loss"] is not None else 0.0


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
