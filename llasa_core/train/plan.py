"""What a command would do: data, steps, trained parameters. Needs neither torch, a GPU nor the base LM."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from llasa_core.errors import DataError, LlasaError, RunError
from llasa_core.model.parameter_counts import (
    UnknownSizes,
    adapter_parameters,
    encoder_parameters,
    lm_parameters,
    lm_sizes,
    projector_parameters,
)
from llasa_core.recipe_file import described
from llasa_core.train.checks import check_windows
from llasa_core.train.chosen import chosen_items, no_items
from llasa_core.train.data_counts import DataFound, look_at_data
from llasa_core.train.disk import disk_needed
from llasa_core.train.outlook import Devices, attention_of, layout_of
from llasa_core.train.samples import bracketed, config_of, local_lm, survey
from llasa_core.train.schedule import Schedule
from llasa_core.train.stage_plan import StagePlan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llasa_core.model.base_lm import BaseLm
    from llasa_core.recipe import Recipe, StageName
    from llasa_core.recipe_file import LoadedRecipe
    from llasa_core.train.data_counts import DataCounts


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
    disk_free_bytes: int | None = None
    """Where runs are kept."""

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "recipe": self.loaded.recipe.model_dump(mode="json"),
            "sources": self.loaded.sources,
            "data": self.data,
            "stages": self.stages,
            "command": self.command,
            "disk_free_bytes": self.disk_free_bytes,
        }

    def __str__(self) -> str:
        return self.text()

    def text(self, mark: Callable[[str], str] = bracketed) -> str:
        """Return the whole plan for people; `mark` shows which text is learned."""
        return "\n".join([described(self.loaded), *self.lines(mark)])

    def lines(self, mark: Callable[[str], str] = bracketed) -> list[str]:
        """Return what follows from the recipe, for people."""
        launcher = " ".join(self.command) if self.command else "none: one process trains on the CPU"
        data = self.data.lines() if self.data else ["data      not there yet"]
        stages = [line for stage in self.stages for line in stage.lines(mark)]
        disk = [] if self.disk_free_bytes is None else [f"disk      {self._disk()}"]
        return [*data, *stages, *disk, f"launcher  {launcher}"]

    def _disk(self) -> str:
        needed = [stage.disk_needed_bytes for stage in self.stages]
        need = "unknown" if None in needed else f"{sum(filter(None, needed)) / 1e9:,.2f} GB"
        return f"{need} needed for states and results, {(self.disk_free_bytes or 0) / 1e9:,.1f} GB free"


def make_plan(
    loaded: LoadedRecipe,
    stage: StageName,
    command: Sequence[str] | None = None,
    *,
    devices: Devices | None = None,
    looks_at_samples: bool = False,
) -> Plan:
    """Find out what a stage would do.

    Args:
        loaded: the recipe.
        stage: `pretrain` is preceded by `encoder` where the recipe names no encoder.
        command: the launcher's command line, if there will be one.
        devices: what would compute it, and where runs are kept; finetune begins with the pretrain run's result there.
        looks_at_samples: encode the first steps' samples, which takes a second or two.

    Returns:
        The plan; where the data cannot be used, `problem` says why and the rest is as full as it can be.
    """
    recipe = loaded.resolved
    data = look_at_data(recipe)
    names: list[StageName] = ["encoder", stage] if stage == "pretrain" and not recipe.encoder.checkpoint else [stage]
    stages = [_stage_plan(recipe, name, data) for name in names]
    problem = data.problem or next((_no_items(recipe, plan) for plan in stages if plan.items == 0), None)
    try:
        if problem is None and data.manifest is not None and devices:
            check_windows(data.manifest, source_of(stage, recipe, devices.runs / loaded.name), recipe.data.folder)
        base = local_lm(recipe.model.base_lm)
        if looks_at_samples:
            stages[-1] = _with_attention(stages[-1], recipe, base, devices or Devices())
        if problem is None and looks_at_samples:
            stages[-1] = _with_samples(stages[-1], recipe, data, base, (devices or Devices()).n_ranks)
        if looks_at_samples:
            layout = layout_of(recipe, stage, devices or Devices(), stages[-1].samples)
            stages[-1] = replace(stages[-1], layout=layout)
    except LlasaError as error:
        problem = problem or error
    free = devices.disk_free_bytes if devices else None
    if devices and problem is None:
        problem = _no_room(stages, devices, loaded.name)
    return Plan(loaded, data.counts, tuple(stages), None if command is None else tuple(command), problem, free)


def _no_room(stages: Sequence[StagePlan], devices: Devices, name: str) -> RunError | None:
    """Return the error of a disk that is too small for what is not written yet."""
    for stage in stages:
        run = devices.runs / name / stage.stage
        written = sum(file.stat().st_size for file in run.rglob("*") if file.is_file())
        needed = (stage.disk_needed_bytes or 0) - written
        free = devices.disk_free_bytes
        if needed > free:
            return RunError(
                f"the disk has {free / 1e6:,.0f} MB left, {stage.stage} needs {needed / 1e6:,.0f} MB",
                where=run,
                fix="free some space, keep fewer states (`keep_states`), or pass `--runs` with another disk's folder",
            )
    return None


def _with_attention(plan: StagePlan, recipe: Recipe, base: BaseLm | None, devices: Devices) -> StagePlan:
    """Add which attention the stage takes, if the base LM's sizes are known."""
    try:
        lm_config = lm_sizes(recipe.model.base_lm) if base is None else config_of(base)
    except UnknownSizes:
        return plan
    return replace(plan, attention=attention_of(recipe, getattr(recipe, plan.stage), lm_config, devices))


def _with_samples(plan: StagePlan, recipe: Recipe, data: DataFound, base: BaseLm | None, n_ranks: int) -> StagePlan:
    """Add what the stage's first samples are to the LM, if its tokenizer is here."""
    if base is None:
        reason = f"not known before {recipe.model.base_lm} is fetched: its tokenizer decides"
        return replace(plan, no_samples=reason)
    config = getattr(recipe, plan.stage)
    items = chosen_items(data.train_items, config)
    schedule = Schedule.of(config, len(items), recipe.seed)
    qa_file = recipe.data.folder / "qa-train.json"
    return replace(plan, samples=survey(recipe, plan.stage, items, schedule, base, n_ranks, qa_file))


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


def _stage_plan(recipe: Recipe, stage: StageName, data: DataFound) -> StagePlan:
    trained, unknown = _trained(recipe, stage)
    if stage == "encoder":
        config = recipe.encoder.pretraining
        items = data.counts.splits["train"]["windows"] if data.counts else None
        schedule = Schedule(items or 0, config.batch_size, config.epochs, items or 0, None, recipe.seed)
    else:
        config = getattr(recipe, stage)
        items = len(chosen_items(data.train_items, config)) if data.counts else None
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
        None if stage == "encoder" else getattr(recipe, stage).micro_batch_tokens,
        disk_needed_bytes=_disk_needed(recipe, stage, trained, schedule.n_steps),
    )


def _disk_needed(recipe: Recipe, stage: StageName, trained: dict[str, int | None], n_steps: int) -> int | None:
    counts = [count for count in trained.values() if count is not None]
    if len(counts) < len(trained):
        return None
    if stage == "encoder":
        return disk_needed(recipe.pretrain, sum(counts), n_steps).total
    is_whole = stage == "finetune" and recipe.finetune.lm == "whole"
    weight_bytes = (4 if recipe.model.dtype == "float32" else 2) if is_whole else None
    return disk_needed(getattr(recipe, stage), sum(counts), n_steps, lm_weight_bytes=weight_bytes).total


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
    if plan.stage != "encoder":
        return no_items(getattr(recipe, plan.stage), recipe.data.folder)
    return DataError("the split `train` has no windows", where=recipe.data.folder, fix="prepare more people")
