"""What a command would do: data, steps, trained parameters. Needs neither torch, a GPU nor the base LM."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llasa_core.data.qa import read_qa
from llasa_core.data.report import report_of
from llasa_core.data.split import SPLITS
from llasa_core.data.store import read_manifest
from llasa_core.errors import DataError, LlasaError
from llasa_core.model.parameter_counts import (
    UnknownSizes,
    adapter_parameters,
    encoder_parameters,
    lm_parameters,
    lm_sizes,
    projector_parameters,
)
from llasa_core.recipe_file import described
from llasa_core.train.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llasa_core.recipe import Recipe, StageName
    from llasa_core.recipe_file import LoadedRecipe


@dataclass(frozen=True)
class DataCounts:
    """What the data folder holds."""

    folder: str
    splits: dict[str, dict[str, int]]
    """Subjects and windows of each split."""
    qa_items: dict[str, dict[str, int]]
    """Items of each kind, of each split."""


@dataclass(frozen=True)
class StagePlan:
    """What one stage would do."""

    stage: StageName
    items: int | None
    """QA items to choose from, or windows; None while the data is not there."""
    items_per_epoch: int | None
    epochs: int
    batch_size: int
    steps: int | None
    trained: dict[str, int | None]
    """Parameters of each part that is trained; None while they are not known."""
    unknown: str | None
    """Why some are not known."""

    @property
    def is_capped(self) -> bool:
        """Whether `max_steps` ends the stage before its epochs do."""
        if self.steps is None or self.items_per_epoch is None:
            return False
        return self.steps < self.epochs * math.ceil(self.items_per_epoch / self.batch_size)


@dataclass(frozen=True)
class Plan:
    """What a command would do, as far as it can be known."""

    loaded: LoadedRecipe
    data: DataCounts | None
    stages: tuple[StagePlan, ...]
    command: tuple[str, ...] | None
    """The launcher's command line; None where one process trains on the CPU."""
    problem: LlasaError | None
    """Why it would not begin; what could be found out stands in the rest."""

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "recipe": self.loaded.recipe.model_dump(mode="json"),
            "sources": self.loaded.sources,
            "data": self.data,
            "stages": self.stages,
            "command": self.command,
        }

    def __str__(self) -> str:
        return "\n".join([described(self.loaded), *self.lines()])

    def lines(self) -> list[str]:
        """Return what follows from the recipe, for people."""
        launcher = " ".join(self.command) if self.command else "none: one process trains on the CPU"
        data = _data_lines(self.data) if self.data else ["data      not there yet"]
        return [*data, *(line for stage in self.stages for line in _stage_lines(stage)), f"launcher  {launcher}"]


def make_plan(loaded: LoadedRecipe, stage: StageName, command: Sequence[str] | None = None) -> Plan:
    """Find out what a stage would do.

    Args:
        loaded: the recipe.
        stage: `pretrain` is preceded by `encoder` where the recipe names no encoder.
        command: the launcher's command line, if there will be one.

    Returns:
        The plan; where the data cannot be used, `problem` says why and the rest is as full as it can be.
    """
    recipe = loaded.resolved
    data, problem = _counts(recipe)
    names: list[StageName] = ["encoder", stage] if stage == "pretrain" and not recipe.encoder.checkpoint else [stage]
    stages = tuple(_stage_plan(recipe, name, data) for name in names)
    problem = problem or next((_no_items(recipe, plan) for plan in stages if plan.items == 0), None)
    return Plan(loaded, data, stages, None if command is None else tuple(command), problem)


def source_of(stage: StageName, recipe: Recipe, runs: Path) -> Path:
    """Return what a stage starts from.

    Args:
        stage: which.
        recipe: with its paths resolved.
        runs: the folder of this recipe's runs.

    Returns:
        The encoder's file for pretrain, the pretrain run's checkpoint for finetune, and for the encoder, which starts
        from nothing, its own run.
    """
    own = runs / "encoder" / "checkpoint" / "encoder.safetensors"
    starts: dict[StageName, Path] = {
        "encoder": runs / "encoder",
        "pretrain": recipe.encoder.checkpoint or own,
        "finetune": runs / "pretrain" / "checkpoint",
    }
    return starts[stage]


def check_fits(recipe: Recipe, manifest: dict[str, Any]) -> None:
    """Check that the encoder takes the data folder's windows and that the sensor tokens divide them.

    Raises:
        DataError: they do not fit.
    """
    windows = manifest["settings"]["windows"]
    length = round(windows["window_s"] * windows["sampling_rate_hz"])
    if length > recipe.encoder.max_len:
        raise DataError(
            f"a window of {length} samples is longer than the encoder's {recipe.encoder.max_len}",
            where=recipe.data.folder,
            fix="prepare the data with shorter windows, or raise `encoder.max_len`",
        )
    if length % recipe.model.sensor_tokens:
        raise DataError(
            f"{recipe.model.sensor_tokens} sensor tokens do not divide a window of {length} samples",
            where=recipe.data.folder,
            fix=f"set `model.sensor_tokens` to a divisor of {length}",
        )


def _counts(recipe: Recipe) -> tuple[DataCounts | None, LlasaError | None]:
    """Count what the data folder holds, as far as it can be read, and say what is wrong with it."""
    folder = recipe.data.folder
    try:
        manifest = read_manifest(folder)
    except LlasaError as error:
        return None, error
    report = report_of(folder, manifest, 0.0)
    splits = {name: {key: part[key] for key in ("subjects", "windows")} for name, part in report.splits.items()}
    qa_items: dict[str, dict[str, int]] = {split: {} for split in SPLITS}
    try:
        for split in SPLITS:
            qa_items[split] = _kinds(folder / f"qa-{split}.json")
        check_fits(recipe, manifest)
    except LlasaError as error:
        return DataCounts(str(folder), splits, qa_items), error
    return DataCounts(str(folder), splits, qa_items), None


def _kinds(qa_file: Path) -> dict[str, int]:
    return dict(Counter(item.kind for item in read_qa(qa_file)).most_common())


def _stage_plan(recipe: Recipe, stage: StageName, data: DataCounts | None) -> StagePlan:
    trained, unknown = _trained(recipe, stage)
    if stage == "encoder":
        config = recipe.encoder.pretraining
        items = data.splits["train"]["windows"] if data else None
        schedule = Schedule(items or 0, config.batch_size, config.epochs, items or 0, None, recipe.seed)
    else:
        config = getattr(recipe, stage)
        kinds = data.qa_items["train"] if data else {}
        items = sum(n for kind, n in kinds.items() if config.kinds is None or kind in config.kinds) if data else None
        schedule = Schedule.of(config, items or 0, recipe.seed)
    return StagePlan(
        stage,
        items,
        None if items is None else schedule.items_per_epoch,
        config.epochs,
        config.batch_size,
        None if items is None else schedule.n_steps,
        trained,
        unknown,
    )


def _trained(recipe: Recipe, stage: StageName) -> tuple[dict[str, int | None], str | None]:
    """Count what a stage trains, and say why a count is not known."""
    if stage == "encoder":
        return {"encoder": encoder_parameters(recipe.encoder, with_decoder=True)}, None
    parts: dict[str, int | None] = {"projector": None}
    if stage == "finetune":
        if recipe.finetune.encoder_learning_rate is not None:
            parts["encoder"] = encoder_parameters(recipe.encoder, with_decoder=False)
        if recipe.finetune.lm != "frozen":
            parts["adapter" if recipe.finetune.lm == "adapter" else "lm"] = None
    try:
        sizes = lm_sizes(recipe.model.base_lm)
        parts["projector"] = projector_parameters(
            recipe.model.projector, recipe.model.projector_width_in(recipe.encoder), sizes["hidden_size"]
        )
        if "adapter" in parts:
            parts["adapter"] = adapter_parameters(recipe.finetune.adapter, sizes)
        if "lm" in parts:
            parts["lm"] = lm_parameters(sizes)
    except UnknownSizes as reason:
        return parts, str(reason)
    return parts, None


def _no_items(recipe: Recipe, plan: StagePlan) -> DataError:
    if plan.stage == "encoder":
        return DataError("the split `train` has no windows", where=recipe.data.folder, fix="prepare more people")
    kinds = getattr(recipe, plan.stage).kinds
    return DataError(
        f"the data folder has no QA items of kind {' or '.join(kinds) if kinds else 'any'} to train on",
        where=recipe.data.folder / "qa-train.json",
        fix="prepare the data with questions (`--qa facts`), or name other `kinds` in the recipe",
    )


def _data_lines(data: DataCounts) -> list[str]:
    lines = [f"data      {data.folder}"]
    for split, counts in data.splits.items():
        kinds = ", ".join(f"{n:,} {kind}" for kind, n in data.qa_items[split].items())
        of_people = f"{counts['windows']:,} windows of {_count(counts['subjects'], 'subject')}"
        lines.append(f"  {split:<8}{of_people}; QA items: {kinds or 'none'}")
    return lines


def _stage_lines(plan: StagePlan) -> list[str]:
    unit = "windows" if plan.stage == "encoder" else "QA items"
    parts = ", ".join(f"{name} {'unknown' if n is None else f'{n:,}'}" for name, n in plan.trained.items())
    steps = "unknown while the data is not there"
    if plan.items is not None:
        epochs = f"{_count(plan.epochs, 'epoch')} of {plan.items_per_epoch:,} of {plan.items:,} {unit}"
        capped = ", stopped by `max_steps`" if plan.is_capped else ""
        steps = f"{plan.steps:,}: {epochs}, {plan.batch_size} a step{capped}"
    return [
        plan.stage,
        f"  trains    {parts} parameters" + (f" ({plan.unknown})" if plan.unknown else ""),
        f"  steps     {steps}",
    ]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
