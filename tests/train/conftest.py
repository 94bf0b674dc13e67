"""Runs of `recipes/tiny.yaml` in a fresh folder."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from llasa_core.errors import InterruptedRun
from llasa_core.files import write_json, write_text
from llasa_core.launching.folder import RankFolder
from llasa_core.launching.following import launch
from llasa_core.launching.hosts import Host
from llasa_core.launching.place import RunPlace, free_port
from llasa_core.recipe_file import load_recipe, recipe_yaml
from llasa_core.train import compute_type
from llasa_core.train.engine import TorchEngine
from llasa_core.train.language_stage import FinetuneStage
from llasa_core.train.launch import run_stage
from llasa_core.train.loop import train
from llasa_core.train.outlook import Devices, placement_of
from llasa_core.train.placement import Placement
from llasa_core.train.run import Run
from llasa_core.train.state import newest_state, trained_parameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.recipe_file import LoadedRecipe
    from llasa_core.train.loop import Progress

TINY_RECIPE = Path(__file__).parents[2] / "recipes" / "tiny.yaml"


@pytest.fixture(autouse=True)
def bfloat16_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute in the type that a recipe names, on any CPU; `test_compute_type.py` has what happens otherwise."""
    monkeypatch.setattr(compute_type, "computes_half_precision", lambda: True)


@pytest.fixture(scope="session")
def tiny() -> LoadedRecipe:
    return load_recipe(TINY_RECIPE)


@pytest.fixture(scope="session")
def pretrained(tiny: LoadedRecipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `runs` folder in which tiny's encoder and pretrain stages are done."""
    runs = tmp_path_factory.mktemp("pretrained")
    run_stage(tiny, "pretrain", RunPlace(runs, 1, has_cuda=False))
    return runs


@pytest.fixture
def finetune(tiny: LoadedRecipe, pretrained: Path, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Finetune tiny, from the one pretrain run, into `tmp_path/<name>`."""

    def run(name: str = "runs", *overrides: str, ranks: int = 1, **options: Any) -> dict[str, Any]:
        runs = tmp_path / name
        if not runs.exists():
            shutil.copytree(pretrained, runs)
        loaded = load_recipe(TINY_RECIPE, overrides) if overrides else tiny
        return run_stage(loaded, "finetune", RunPlace(runs, ranks, has_cuda=False), **options)

    return run


@dataclass
class Part:
    """One part of a run, in plain torch: from its last state, or from the start."""

    stage: FinetuneStage
    engine: TorchEngine
    run: Run
    first_step: int

    def train(self, tell: Callable[[Progress], None] = lambda _progress: None) -> list[float]:
        """Train to the end of the run, and return the losses."""
        losses: list[float] = []

        def told(progress: Progress) -> None:
            losses.append(progress.loss)
            tell(progress)

        train(self.stage, self.engine, self.run, 7, told, first_step=self.first_step)
        return losses

    @property
    def weights(self) -> dict[str, torch.Tensor]:
        """Copies of what is trained."""
        return {name: one.detach().clone() for name, one in trained_parameters(self.stage.model).items()}


@pytest.fixture(scope="session")
def part_in(pretrained: Path) -> Callable[..., Part]:
    """Begin or go on with a finetune run of tiny in `<folder>/<name>`, without what is around the loop."""

    def begin(
        folder: Path, name: str, *overrides: str, placement: Placement | None = None, source: Path | None = None
    ) -> Part:
        recipe = load_recipe(TINY_RECIPE, overrides).resolved
        source = source or pretrained / "tiny" / "pretrain" / "checkpoint"
        stage = FinetuneStage(recipe, source, torch.device("cpu"), placement or Placement(), lambda _text: None)
        run = Run(folder / name)
        run.folder.mkdir(exist_ok=True)
        first_step, state = newest_state(run.states(), stage.model, lambda _text: None)
        if state:
            state.put_weights()
        engine = TorchEngine(stage.model, stage.optimizer)
        if state:
            state.put_moments(engine, lambda: stage.loss(stage.parts(0, 0, 1)[0], engine).total)
        return Part(stage, engine, run, first_step)

    return begin


@pytest.fixture
def part(part_in: Callable[..., Part], tmp_path: Path) -> Callable[..., Part]:
    """As `part_in`, in a test's own folder."""

    def begin(name: str = "run", *overrides: str, **options: Any) -> Part:
        return part_in(tmp_path, name, *overrides, **options)

    return begin


@dataclass
class OneProcess:
    """What one process computes in plain torch, to compare ranks with."""

    stopped: Run
    """A run that stopped after two steps, with its state."""
    third: dict[str, torch.Tensor]
    """Weights after the third step of a run that did not."""


@pytest.fixture(scope="session")
def one_process(part_in: Callable[..., Part], tmp_path_factory: pytest.TempPathFactory) -> OneProcess:
    folder = tmp_path_factory.mktemp("one")
    stopped, whole = part_in(folder, "stopped"), part_in(folder, "whole")

    def stop(progress: Progress) -> None:
        if progress.step == 1:
            stopped.run.stop_trigger.touch()

    with pytest.raises(InterruptedRun):
        stopped.train(stop)
    third: dict[str, torch.Tensor] = {}
    whole.train(lambda progress: third.update(whole.weights) if progress.step == 3 else None)
    return OneProcess(stopped.run, third)


PATIENCE_S = 600
"""On a busy machine; it takes about 30 s on two idle cores."""


@pytest.fixture(scope="session")
def two_ranks(
    tiny: LoadedRecipe, pretrained: Path, one_process: OneProcess, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What two ranks left (`two_ranks.py`): of several test processes the first starts them, and the others wait."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "two ranks"
    ended = folder / "ended"
    try:
        folder.mkdir()
    except FileExistsError:
        deadline = time.monotonic() + PATIENCE_S
        while not ended.exists() and time.monotonic() < deadline:
            time.sleep(0.2)
    else:
        try:
            start_two_ranks(folder, tiny, pretrained, one_process.stopped.states()[-1][1])
        finally:
            ended.touch()
    assert (folder / "run" / "checkpoint").is_dir(), (folder / "launcher.log").read_text()[-3000:]
    return folder


def start_two_ranks(folder: Path, tiny: LoadedRecipe, pretrained: Path, state: Path) -> None:
    run = folder / "run"
    write_text(run / "recipe.yaml", recipe_yaml(tiny.resolved))
    devices = Devices(pretrained, n_ranks=2)
    placement_of(tiny.resolved, "finetune", devices, lambda _text: None).write(run)
    shared = RankFolder(folder)
    write_json(shared.begun_file, {})
    arguments = [str(tiny.file), str(pretrained / "tiny" / "pretrain" / "checkpoint"), str(state)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        launch("two_ranks", shared, arguments, [Host("localhost", 2)], port=free_port(), tell=lambda _: None, say=print)
