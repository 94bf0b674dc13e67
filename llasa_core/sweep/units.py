"""What a sweep trains: each stage once, whatever the number of trials that begin with it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llasa_core.files import write_json
from llasa_core.sweep.grid import name_of
from llasa_core.train.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llasa_core.recipe import StageName
    from llasa_core.sweep.grid import Combination, Settings, Trained

SWEEP_FILE = "sweep.json"
OF_THE_ENCODER = ("encoder", "data", "seed")
"""The sections that training the encoder reads; pretrain reads all but `finetune`."""


@dataclass(frozen=True)
class Unit:
    """One stage that is trained once: a trial's finetune, or what trials begin with."""

    name: str
    """Of its folder and of its recipe."""
    stage: StageName
    settings: Settings
    """What of the grid it depends on."""
    after: str | None
    """The unit that it goes on from."""


@dataclass(frozen=True)
class Sweep:
    """Where a sweep is, and what belongs to it."""

    folder: Path
    recipe: str
    """The file."""
    own_runs: Path
    """The recipe's own runs, which serve where they were begun with the same settings."""
    keys: tuple[str, ...]
    """Of the grid."""
    units: tuple[Unit, ...]
    """What trials begin with first, then the trials, in the order of the grid."""
    max_windows: int | None
    """How many validation windows a trial is measured on; None for all."""
    seed: int
    """Of the choice of windows and of the intervals, the same for all trials."""

    @property
    def trials(self) -> tuple[Unit, ...]:
        """The units that are measured."""
        return tuple(unit for unit in self.units if unit.stage == "finetune")

    def unit(self, name: str) -> Unit:
        """Return a unit by its name."""
        return next(unit for unit in self.units if unit.name == name)

    def before(self, unit: Unit) -> Iterator[Unit]:
        """Yield what a unit goes on from, nearest first."""
        while unit.after is not None:
            unit = self.unit(unit.after)
            yield unit

    def unit_folder(self, unit: Unit) -> Path:
        """Return where a unit is."""
        return self.folder / unit.name

    def recipe_file(self, unit: Unit) -> Path:
        """Return a unit's recipe; `llasa finetune` and `llasa eval` take it, with the sweep's folder as `--runs`."""
        return self.folder / "recipes" / f"{unit.name}.yaml"

    def run(self, unit: Unit) -> Run:
        """Return a unit's run."""
        return Run(self.unit_folder(unit) / unit.stage)


def units_of(combination: Combination, trained: Trained) -> Iterator[Unit]:
    """Yield what a trial begins with, and the trial; units of the same name are the same."""
    settings, before = combination.settings, None
    if trained == "both":
        if combination.loaded.recipe.encoder.checkpoint is None:
            part = tuple(pair for pair in settings if _section(pair[0]) in OF_THE_ENCODER)
            yield Unit(before := name_of(part, "encoder"), "encoder", part, None)
        part = tuple(pair for pair in settings if _section(pair[0]) != "finetune")
        yield Unit(name := name_of(part, "pretrain"), "pretrain", part, before)
        before = name
    yield Unit(name_of(settings), "finetune", settings, before)


def _section(key: str) -> str:
    return key.partition(".")[0]


def write_sweep(sweep: Sweep, results: dict[str, Any]) -> None:
    """Write `sweep.json`: results, and under `plan` what a worker needs to know."""
    plan = {**asdict(sweep), "folder": str(sweep.folder), "own_runs": str(sweep.own_runs)}
    write_json(sweep.folder / SWEEP_FILE, {**results, "plan": plan})


def read_sweep(folder: Path) -> Sweep:
    """Return the sweep of a folder."""
    plan = json.loads((folder / SWEEP_FILE).read_text(encoding="utf-8"))["plan"]
    units = [Unit(**{**unit, "settings": tuple(map(tuple, unit["settings"]))}) for unit in plan["units"]]
    plan |= {"folder": Path(plan["folder"]), "own_runs": Path(plan["own_runs"])}
    return Sweep(**{**plan, "keys": tuple(plan["keys"]), "units": tuple(units)})
