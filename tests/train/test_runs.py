"""Whole runs of the tiny recipe: resuming, refusing, many ranks."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from processes import rank_pids, start_both_stages

from llasa_core.errors import DataError, InterruptedRun, LlasaError, RunError, UsageError
from llasa_core.launching.place import RunPlace
from llasa_core.locks import only_one
from llasa_core.recipe import HeadConfig
from llasa_core.recipe_file import load_recipe
from llasa_core.train.launch import run_stage
from llasa_core.train.log import read_log
from llasa_core.train.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.recipe_file import LoadedRecipe
    from llasa_core.train import loop

REPOSITORY = Path(__file__).parents[2]


def weights_of(checkpoint: str | Path) -> dict[str, bytes]:
    folder = Path(checkpoint)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.safetensors"))}


def test_a_finetune_run_leaves_log_curve_and_checkpoint(finetune: Callable[..., dict[str, Any]]):
    result = finetune()
    run = Path(result["run"])

    assert result["steps"] == 6
    assert [row.step for row in read_log(run)] == [1, 2, 3, 4, 5, 6]
    assert (run / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert list((run / "tensorboard").glob("events.*"))
    assert sorted(weights_of(result["checkpoint"])) == [
        "adapter/adapter_model.safetensors",
        "encoder.safetensors",
        "head.safetensors",
        "projector.safetensors",
    ]
    assert not (run / "state").exists()


def test_a_done_run_is_not_run_again(finetune: Callable[..., dict[str, Any]]):
    before = finetune()
    (Path(before["run"]) / "state" / "step-000006").mkdir(parents=True)  # as of a run killed before it had removed it
    after = finetune(tell=lambda _stage, _progress: pytest.fail("a step was run"))

    assert not before["already_done"]
    assert after["already_done"]
    assert not (Path(after["run"]) / "state").exists()


def test_a_done_run_without_a_head_gets_one(finetune: Callable[..., dict[str, Any]]):
    head = Path(finetune()["checkpoint"]) / "head.safetensors"
    fitted = head.read_bytes()
    head.unlink()
    finetune()

    assert head.read_bytes() == fitted


def test_pretrain_changes_the_projector_alone(tiny: LoadedRecipe, pretrained: Path):
    encoder, pretrain = (weights_of(pretrained / tiny.name / stage / "checkpoint") for stage in ("encoder", "pretrain"))

    assert pretrain["encoder.safetensors"] == encoder["encoder.safetensors"]
    assert sorted(pretrain) == ["encoder.safetensors", "projector.safetensors"]


def test_the_encoder_is_finetuned_only_where_the_recipe_says_so(
    finetune: Callable[..., dict[str, Any]], tiny: LoadedRecipe, pretrained: Path
):
    pretrain = weights_of(pretrained / tiny.name / "pretrain" / "checkpoint")["encoder.safetensors"]

    assert weights_of(finetune("frozen")["checkpoint"])["encoder.safetensors"] == pretrain
    trained = finetune("trained", "finetune.encoder_learning_rate=1.0e-3")
    assert weights_of(trained["checkpoint"])["encoder.safetensors"] != pretrain


@pytest.mark.parametrize("stops_after", [1, 3])
def test_a_run_that_was_stopped_ends_as_an_undisturbed_one(finetune: Callable[..., dict[str, Any]], stops_after: int):
    def stop(_stage: str, progress: loop.Progress) -> None:
        if progress.step == stops_after:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(InterruptedRun) as caught:
        finetune("stopped", tell=stop)
    whole, resumed = finetune("whole"), finetune("stopped")

    assert caught.value.message == f"stopped after step {stops_after + 1} of 6; nothing is lost"
    assert weights_of(resumed["checkpoint"]) == weights_of(whole["checkpoint"])
    losses = [[(row.step, row.loss) for row in read_log(Path(result["run"]))] for result in (whole, resumed)]
    assert losses[0] == losses[1]


def test_killed_at_any_moment_the_same_command_ends_with_the_same_weights(
    tiny: LoadedRecipe, pretrained: Path, finetune: Callable[..., dict[str, Any]], tmp_path: Path
):
    stages = tmp_path / "killed" / "tiny"
    for sign in ("encoder/log.csv", "pretrain/state/step-000002", "finetune/state/step-000002"):
        process = start_both_stages(tiny.file, tmp_path / "killed")
        while not (stages / sign).exists() and process.is_alive():
            time.sleep(0.005)
        process.kill()
        process.join()
    last = start_both_stages(tiny.file, tmp_path / "killed")
    last.join()

    assert last.exitcode == 0
    expected = finetune("whole")["checkpoint"]
    assert weights_of(stages / "encoder" / "checkpoint") == weights_of(pretrained / "tiny" / "encoder" / "checkpoint")
    assert weights_of(stages / "finetune" / "checkpoint") == weights_of(expected)


def test_other_settings_are_refused_with_the_difference(finetune: Callable[..., dict[str, Any]], tmp_path: Path):
    finetune()

    with pytest.raises(UsageError) as caught:
        finetune("runs", "finetune.learning_rate=0.5")

    assert str(caught.value) == (
        "this run was begun with other settings: finetune.learning_rate was 0.002, is 0.5\n"
        f"  where: {tmp_path / 'runs' / 'tiny' / 'finetune' / 'run.json'}\n"
        f"  fix:   `llasa finetune {REPOSITORY / 'recipes' / 'tiny.yaml'} --fresh` "
        "begins anew and removes the old run; or put the settings back"
    )


def test_settings_may_be_mended_until_a_run_has_come_to_its_first_step(finetune: Callable[..., dict[str, Any]]):
    with pytest.raises(LlasaError, match="samples are longer than the 40 tokens of a pack"):
        finetune("runs", "finetune.micro_batch_tokens=40")

    assert finetune("runs", "finetune.max_steps=1")["steps"] == 1


def test_an_unknown_base_lm_is_heard_of_before_the_encoder_is_trained(tmp_path: Path):
    recipe = load_recipe(REPOSITORY / "recipes" / "tiny.yaml", ["model.base_lm=./nowhere"])

    with pytest.raises(LlasaError, match="there is no base LM"):
        run_stage(recipe, "pretrain", RunPlace(tmp_path, 1, has_cuda=False))

    assert not (tmp_path / "tiny").exists()


def test_fresh_begins_anew(finetune: Callable[..., dict[str, Any]]):
    first = finetune()
    second = finetune("runs", "finetune.learning_rate=0.01", fresh=True)

    assert weights_of(first["checkpoint"]) == weights_of(second["checkpoint"])  # one folder
    assert not second["already_done"]


def test_finetune_needs_pretrain(tiny: LoadedRecipe, tmp_path: Path):
    with pytest.raises(UsageError) as caught:
        run_stage(tiny, "finetune", RunPlace(tmp_path, 1, has_cuda=False))

    assert str(caught.value) == (
        "finetune goes on from the recipe's pretrain run, and there is none\n"
        f"  where: {tmp_path / 'tiny' / 'pretrain' / 'checkpoint'}\n"
        "  fix:   run `llasa pretrain` with this recipe first"
    )


def test_the_heads_own_data_is_looked_for_before_anything_is_trained(
    finetune: Callable[..., dict[str, Any]], tiny: LoadedRecipe, tmp_path: Path
):
    finetune()
    recipe = tiny.recipe.model_copy(update={"head": HeadConfig(folder=tmp_path / "nowhere")})

    with pytest.raises(DataError) as caught:
        run_stage(replace(tiny, recipe=recipe), "finetune", RunPlace(tmp_path / "runs", 1, has_cuda=False))

    assert "nowhere" in str(caught.value)


def test_a_run_has_one_process_at_a_time(finetune: Callable[..., dict[str, Any]], tmp_path: Path):
    run = Path(finetune()["run"])

    with only_one(run / "lock", doing="training"), pytest.raises(RunError) as caught:
        finetune()

    assert caught.value.message == f"another process is working on {tmp_path / 'runs' / 'tiny' / 'finetune'}"


def test_a_loss_that_is_no_number_stops_the_run(finetune: Callable[..., dict[str, Any]]):
    with pytest.raises(RunError) as caught:
        finetune("runs", "finetune.learning_rate=1.0e30", "finetune.max_grad_norm=1.0e30")

    assert "is nan" in caught.value.message or "is inf" in caught.value.message


@pytest.mark.parametrize("budget", [300, 600])
def test_micro_batches_do_not_change_the_losses(finetune: Callable[..., dict[str, Any]], budget: int):
    whole = finetune("whole", "finetune.micro_batch_tokens=100000")
    parts = finetune("parts", f"finetune.micro_batch_tokens={budget}")

    losses = [[row.loss for row in read_log(Path(result["run"]))] for result in (whole, parts)]
    assert losses[1] == pytest.approx(losses[0], abs=1e-5)


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="deepspeed is a Linux-only requirement")


@on_linux
def test_two_ranks_learn_as_one_does(finetune: Callable[..., dict[str, Any]], two_ranks: Path):
    one = Path(finetune("one")["run"])

    losses = [[row.loss for row in read_log(run)] for run in (one, two_ranks / "run")]
    assert len(losses[0]) == 6
    assert losses[1] == pytest.approx(losses[0], abs=1e-5)


@on_linux
def test_a_rank_that_is_killed_changes_no_bit(finetune: Callable[..., dict[str, Any]], two_ranks: Path, tmp_path: Path):
    def kill(_stage: str, progress: loop.Progress) -> None:
        if progress.step == 3:
            os.kill(rank_pids(Run(tmp_path / "killed" / "tiny" / "finetune"))[1], signal.SIGKILL)

    with pytest.raises(RunError, match="rank 1 was killed by signal 9"):
        finetune("killed", ranks=2, tell=kill)
    again = finetune("killed", ranks=2)

    trained = weights_of(again["checkpoint"])
    assert trained.pop("head.safetensors")  # fitted once the ranks have ended, of which the fixture knows nothing
    assert trained == weights_of(two_ranks / "run" / "checkpoint")


def test_a_checkpoint_holds_what_its_training_people_did(finetune: Callable[..., dict[str, Any]], tiny: LoadedRecipe):
    config = json.loads((Path(finetune()["checkpoint"]) / "config.json").read_text())
    manifest = json.loads((tiny.resolved.data.folder / "manifest.json").read_text())

    assert set(config["activities"]) <= set(manifest["activities"])
    assert config["window_s"] == manifest["settings"]["windows"]["window_s"]


def test_a_resolved_recipe_gives_the_same_run(finetune: Callable[..., dict[str, Any]]):
    written = load_recipe(Path(finetune()["run"]) / "recipe.yaml").recipe

    assert written.finetune.max_steps == 6
    assert torch.get_default_dtype() == torch.float32
