"""What one rank does of a stage: in this process, or in one that was launched (`ranks.py`)."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

import torch

from llasa_core.errors import RunError
from llasa_core.recipe_file import load_recipe
from llasa_core.train.ceiling import measured_ceiling
from llasa_core.train.engine import make_engine
from llasa_core.train.language_stage import LanguageStage
from llasa_core.train.log import write_curve
from llasa_core.train.loop import train
from llasa_core.train.placement import Placement
from llasa_core.train.probe import probe
from llasa_core.train.stages import make_stage
from llasa_core.train.state import newest_state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.recipe import Recipe, StageName
    from llasa_core.train.engine import Engine
    from llasa_core.train.loop import Progress
    from llasa_core.train.run import Run
    from llasa_core.train.stages import Stage


def work(
    stage_name: StageName,
    run: Run,
    source: Path,
    tell: Callable[[Progress], None],
    say: Callable[[str], None] = lambda _text: None,
) -> None:
    """Train one stage on this rank.

    Args:
        stage_name: which.
        run: its folder, which holds the resolved `recipe.yaml`.
        source: what the stage starts from: the encoder's file for pretrain, the pretrain checkpoint for finetune.
        tell: told of each step, on rank 0.
        say: told in a line what happens.
    """
    recipe = load_recipe(run.folder / "recipe.yaml").recipe
    placement = Placement.read(run.folder)
    if run.probe_request.exists():
        _rehearse(stage_name, run, source, recipe, placement, say)
    stage = make_stage(stage_name, recipe, source, _device(), placement, say)
    first_step, state = newest_state(run.states(), stage.model, say)
    if state:
        state.put_weights()
    engine = make_engine(stage.model, stage.optimizer, placement)
    if state:
        state.put_moments(engine, lambda: _any_loss(stage, engine))
    try:
        train(stage, engine, run, recipe.seed, tell, first_step=first_step, flops_limit=_flops_limit(recipe, engine))
    finally:
        if engine.rank == 0:
            _draw(run.folder, stage_name, say)


def _rehearse(
    name: StageName, run: Run, source: Path, recipe: Recipe, placement: Placement, say: Callable[[str], None]
) -> None:
    """Rehearse a stage on a model and an engine of its own, which leave nothing behind."""
    stage = make_stage(name, recipe, source, _device(), placement, say)
    assert isinstance(stage, LanguageStage)  # noqa: S101 - the encoder is not probed
    engine = make_engine(stage.model, stage.optimizer, placement)
    result = probe(stage, engine, run, recipe.eval.question)
    if engine.rank == 0:
        say(str(result))
        run.probe_request.unlink()
    engine.meet()
    del stage, engine
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _flops_limit(recipe: Recipe, engine: Engine) -> float | None:
    """Return what `llasa doctor --bench` measured of this rank's device; ranks on one CPU share it."""
    measured = measured_ceiling(engine.device, getattr(torch, recipe.model.dtype))
    n_sharing = 1 if engine.device.type == "cuda" else int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return measured / n_sharing if measured else None


def _draw(folder: Path, title: str, say: Callable[[str], None]) -> None:
    """Draw the losses; what ended the run is more worth knowing than why there is no picture."""
    try:
        write_curve(folder, title)
    except (RunError, OSError) as error:
        say(f"warning: loss.png was not written: {str(error).splitlines()[0]}")


def _any_loss(stage: Stage, engine: Engine) -> torch.Tensor:
    """Compute a loss that reaches everything that is trained."""
    parts = stage.parts(0, engine.rank, engine.world_size)
    return stage.loss(parts[0], engine).total


def _device() -> torch.device:
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
