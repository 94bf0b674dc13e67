"""Whole sweeps over the tiny recipe."""

from __future__ import annotations

import json
import shutil
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from llasa_cli.app import main
from llasa_core.errors import InterruptedRun
from llasa_core.sweep.here import run_here
from llasa_core.sweep.plan import plan_sweep
from llasa_core.train.log import read_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from llasa_core.recipe import StageName
    from llasa_core.sweep.units import Unit
    from llasa_core.train.loop import Progress

TINY = Path(__file__).parents[2] / "recipes" / "tiny.yaml"
GRID = ("finetune.learning_rate=2e-3,1e-2", "finetune.adapter.rank=2,4")
FOLDER = Path("runs/tiny/sweeps/learning_rate,rank")


def sweep(*flags: str, grid: tuple[str, ...] = GRID) -> int:
    return main(["sweep", str(TINY), *(word for axis in grid for word in ("--grid", axis)), *flags])


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a 2×2 sweep is done."""
    folder = tmp_path_factory.mktemp("swept")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert sweep() == 0
    return folder


@pytest.fixture
def again(swept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, as the current folder."""
    shutil.copytree(swept, tmp_path / "again", symlinks=True)
    monkeypatch.chdir(tmp_path / "again")
    return tmp_path / "again"


def weights_of(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*.safetensors"))}


def test_a_sweep_trains_each_combination_and_what_they_share_once(swept: Path):
    folder = swept / FOLDER
    trials = json.loads((folder / "sweep.json").read_text())["trials"]

    assert [trial["state"] for trial in trials] == ["done"] * 4
    assert {tuple(trial["settings"].values()) for trial in trials} == {
        ("0.002", "2"),
        ("0.002", "4"),
        ("0.01", "2"),
        ("0.01", "4"),
    }
    assert len({trial["loss"] for trial in trials}) == 4
    assert {trial["windows"] for trial in trials} == {4}  # the validation split's; the test split has 8
    assert {str((folder / trial["name"] / "pretrain").readlink()) for trial in trials} == {"../pretrain/pretrain"}
    assert (folder / "sweep.png").read_bytes().startswith(b"\x89PNG")


def test_a_trial_is_what_the_normal_commands_make(again: Path):
    name = "finetune.learning_rate=0.01,finetune.adapter.rank=2"
    changes = ["--set", "finetune.learning_rate=0.01", "--set", "finetune.adapter.rank=2", "--runs", "alone"]

    assert main(["pretrain", str(TINY), *changes]) == 0
    assert main(["finetune", str(TINY), *changes]) == 0

    assert weights_of(again / FOLDER / name / "finetune") == weights_of(again / "alone" / "tiny" / "finetune")


def test_a_sweep_that_is_done_trains_nothing_again_and_ranks_by_the_metric(
    again: Path, capsys: pytest.CaptureFixture[str]
):
    kept = again / FOLDER / "finetune.learning_rate=0.002,finetune.adapter.rank=4" / "trial.json"
    kept.write_text(json.dumps({**json.loads(kept.read_text()), "macro_f1": 0.75, "macro_f1_ci": [0.5, 1.0]}))

    assert sweep("--metric", "macro_f1") == 0
    shown = capsys.readouterr()
    assert sweep("--metric", "macro_f1", "--json") == 0
    found = json.loads(capsys.readouterr().out)

    lines = shown.out.splitlines()
    assert lines[0] == f"4 trials of {TINY}: 4 done"
    assert lines[2].split() == ["rank", "learning_rate", "rank", "macro-F1", "95", "%", "interval", "loss", "minutes"]
    assert lines[3].split()[:7] == ["1", "0.002", "4", "0.750", "0.500", "–", "1.000"]
    assert lines[8] == "ranked by macro-F1 on the validation split: 4 windows of 1 person; no test person was looked at"
    recipe = FOLDER / "recipes" / f"{kept.parent.name}.yaml"
    assert lines[-2] == f"measure the best on test people, once: `llasa eval {recipe} --runs {FOLDER}`"
    assert "step" not in shown.err.replace("steps", "")
    assert found["best"] == kept.parent.name
    assert [trial["rank"] for trial in found["trials"]] == [1, 2, 3, 4]


def test_the_best_trial_can_be_measured_on_test_people(again: Path, capsys: pytest.CaptureFixture[str]):
    found = json.loads((again / FOLDER / "sweep.json").read_text())

    assert main(["eval", found["best_recipe"], "--runs", found["sweep"], "--json"]) == 0

    assert json.loads(capsys.readouterr().out)["split"] == "test"


@pytest.mark.usefixtures("again")
def test_a_failing_trial_is_reported_and_the_others_go_on(capsys: pytest.CaptureFixture[str]):
    assert sweep("--json", grid=("finetune.learning_rate=1e30,2e-3,1e-2", "finetune.adapter.rank=2,4")) == 1

    shown = capsys.readouterr()
    trials = json.loads(shown.out)["trials"]
    assert [trial["state"] for trial in trials] == ["done"] * 4 + ["failed"] * 2
    assert trials[-1]["error"]["error"].startswith("the loss of step ")
    assert json.loads(shown.err.splitlines()[-1]) == {
        "error": "2 of 6 trials failed",
        "where": str(FOLDER),
        "fix": "mend what they say; the same command tries them again and keeps the others",
    }


def test_a_sweep_that_was_stopped_goes_on_to_the_same_weights(
    swept: Path, again: Path, capsys: pytest.CaptureFixture[str]
):
    planned = plan_sweep(TINY, [], GRID, Path("runs"))
    second, third = planned.sweep.trials[1:3]
    for trial in (second, third):
        shutil.rmtree(again / FOLDER / trial.name)

    @contextmanager
    def stops_in_the_second(unit: Unit) -> Iterator[Callable[[StageName, Progress], None]]:
        def tell(_stage: StageName, progress: Progress) -> None:
            if unit == second and progress.step == 3:
                signal.raise_signal(signal.SIGINT)

        yield tell

    with pytest.raises(InterruptedRun):
        run_here(planned.sweep, None, progress=stops_in_the_second, say=lambda _text: None)
    steps_before = len(read_log(planned.sweep.run(second).folder))
    third_begun = (again / FOLDER / third.name).exists()

    assert sweep() == 0

    assert steps_before == 4
    assert not third_begun
    assert weights_of(again / FOLDER) == weights_of(swept / FOLDER)
    assert " 4 done\n" in capsys.readouterr().out


def test_trials_can_be_trained_at_once(swept: Path, again: Path, capsys: pytest.CaptureFixture[str]):
    for name in (
        "finetune.learning_rate=0.002,finetune.adapter.rank=2",
        "finetune.learning_rate=0.01,finetune.adapter.rank=4",
    ):
        shutil.rmtree(again / FOLDER / name)

    assert sweep("--jobs", "2") == 0

    assert weights_of(again / FOLDER) == weights_of(swept / FOLDER)
    assert "finetune.learning_rate=0.002,finetune.adapter.rank=2 is done\n" in capsys.readouterr().err


def test_the_recipes_own_pretrain_run_serves_where_it_was_begun_alike(again: Path, capsys: pytest.CaptureFixture[str]):
    own: dict[str, Any] = {}
    for stage in ("encoder", "pretrain"):
        shutil.copytree(again / FOLDER / stage / stage, again / "own" / "tiny" / stage)
        own[stage] = again / "own" / "tiny" / stage

    assert sweep("--runs", "own", grid=("finetune.max_steps=1",)) == 0
    assert sweep("--runs", "own", "--name", "x", "--set", "seed=9", grid=("finetune.max_steps=1",)) == 0

    sweeps = again / "own" / "tiny" / "sweeps"
    assert (sweeps / "max_steps" / "pretrain" / "pretrain").resolve() == own["pretrain"]
    assert not (sweeps / "x" / "pretrain" / "pretrain").is_symlink()
    assert capsys.readouterr().err.count("pretrain: step 4 of 4") == 1
