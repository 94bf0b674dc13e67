"""What a sweep would do, before it does anything."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llasa_cli.app import main
from llasa_core.errors import LlasaError
from llasa_core.sweep.plan import plan_sweep, write_recipes

if TYPE_CHECKING:
    from llasa_core.sweep.plan import PlannedSweep

TINY = Path(__file__).parents[2] / "recipes" / "tiny.yaml"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plan(*grid: str, overrides: tuple[str, ...] = (), recipe: Path = TINY, **options: str) -> PlannedSweep:
    return plan_sweep(recipe, overrides, grid, Path("runs"), **options)


def chains(planned: PlannedSweep) -> dict[str, list[str]]:
    return {trial.name: [unit.name for unit in planned.sweep.before(trial)] for trial in planned.sweep.trials}


def test_what_trials_have_in_common_is_one_unit():
    assert chains(plan("finetune.epochs=1,2")) == {
        "finetune.epochs=1": ["pretrain", "encoder"],
        "finetune.epochs=2": ["pretrain", "encoder"],
    }
    assert chains(plan("pretrain.epochs=1,2", "finetune.epochs=3")) == {
        "pretrain.epochs=1,finetune.epochs=3": ["pretrain,pretrain.epochs=1", "encoder"],
        "pretrain.epochs=2,finetune.epochs=3": ["pretrain,pretrain.epochs=2", "encoder"],
    }
    assert chains(plan("seed=1,2")) == {
        "seed=1": ["pretrain,seed=1", "encoder,seed=1"],
        "seed=2": ["pretrain,seed=2", "encoder,seed=2"],
    }


def test_an_encoder_from_a_file_is_not_trained(folder: Path):
    (folder / "e.pt").touch()

    assert chains(plan("finetune.epochs=1,2", overrides=("encoder.checkpoint=e.pt",)))["finetune.epochs=1"] == [
        "pretrain"
    ]


def test_a_dry_run_lists_trials_steps_and_what_is_shared(capsys: pytest.CaptureFixture[str], folder: Path):
    command = [
        "sweep",
        str(TINY),
        "--grid",
        "pretrain.max_steps=2,3",
        "--grid",
        "finetune.adapter.rank=2,4",
        "--dry-run",
    ]

    assert main(command) == 0
    text = capsys.readouterr().out
    assert main([*command, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)

    assert text == (
        "4 trials in runs/tiny/sweeps/max_steps,rank\n"
        "  encoder: 8 steps, once for 4 trials\n"
        "  pretrain max_steps 2: 2 steps, once for 2 trials\n"
        "  pretrain max_steps 3: 3 steps, once for 2 trials\n"
        "  finetune max_steps 2, rank 2: 6 steps\n"
        "  finetune max_steps 2, rank 4: 6 steps\n"
        "  finetune max_steps 3, rank 2: 6 steps\n"
        "  finetune max_steps 3, rank 4: 6 steps\n"
    )
    assert shown["units"][1] == {
        "name": "pretrain,pretrain.max_steps=2",
        "stage": "pretrain",
        "settings": {"pretrain.max_steps": "2"},
        "after": "encoder",
        "steps": 2,
        "done": False,
    }
    assert list(folder.iterdir()) == []


def test_data_that_a_trial_cannot_use_is_found_before_anything_begins(capsys: pytest.CaptureFixture[str], folder: Path):
    assert main(["sweep", str(TINY), "--grid", "model.sensor_tokens=8,7,9"]) == 2

    data = TINY.parent / "tiny" / "data"
    assert capsys.readouterr().err == (
        f"error: 7 sensor tokens do not divide a window of 120 samples\n  where: {data}\n"
        "  fix:   set `model.sensor_tokens` to a divisor of 120\n"
        f"error: 9 sensor tokens do not divide a window of 120 samples\n  where: {data}\n"
        "  fix:   set `model.sensor_tokens` to a divisor of 120\n"
    )
    assert list(folder.iterdir()) == []


def test_finetune_alone_needs_the_recipes_pretrain_run():
    with pytest.raises(LlasaError) as error:
        plan("finetune.epochs=1,2", trained="finetune")

    assert str(error.value) == (
        "`--stage finetune` goes on from the recipe's pretrain run, and there is none\n"
        "  where: runs/tiny/pretrain/checkpoint\n"
        f"  fix:   run `llasa pretrain {TINY}` first, or leave `--stage finetune` out"
    )


def test_a_sweep_goes_on_with_more_values_but_not_with_another_recipe():
    write_recipes(plan("finetune.epochs=1,2"))

    assert len(plan("finetune.epochs=1,2,3").sweep.trials) == 3
    assert plan("finetune.epochs=1", overrides=("eval.bootstrap=7",)).sweep.trials
    with pytest.raises(LlasaError) as error:
        plan("finetune.epochs=1,2", overrides=("seed=8", "finetune.batch_size=4"))

    assert str(error.value) == (
        "this sweep was begun with other settings: seed was 7, is 8; finetune.batch_size was 8, is 4\n"
        "  where: runs/tiny/sweeps/epochs\n"
        "  fix:   put them back, or give this sweep a name of its own with `--name NAME`"
    )
    assert plan("finetune.epochs=1,2", overrides=("seed=8",), name="other").sweep.folder.name == "other"


def test_without_validation_people_nothing_can_be_ranked(folder: Path):
    shutil.copytree(TINY.parent / "tiny", folder / "tiny")
    shutil.copy(TINY, folder / "mine.yaml")
    manifest = folder / "tiny" / "data" / "manifest.json"
    values = json.loads(manifest.read_text())
    values["splits"]["train"] += values["splits"]["val"]
    values["splits"]["val"] = []
    manifest.write_text(json.dumps(values))

    with pytest.raises(LlasaError) as error:
        plan("finetune.epochs=1,2", recipe=folder / "mine.yaml")

    assert str(error.value) == (
        "the val split holds no window with a known activity: 0 people, 0 windows\n"
        f"  where: {folder}/tiny/data\n"
        "  fix:   prepare recordings of more people, with their activities, or name another split with `--split`"
    )


def test_jobs_and_slurm_exclude_each_other(capsys: pytest.CaptureFixture[str]):
    assert main(["sweep", str(TINY), "--grid", "seed=1,2", "--jobs", "2", "--slurm"]) == 2

    assert capsys.readouterr().err == (
        "error: `--jobs` is for this machine, and `--slurm` for a cluster's\n  fix:   leave one of them out\n"
    )
