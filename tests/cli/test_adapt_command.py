from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from llasa_cli.app import main
from llasa_core.model.head import HEAD_FILE
from llasa_core.model.shipped import shipped

EXAMPLES = Path(__file__).parents[2] / "examples"
LABELS = EXAMPLES / "mix-labels.csv"


def sofa_labels(folder: Path) -> Path:
    """Write the labels of mix.csv with a word of one's own for lying, without any other but walking."""
    with LABELS.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["activity"] in {"lying", "walking"}]
    lines = [f"{row['start']},{row['end']},{row['activity'].replace('lying', 'Sofa_Time')}" for row in rows]
    (folder / "mine.csv").write_text("\n".join(["start,end,activity", *lines]) + "\n")
    return folder / "mine.csv"


def adapt_to(folder: Path, labels: Path, *more: str) -> int:
    return main(
        ["adapt", "--labelled", str(EXAMPLES / "mix.csv"), "--labels", str(labels), "--out", str(folder), *more]
    )


def test_ones_own_word_is_learned_shown_and_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    out = tmp_path / "mine"
    assert adapt_to(out, sofa_labels(tmp_path), "--replace", "--json") == 0
    shown = capfd.readouterr()
    found = json.loads(shown.out)

    assert found["activities"] == ["sofa time", "walking"]
    assert found["checkpoint"] == {"shipped": "smol"}
    assert found["learned"]["sofa time"] == {
        "windows": 13,
        "stretches": 2,
        "recordings": 1,
        "people": None,
        "is_new": True,
    }
    assert found["held_out"]["unit"] == "stretch"
    assert "warning: what was tested is another stretch of the same recordings" in shown.err

    assert main(["timeline", str(EXAMPLES / "lying.csv"), "--model", str(out), "--json"]) == 0
    assert set(json.loads(capfd.readouterr().out)["totals_s"]) <= {"sofa time", "unknown"}  # of another person
    assert main(["inspect", str(out)]) == 0
    assert "mine: a light head that knows sofa time, walking" in capfd.readouterr().out
    assert main(["inspect", str(out), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["activities"] == ["sofa time", "walking"]


def test_files_may_follow_one_flag_and_folders_name_activities(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    for name, activity in [("lying", "sofa"), ("walking", "errands")]:
        (tmp_path / "data" / activity).mkdir(parents=True)
        shutil.copy(EXAMPLES / f"{name}.csv", tmp_path / "data" / activity)
    files = [str(tmp_path / "data" / name) for name in ("sofa", "errands")]

    assert main(["adapt", "--labelled", *files, "--label-from", "folder", "--out", str(tmp_path / "x"), "--json"]) == 0
    assert set(json.loads(capfd.readouterr().out)["learned"]) == {"sofa", "errands"}


def test_what_is_there_is_not_overwritten_unless_it_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    labels, out = sofa_labels(tmp_path), tmp_path / "mine"
    assert adapt_to(out, labels) == 0
    assert adapt_to(out, labels) == 2
    assert "there is an adapted folder here" in capfd.readouterr().err
    assert adapt_to(out, labels, "--fresh") == 0
    assert adapt_to(tmp_path, labels, "--fresh") == 2
    assert "there is something else here" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "there is nothing to learn from"),
        (["--labelled", str(EXAMPLES / "mix.csv"), "--stride", "0.1s"], "--stride is 0.1 s"),
        (["--labelled", str(EXAMPLES / "mix.csv")], "there is no labelled window of 6 s: 300 s without a label"),
    ],
)
def test_flags_that_cannot_be_followed_are_refused(
    flags: list[str], message: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    assert main(["adapt", *flags, "--out", str(tmp_path / "mine")]) == 2
    assert message in capfd.readouterr().err
    assert not (tmp_path / "mine").exists()


def test_a_slip_of_the_pen_is_no_new_activity(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    (tmp_path / "labels.csv").write_text("start,end,activity\n0,20,wakling\n")

    assert adapt_to(tmp_path / "mine", tmp_path / "labels.csv") == 2
    shown = capfd.readouterr().err
    assert 'unknown label "wakling"; did you mean "walking"?' in shown
    assert 'or `"wakling=wakling"` for an activity of its own' in shown
    assert adapt_to(tmp_path / "mine", tmp_path / "labels.csv", "--label-map", "wakling=wakling") == 0


def test_chat_says_what_its_lm_has_not_learned(
    tiny_checkpoint: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    smol = shipped("smol")
    assert smol is not None
    checkpoint = tmp_path / "checkpoint"
    shutil.copytree(tiny_checkpoint, checkpoint)
    shutil.copy(smol / HEAD_FILE, checkpoint)
    out = tmp_path / "mine"
    assert adapt_to(out, sofa_labels(tmp_path), "--model", str(checkpoint)) == 0
    capfd.readouterr()
    command = ["chat", "--sensor", str(EXAMPLES / "walking.csv"), "--model", str(out), "--max-new-tokens", "3"]

    assert main([*command, "--ask", "What is this?"]) == 0
    assert "the LM has not learned sofa time, walking from mine: it answers as the checkpoint" in capfd.readouterr().err
