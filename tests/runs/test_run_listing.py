from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from llasa_cli.app import main
from llasa_core.locks import is_held, only_one
from llasa_core.runs.listing import ago, list_all, span
from llasa_core.runs.size import megabytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.train.run import Run


def test_bare_runs_lists_runs_caches_and_leftovers(runs: Path, capsys: pytest.CaptureFixture[str]):
    assert runs.is_dir()

    assert main(["runs"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["run", "state", "loss", "accuracy", "time", "changed", "size"]
    assert lines[1].split()[:8] == ["tiny/finetune", "interrupted", "at", "step", "4", "of", "6", "8.5000"]
    assert lines[2].split()[:3] == ["tiny/pretrain", "done", "7.5000"]
    assert lines[3].startswith("2 runs in runs, ")
    assert ["cache:some-lm", "0.0", "MB"] in [line.split() for line in lines]
    assert lines[-2].split("  ")[0] == "tiny/finetune/state/.step-000006.tmp"
    assert lines[-2].endswith("0.0 MB  maybe the only copy: nothing is in its place")
    assert lines[-1] == "`llasa runs clean tiny/finetune/state/.step-000006.tmp` removes the first"


def test_the_list_as_json_holds_numbers(runs: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["runs", "list", "--runs", str(runs), "--json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    finetune, pretrain = shown["runs"]
    assert (finetune["name"], finetune["state"], finetune["step"], finetune["n_steps"]) == (
        *("tiny/finetune", "interrupted"),
        *(4, 6),
    )
    assert (finetune["loss"], finetune["seconds"], finetune["accuracy"]) == (8.5, 2.0, None)
    assert finetune["bytes"] == sum(
        file.stat().st_size for file in (runs / "tiny/finetune").rglob("*") if file.is_file()
    )
    assert (pretrain["state"], pretrain["step"]) == ("done", 6)
    assert [(each["name"], each["bytes"]) for each in shown["caches"]] == [("cache:some-lm", 2000)]
    assert "smol" in [each["name"] for each in shown["checkpoints"]]
    assert [each["bytes"] for each in shown["leftovers"]] == [500]


def test_flags_may_stand_before_the_command(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    elsewhere = tmp_path / "elsewhere"
    runs.rename(elsewhere)

    assert main(["runs", "--runs", str(elsewhere), "--json", "list"]) == 0

    assert len(json.loads(capsys.readouterr().out)["runs"]) == 2


def test_a_run_whose_lock_is_held_is_running(runs: Path):
    with only_one(runs / "tiny" / "finetune" / "lock", doing="training"):
        listing = list_all(runs)

    assert listing.runs[0].state_words == "running at step 4 of 6"
    assert listing.leftovers == []  # it may be about to become a state


def test_a_lock_file_that_nobody_holds_is_no_lock(tmp_path: Path):
    (tmp_path / "lock").touch()

    assert not is_held(tmp_path / "lock")
    assert not is_held(tmp_path / "none")
    assert (tmp_path / "lock").exists()


def test_a_run_that_only_began_is_empty(runs: Path, make_run: Callable[..., Run]):
    make_run(runs / "new" / "pretrain")

    assert list_all(runs).runs[0].state_words == "empty"


def test_the_accuracy_is_that_of_the_checkpoint_as_it_is_now(runs: Path):
    report = runs / "tiny" / "eval" / "report.json"
    report.parent.mkdir()
    said = {"split": "test", "closed_set": {"accuracy": 0.9, "macro_f1": 0.8}}
    report.write_text(json.dumps({**said, "checkpoint": "runs/tiny/pretrain/checkpoint"}))

    finetune, pretrain = list_all(runs).runs
    assert (finetune.accuracy, pretrain.accuracy, pretrain.macro_f1, pretrain.split) == (None, 0.9, 0.8, "test")

    os.utime(report, (0, 0))  # the checkpoint is newer
    assert list_all(runs).runs[1].accuracy is None


def test_a_sweeps_trial_shows_what_was_measured_on_validation_people(runs: Path, make_run: Callable[..., Run]):
    trial = runs / "tiny" / "sweeps" / "rank" / "rank=4"
    make_run(trial / "finetune", steps=6, done=True)
    (trial / "trial.json").write_text(json.dumps({"accuracy": 0.7, "macro_f1": 0.6}))

    (found,) = (run for run in list_all(runs).runs if run.name == "tiny/sweeps/rank/rank=4/finetune")

    assert (found.accuracy, found.split) == (0.7, "val")


def test_a_log_that_cannot_be_read_hides_no_run(runs: Path):
    (runs / "tiny" / "pretrain" / "log.csv").write_text("step,loss\n1,2\n")

    run = list_all(runs).runs[1]

    assert (run.name, run.state, run.loss) == ("tiny/pretrain", "done", None)


def test_no_runs_is_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["runs", "--runs", str(tmp_path / "none")]) == 0

    assert capsys.readouterr().out.splitlines()[0] == (
        f"no runs in {tmp_path / 'none'}; `llasa pretrain recipes/tiny.yaml` makes one in seconds"
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "just now"), (125, "2 min ago"), (7300, "2 h ago"), (86400, "1 day ago"), (200000, "2 days ago")],
)
def test_an_age_is_written_as_people_say_it(seconds: float, words: str):
    assert ago(seconds) == words


def test_times_and_sizes_are_written_short():
    assert [span(each) for each in (0.25, 8, 200, 9000)] == ["0.2 s", "8 s", "3 min", "2.5 h"]
    assert [megabytes(each) for each in (300_000, 274 * 10**6, 13_500_000_000)] == ["0.3 MB", "274 MB", "13.5 GB"]
