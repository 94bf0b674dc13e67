"""One rank of a stage: started in this process, or by the deepspeed launcher as `python -m llasa_core.train.worker`."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch

from llasa_core import errors
from llasa_core.errors import LlasaError, RunError
from llasa_core.recipe_file import load_recipe
from llasa_core.train.engine import make_engine
from llasa_core.train.launch import PROGRESS_MARK
from llasa_core.train.log import write_curve
from llasa_core.train.loop import train
from llasa_core.train.placement import Placement
from llasa_core.train.run import Run
from llasa_core.train.stages import make_stage
from llasa_core.train.state import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.recipe import StageName
    from llasa_core.train.engine import Engine
    from llasa_core.train.loop import Progress
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
    stage = make_stage(stage_name, recipe, source, _device(), placement, say)
    states = run.states()
    first_step, state = (states[-1][0], State(states[-1][1], stage.model)) if states else (0, None)
    if state:
        state.put_weights()
    engine = make_engine(stage.model, stage.optimizer, placement)
    if state:
        state.put_moments(engine, lambda: _any_loss(stage, engine))
    try:
        train(stage, engine, run, recipe.seed, tell, first_step=first_step)
    finally:
        if engine.rank == 0:
            write_curve(run.folder, stage_name)


def _any_loss(stage: Stage, engine: Engine) -> torch.Tensor:
    """Compute a loss that reaches everything that is trained."""
    parts = stage.parts(0, engine.rank, engine.world_size)
    return stage.loss(parts[0], engine).total


def _device() -> torch.device:
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


def _error_file(folder: Path, rank: int) -> Path:
    return folder / f"error-rank{rank}.json"


def read_errors(folder: Path) -> list[LlasaError]:
    """Return what ranks said before they died, the first rank's first, and forget it."""
    found = []
    for file in sorted(folder.glob("error-rank*.json")):
        said = json.loads(file.read_text(encoding="utf-8"))
        kind = getattr(errors, said["kind"])
        found.append(kind(said["error"], where=said["where"], fix=said["fix"]))
        file.unlink()
    return found


def _leave_error(error: BaseException, folder: Path) -> None:
    if not isinstance(error, LlasaError):
        message = f"a rank failed: {type(error).__name__}: {error}"
        error = RunError(message, where=folder / "launcher.log", fix="the traceback is in that file")
    said = {"kind": type(error).__name__, **error.as_dict()}
    _error_file(folder, int(os.environ.get("RANK", "0"))).write_text(json.dumps(said), encoding="utf-8")


def main() -> None:
    """Run as one rank of the deepspeed launcher."""
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--local_rank")]
    stage, folder, source = arguments
    run = Run(Path(folder))

    def tell(progress: Progress) -> None:
        sys.stdout.write(PROGRESS_MARK + json.dumps(asdict(progress)) + "\n")
        sys.stdout.flush()

    try:
        work(cast("StageName", stage), run, Path(source), tell)
    except BaseException as error:
        _leave_error(error, run.folder)
        raise


if __name__ == "__main__":
    main()
