"""A sweep before it begins: its trials, what they have in common, and all that is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from llasa_core.errors import ErrorGroup, LlasaError, UsageError
from llasa_core.files import write_text
from llasa_core.recipe_file import load_recipe, recipe_yaml
from llasa_core.sweep.grid import combine, folder_name, parse_grid, short_names
from llasa_core.sweep.units import Sweep, Unit, units_of
from llasa_core.train.plan import make_plan
from llasa_core.train.run import flatten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llasa_core.recipe_file import LoadedRecipe
    from llasa_core.sweep.grid import Settings, Trained

ORDER = ("encoder", "pretrain", "finetune")


@dataclass(frozen=True)
class PlannedSweep:
    """A sweep that can begin."""

    sweep: Sweep
    recipes: dict[str, LoadedRecipe]
    """By the name of the unit."""
    values: dict[str, tuple[Any, ...]]
    """Of the grid's keys, by the name of the trial."""
    steps: dict[str, int | None]
    """Optimizer steps, by the name of the unit."""

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--dry-run --json` prints."""
        return {
            "sweep": str(self.sweep.folder),
            "recipe": self.sweep.recipe,
            "units": [
                {
                    "name": unit.name,
                    "stage": unit.stage,
                    "settings": dict(unit.settings),
                    "after": unit.after,
                    "steps": self.steps[unit.name],
                    "done": self.sweep.run(unit).is_done,
                }
                for unit in self.sweep.units
            ],
        }

    def __str__(self) -> str:
        sweep, short = self.sweep, short_names(self.sweep.keys)
        shared = [unit for unit in sweep.units if unit.stage != "finetune"]
        lines = [f"{counted(len(sweep.trials), 'trial')} in {sweep.folder}"]
        for unit in shared:
            n_users = sum(unit in sweep.before(trial) for trial in sweep.trials)
            what = f"{unit.stage} {settings_text(unit.settings, short)}".strip()
            lines.append(f"  {what}: {self._steps(unit)}, once for {counted(n_users, 'trial')}")
        if not shared:
            lines.append(f"  all go on from {sweep.own_runs / 'pretrain'}")
        lines += [f"  finetune {settings_text(trial.settings, short)}: {self._steps(trial)}" for trial in sweep.trials]
        return "\n".join(lines)

    def _steps(self, unit: Unit) -> str:
        steps = self.steps[unit.name]
        words = "steps unknown" if steps is None else counted(steps, "step")
        return f"{words}, done" if self.sweep.run(unit).is_done else words


def plan_sweep(
    recipe: Path,
    overrides: Sequence[str],
    grid: Sequence[str],
    runs: Path,
    *,
    trained: Trained = "both",
    name: str | None = None,
    max_windows: int | None = None,
) -> PlannedSweep:
    """Find out what a sweep does, and check every combination before anything begins.

    Args:
        recipe: the file.
        overrides: `key=value` for all trials.
        grid: `key=value,value` each.
        runs: where runs are kept; the sweep is `<runs>/<recipe>/sweeps/<name>`.
        trained: `both`, or `finetune` for trials that begin with the recipe's own pretrain run.
        name: of the sweep; made of the grid's keys when left out, so that more values go on with it.
        max_windows: score a fixed random choice of so many validation windows.

    Raises:
        LlasaError: a mistake in the recipe or the grid, or data that nothing can be trained or measured on.
        ErrorGroup: several of them.
    """
    axes = parse_grid(grid, trained)
    base = load_recipe(recipe, overrides)
    combinations = combine(recipe, overrides, axes)
    recipes: dict[str, LoadedRecipe] = {}
    units: dict[str, Unit] = {}
    for combination in combinations:
        for unit in units_of(combination, trained):
            units.setdefault(unit.name, unit)
            recipes.setdefault(unit.name, combination.loaded)
    keys = tuple(axis.key for axis in axes)
    own_runs = runs / base.name
    sweep = Sweep(
        folder=own_runs / "sweeps" / folder_name(name or ",".join(short_names(keys).values())),
        recipe=str(recipe),
        own_runs=own_runs,
        keys=keys,
        units=tuple(sorted(units.values(), key=lambda unit: ORDER.index(unit.stage))),
        max_windows=max_windows,
        seed=base.recipe.seed,
    )
    if trained == "finetune":
        _check_pretrained(sweep)
    _check_begun(sweep, recipes)
    steps = _planned_steps(sweep, recipes)
    _check_measurable(sweep, recipes)
    values = [combination.values for combination in combinations]
    return PlannedSweep(sweep, recipes, {t.name: found for t, found in zip(sweep.trials, values, strict=True)}, steps)


def write_recipes(planned: PlannedSweep) -> None:
    """Write the recipe of each unit, for workers and for people."""
    for unit in planned.sweep.units:
        said = settings_text(unit.settings, {key: key for key in planned.sweep.keys}) or "nothing of the grid"
        head = f"# The {unit.stage} of a sweep over {planned.sweep.recipe}, with {said}.\n"
        write_text(planned.sweep.recipe_file(unit), head + recipe_yaml(planned.recipes[unit.name].resolved))


def settings_text(settings: Settings, short: Mapping[str, str]) -> str:
    """Write settings for people: `learning_rate 3e-05, rank 4`."""
    return ", ".join(f"{short[key]} {value}" for key, value in settings)


def counted(number: int, noun: str) -> str:
    """Write a count: `1 trial`, `4 trials`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _planned_steps(sweep: Sweep, recipes: Mapping[str, LoadedRecipe]) -> dict[str, int | None]:
    steps: dict[str, int | None] = {}
    problems: dict[str, LlasaError] = {}
    for unit in sweep.units:
        plan = make_plan(recipes[unit.name], unit.stage)
        steps[unit.name] = plan.stages[-1].steps
        if plan.problem:
            problems.setdefault(str(plan.problem), plan.problem)
    if problems:
        found = list(problems.values())
        raise found[0] if len(found) == 1 else ErrorGroup(found)
    return steps


def _check_pretrained(sweep: Sweep) -> None:
    checkpoint = sweep.own_runs / "pretrain" / "checkpoint"
    if not checkpoint.is_dir():
        raise UsageError(
            "`--stage finetune` goes on from the recipe's pretrain run, and there is none",
            where=checkpoint,
            fix=f"run `llasa pretrain {sweep.recipe}` first, or leave `--stage finetune` out",
        )


def _check_begun(sweep: Sweep, recipes: Mapping[str, LoadedRecipe]) -> None:
    """Refuse to go on with a sweep whose recipe was another."""
    differences: dict[str, None] = {}
    for unit in sweep.units:
        file = sweep.recipe_file(unit)
        if not file.is_file():
            continue
        begun, wanted = (
            dict(flatten(yaml.safe_load(text)))
            for text in (file.read_text(encoding="utf-8"), recipe_yaml(recipes[unit.name].resolved))
        )
        for key in sorted({*begun, *wanted}):
            if begun.get(key) != wanted.get(key) and not _is_free(key, unit):
                differences[f"{key} was {begun.get(key)!r}, is {wanted.get(key)!r}"] = None
    if differences:
        raise UsageError(
            f"this sweep was begun with other settings: {'; '.join(differences)}",
            where=sweep.folder,
            fix="put them back, or give this sweep a name of its own with `--name NAME`",
        )


def _is_free(key: str, unit: Unit) -> bool:
    """Whether a setting may change between the parts of a sweep, since the unit does not read it."""
    section = key.partition(".")[0]
    return section == "eval" or (unit.stage != "finetune" and section == "finetune")


def _check_measurable(sweep: Sweep, recipes: Mapping[str, LoadedRecipe]) -> None:
    """Check that the validation split holds what trials are ranked by."""
    from llasa_core.data.store import WindowStore  # noqa: PLC0415 - h5py
    from llasa_core.evaluate.eval_set import choose_windows  # noqa: PLC0415

    folders = {}
    for trial in sweep.trials:
        recipe = recipes[trial.name].resolved
        folders[recipe.data.folder, recipe.data.parting] = recipe.eval.model_copy(update={"split": "val"})
    for (folder, parting), config in folders.items():
        choose_windows(WindowStore(folder, parting), config, sweep.seed)
