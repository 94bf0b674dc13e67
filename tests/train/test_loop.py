"""The loop: a number that is none stops it, people and systems may, and nothing that was saved is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
from typing import TYPE_CHECKING, Any

import h5py
import pytest
import torch

from llasa_core.data.qa import read_qa
from llasa_core.errors import InterruptedRun, RunError
from llasa_core.train.log import read_log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.recipe_file import LoadedRecipe
    from llasa_core.train.loop import Progress

EVERY_STEP = "finetune.save_every=1"


def spoil(part: Any, step: int, factor: float) -> None:
    """Multiply a gradient of one step, each of which is one pack."""
    seen = 0

    def change(gradient: torch.Tensor) -> torch.Tensor:
        nonlocal seen
        seen += 1
        return gradient * factor if seen == step else gradient

    next(part.stage.model.projector.parameters()).register_hook(change)


def same(one: Any, other: Any) -> bool:
    return all(torch.equal(weight, other.weights[name]) for name, weight in one.weights.items())


def spoiled_data(tiny: LoadedRecipe, row: int, folder: Path) -> Path:
    """Copy tiny's data, and make one sample of a window no number."""
    shutil.copytree(tiny.resolved.data.folder, folder)
    with h5py.File(folder / "windows-00000.h5", "r+") as shard:
        shard["samples"][row, 60, 2] = float("nan")
    return folder


def test_a_window_that_is_no_number_stops_the_run_and_its_step_is_named(
    part: Callable[..., Any], tiny: LoadedRecipe, tmp_path: Path
):
    few = (EVERY_STEP, "finetune.batch_size=2", "finetune.kinds=[activity]")
    names_of = part("plan", *few).stage.names_of
    rows = {item.id: item.windows[0].row for item in read_qa(tiny.resolved.data.folder / "qa-train.json")}
    seen = [{rows[name] for name in names_of(step)} for step in range(6)]
    bad = next(step for step in range(2, 6) if seen[step] - set().union(*seen[:step]))
    row = min(seen[bad] - set().union(*seen[:bad]))
    settings = (*few, f"data.folder={spoiled_data(tiny, row, tmp_path / 'data')}")

    errors = []
    for _ in range(2):  # the same command fails in the same way
        run = part("run", *settings)
        with pytest.raises(RunError) as caught:
            run.train()
        errors.append(str(caught.value))
    shutil.copy(tiny.resolved.data.folder / "windows-00000.h5", tmp_path / "data")  # the window is mended
    resumed, whole = part("run", *settings), part("whole", *settings)
    resumed.train()
    whole.train()

    names = names_of(bad)
    assert errors[0] == errors[1]
    assert errors[0] == (
        f"the loss of step {bad + 1} is nan; in the step were {names[0]}, {names[1]}\n"
        f"  where: {tmp_path / 'run' / 'bad-step.json'}\n"
        "  fix:   lower the learning rate, or look at these samples; the last state before this step is kept"
    )
    assert json.loads((tmp_path / "run" / "bad-step.json").read_text()) == {
        "step": bad + 1, "loss": "nan", "grad_norm": "nan", "samples": names,
    }  # fmt: skip
    assert resumed.first_step == bad
    assert same(resumed, whole)


@pytest.mark.parametrize(("factor", "said"), [(float("inf"), "inf"), (float("nan"), "nan")])
def test_a_gradient_that_is_no_number_stops_the_run_before_anything_is_saved(
    part: Callable[..., Any], factor: float, said: str
):
    settings = (EVERY_STEP, "finetune.batch_size=10")
    run = part("run", *settings)
    spoil(run, 3, factor)

    with pytest.raises(RunError) as caught:
        run.train()
    resumed, whole = part("run", *settings), part("whole", *settings)
    resumed.train()
    whole.train()

    names = run.stage.names_of(2)
    assert caught.value.message == (
        f"the gradient of step 3 is {said}; in the step were {', '.join(names[:8])} and 2 more"
    )
    assert json.loads((run.run.folder / "bad-step.json").read_text())["samples"] == names
    assert caught.value.exit_code == 1
    assert resumed.first_step == 2
    assert same(resumed, whole)


def test_a_file_named_stop_ends_the_run_with_a_state(part: Callable[..., Any], tmp_path: Path):
    run = part("run")

    def ask(progress: Progress) -> None:
        if progress.step == 2:
            run.run.stop_trigger.touch()

    with pytest.raises(InterruptedRun) as caught:
        run.train(ask)
    resumed, whole = part("run"), part("whole")
    resumed.train()
    whole.train()

    assert str(caught.value) == (
        "stopped after step 3 of 6; nothing is lost\n"
        f"  where: {tmp_path / 'run'}\n"
        "  fix:   the same command goes on from there"
    )
    assert caught.value.exit_code == 130
    assert not run.run.stop_trigger.exists()
    assert resumed.first_step == 3
    assert same(resumed, whole)
    assert [row.step for row in read_log(tmp_path / "run")] == [1, 2, 3, 4, 5, 6]


def test_a_file_named_save_is_answered_with_a_state_and_the_run_goes_on(part: Callable[..., Any]):
    run = part("run", "finetune.save_every=100")
    found = []

    def look(progress: Progress) -> None:
        if progress.step == 2:
            run.run.save_trigger.touch()
        found.append(([step for step, _ in run.run.states()], run.run.save_trigger.exists()))

    losses = run.train(look)

    assert len(losses) == 6
    # asked for after step 2, seen with step 3, and there when step 4 is told of
    assert found == [([], False), ([], True), ([], True), ([3], False), ([3], False), ([3], False)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_with_a_state(part: Callable[..., Any], number: signal.Signals):
    handlers = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    run = part("run")

    def ask(progress: Progress) -> None:
        if progress.step == 1:
            os.kill(os.getpid(), number)

    with pytest.raises(InterruptedRun) as caught:
        run.train(ask)
    resumed, whole = part("run"), part("whole")
    resumed.train()
    whole.train()

    assert caught.value.message == "stopped after step 2 of 6; nothing is lost"
    assert handlers == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))
    assert same(resumed, whole)


def test_asked_to_stop_in_its_last_step_a_run_ends_as_always(part: Callable[..., Any]):
    run = part("run")

    def ask(progress: Progress) -> None:
        if progress.step == 5:
            run.run.stop_trigger.touch()

    assert len(run.train(ask)) == 6
    assert run.run.is_done
    assert not run.run.stop_trigger.exists()


def test_a_sample_that_no_pack_holds_is_refused_before_the_first_step(part: Callable[..., Any], tiny: LoadedRecipe):
    longest = max(part("plan").stage._lengths)

    with pytest.raises(Exception, match=r"longer than the \d+ tokens") as caught:
        part("run", f"finetune.micro_batch_tokens={longest - 1}")

    assert caught.value.exit_code == 2
    assert caught.value.where == str(tiny.resolved.data.folder / "qa-train.json")
    assert caught.value.fix == f"set `finetune.micro_batch_tokens` to {longest} or more; a sample is never cut"
