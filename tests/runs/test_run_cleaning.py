from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from llasa_cli.app import main
from llasa_core.errors import RunError, UsageError
from llasa_core.locks import only_one
from llasa_core.runs.clean import clean, plan_cleaning

if TYPE_CHECKING:
    from pathlib import Path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def refusal(what: str, runs: Path, *, states_only: bool = False) -> str:
    before = sorted(runs.parent.rglob("*"))
    with pytest.raises(UsageError) as raised:
        plan_cleaning([what], runs, states_only=states_only)
    assert sorted(runs.parent.rglob("*")) == before
    return str(raised.value)


def test_exactly_the_named_run_goes(runs: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["runs", "clean", "tiny/finetune", "--yes"]) == 0

    assert names(runs / "tiny") == ["pretrain"]
    assert capsys.readouterr().out.splitlines()[0].split() == ["removed", "tiny/finetune", "0.0", "MB"]


def test_a_shells_completed_path_means_the_same(runs: Path):
    assert main(["runs", "clean", "runs/tiny/finetune/", "--yes"]) == 0

    assert names(runs / "tiny") == ["pretrain"]


def test_the_name_of_a_recipe_means_all_its_runs(runs: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["runs", "clean", "tiny", "tiny/pretrain", "--yes", "--json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert shown["removed"] is True
    assert [(each["name"], each["remark"]) for each in shown["what"]] == [("tiny", "2 runs")]
    assert names(runs) == []


def test_states_alone_can_go(runs: Path):
    assert main(["runs", "clean", "tiny", "--states", "--yes"]) == 0

    assert names(runs / "tiny" / "finetune") == ["log.csv", "recipe.yaml", "run.json", "steps.json"]
    assert names(runs / "tiny" / "pretrain") == ["checkpoint", "log.csv", "recipe.yaml", "run.json", "steps.json"]


def test_a_run_without_states_has_none_to_remove(runs: Path, capsys: pytest.CaptureFixture[str]):
    assert runs.is_dir()

    assert main(["runs", "clean", "tiny/pretrain", "--states", "--yes"]) == 0

    assert capsys.readouterr().out == "there is nothing to remove\n"


def test_a_cache_entry_and_a_leftover_can_go(runs: Path, tmp_path: Path):
    left = "tiny/finetune/state/.step-000006.tmp"

    assert main(["runs", "clean", "cache:some-lm", left, "--yes"]) == 0

    assert names(tmp_path / "cache") == []
    assert names(runs / "tiny" / "finetune" / "state") == ["step-000004"]


def test_what_a_live_process_writes_is_no_leftover(runs: Path, tmp_path: Path, dead_pid: int):
    dead, alive = runs / "tiny" / f".x.{dead_pid}.tmp", runs / "tiny" / ".x.1.tmp"  # process 1 always lives
    dead.touch()
    alive.touch()
    (tmp_path / "cache" / f".lm.{dead_pid}.tmp").mkdir()

    assert refusal("tiny/.x.1.tmp", runs) == (
        "a process is still writing `tiny/.x.1.tmp`\n"
        f"  where: {alive}\n"
        "  fix:   wait until it is done, or stop it first"
    )
    clean(plan_cleaning([f"tiny/.x.{dead_pid}.tmp", f"cache:.lm.{dead_pid}.tmp"], runs), runs)
    assert names(runs / "tiny") == [".x.1.tmp", "finetune", "pretrain"]
    assert names(tmp_path / "cache") == ["some-lm"]


def test_a_dry_run_removes_nothing(runs: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["runs", "clean", "tiny", "--dry-run"]) == 0

    assert capsys.readouterr().out.splitlines()[0].split() == ["would", "remove", "tiny", "0.0", "MB", "2", "runs"]
    assert names(runs / "tiny") == ["finetune", "pretrain"]


def test_without_a_terminal_yes_has_to_be_said(runs: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["runs", "clean", "tiny/finetune"]) == 2

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[0].split() == ["would", "remove", "tiny/finetune", "0.0", "MB"]
    assert printed.err.splitlines()[2:] == [
        "error: nobody is here to be asked",
        "  where: llasa runs clean",
        "  fix:   pass `--yes` to remove this",
    ]
    assert names(runs / "tiny") == ["finetune", "pretrain"]


@pytest.mark.parametrize("what", ["tiny/finetune", "tiny"])
def test_a_run_that_is_worked_on_is_never_touched(what: str, runs: Path):
    with only_one(runs / "tiny" / "finetune" / "lock", doing="training"):
        error = refusal(what, runs)

    assert error == (
        f"`{what}` is in use: a process is working on {runs / 'tiny' / 'finetune'}\n"
        f"  where: {runs / 'tiny' / 'finetune' / 'lock'}\n"
        "  fix:   wait until it is done, or stop it first"
    )


def test_states_of_a_run_that_is_worked_on_stay(runs: Path):
    with only_one(runs / "tiny" / "finetune" / "lock", doing="training"):
        assert "`tiny` is in use" in refusal("tiny", runs, states_only=True)


def test_a_run_that_began_after_the_plan_is_not_touched_either(runs: Path):
    planned = plan_cleaning(["tiny/finetune"], runs)

    with (
        only_one(runs / "tiny" / "finetune" / "lock", doing="training"),
        pytest.raises(RunError, match="another process is working on"),
    ):
        clean(planned, runs)

    assert (runs / "tiny" / "finetune" / "state" / "step-000004").is_dir()


@pytest.mark.parametrize("what", [".", "..", "../cache", "tiny/../..", "/etc"])
def test_what_is_outside_is_refused(what: str, runs: Path):
    lines = refusal(what, runs).splitlines()

    assert lines[0] == f"`{what}` is not below the runs folder"
    assert lines[2] == "  fix:   name a run as `llasa runs` lists it, or pass `--runs` with the folder that it is in"


def test_a_link_that_leads_outside_is_refused(runs: Path, tmp_path: Path):
    (tmp_path / "thesis").mkdir()
    (runs / "thesis").symlink_to(tmp_path / "thesis")

    assert refusal("thesis", runs).splitlines()[0] == "`thesis` is not below the runs folder"


def test_what_is_no_run_is_refused(runs: Path):
    (runs / "notes").mkdir()

    assert refusal("notes", runs) == (
        "`notes` is no run and no folder of runs\n"
        f"  where: {runs / 'notes'}\n"
        "  fix:   `llasa runs` lists what can be removed; `--states` removes a run's states alone"
    )
    assert refusal("tiny/finetune/run.json", runs).splitlines()[0] == (
        "`tiny/finetune/run.json` is no run and no folder of runs"
    )


def test_a_name_that_means_nothing_is_refused_with_what_was_meant(runs: Path):
    assert refusal("tiny/finetun", runs) == (
        f"there is no `tiny/finetun` here\n  where: {runs}\n  fix:   did you mean `tiny/finetune`?"
    )
    assert refusal("cache:none", runs) == (
        "the cache has no `cache:none`\n  where: llasa runs clean\n  fix:   `llasa runs` lists what there is"
    )


def test_one_wrong_name_spares_the_others(runs: Path):
    assert main(["runs", "clean", "tiny/finetune", "nothing", "--yes"]) == 2

    assert names(runs / "tiny") == ["finetune", "pretrain"]
