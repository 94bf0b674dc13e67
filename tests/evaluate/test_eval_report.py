from __future__ import annotations

import csv
import errno
import json
from typing import TYPE_CHECKING

import matplotlib.image
import numpy as np
import pytest

from llasa_core.errors import RunError
from llasa_core.eval_settings import EvalConfig
from llasa_core.evaluate import report as report_module
from llasa_core.evaluate.eval_set import choose_windows
from llasa_core.evaluate.evaluation import ClosedSet, measure
from llasa_core.evaluate.metrics import class_scores, confusion_of
from llasa_core.evaluate.report import EvalReport, write_report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.data.store import WindowStore

CONFIG = EvalConfig(bootstrap=200)


def make_report(store: WindowStore, folder: Path) -> EvalReport:
    """Report on answers that take every fourth window for walking."""
    eval_set = choose_windows(store, CONFIG, seed=7)
    n = len(eval_set)
    prediction = np.where(np.arange(n) % 4 == 0, 0, eval_set.truth)
    forest = eval_set.truth
    confusion = confusion_of(eval_set.truth, prediction, 3)
    found = ClosedSet(
        eval_set=eval_set,
        probabilities=np.full((n, 3), 0.2) + 0.4 * np.eye(3)[prediction],
        baseline_predictions={"random_forest": forest},
        ours=measure(eval_set, prediction, CONFIG.bootstrap, seed=7),
        baselines={"random_forest": measure(eval_set, forest, CONFIG.bootstrap, seed=7)},
        ece=0.25,
        per_class=class_scores(confusion, eval_set.classes),
        confusion=confusion,
        train_windows=48,
        train_subjects=4,
        notes=("a note",),
    )
    return EvalReport("mine", folder / "checkpoint", store.folder, folder / "eval", CONFIG, 7, found)


def test_the_table_reads_like_a_page(make_data: Callable[..., WindowStore], tmp_path: Path):
    report = make_report(make_data(), tmp_path)

    assert str(report).splitlines() == [
        f"mine on the test split of {tmp_path / 'data'}",
        "36 windows of 3 people in 3 recordings; seed 7",
        "",
        "               accuracy  95 % interval  macro-F1  95 % interval",
        "mine              0.833  0.341 – 0.972     0.838  0.344 – 0.974",
        "random forest     1.000  0.231 – 1.000     1.000  0.231 – 1.000",
        "",
        "activity  windows  precision  recall     F1",
        "walking        12      0.667   1.000  0.800",
        "sitting        12      1.000   0.750  0.857",
        "lying          12      1.000   0.750  0.857",
        "",
        "calibration error (ECE, 15 bins): 0.250",
        "a note",
        f"files: {tmp_path / 'eval'}: report.json, predictions.csv, confusion.png",
    ]


def test_json_and_the_report_file_hold_the_same(make_data: Callable[..., WindowStore], tmp_path: Path):
    store = make_data()
    report = make_report(store, tmp_path)

    write_report(report, store)

    values = json.loads((tmp_path / "eval" / "report.json").read_text(encoding="utf-8"))
    assert values == report.as_dict()
    closed_set = values["closed_set"]
    assert closed_set["accuracy"] == pytest.approx(30 / 36)
    assert closed_set["accuracy_ci"][0] < 30 / 36 < closed_set["accuracy_ci"][1]
    assert (closed_set["windows"], closed_set["subjects"], closed_set["recordings"]) == (36, 3, 3)
    assert closed_set["baselines"]["random_forest"]["accuracy"] == 1.0
    assert closed_set["per_class"]["sitting"]["recall"] == 0.75
    assert closed_set["confusion"] == {
        "classes": ["walking", "sitting", "lying"],
        "windows": [[12, 0, 0], [3, 9, 0], [3, 0, 9]],
    }


def test_the_numbers_can_be_recomputed_from_the_predictions(make_data: Callable[..., WindowStore], tmp_path: Path):
    store = make_data()
    report = make_report(store, tmp_path)

    write_report(report, store)

    with (tmp_path / "eval" / "predictions.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[4] == {
        "file": "windows-00000.h5",
        "row": str(report.closed_set.eval_set.rows[4]),
        "subject": "made/06",
        "recording": "made/06-walk",
        "truth": "sitting",
        "prediction": "walking",
        "p(walking)": "0.6",
        "p(sitting)": "0.2",
        "p(lying)": "0.2",
        "random_forest": "sitting",
    }
    assert np.mean([row["truth"] == row["prediction"] for row in rows]) == report.closed_set.ours.accuracy


def test_the_same_report_gives_the_same_bytes(make_data: Callable[..., WindowStore], tmp_path: Path):
    store = make_data()
    report = make_report(store, tmp_path)

    write_report(report, store)
    first = {path.name: path.read_bytes() for path in report.folder.iterdir()}
    write_report(report, store)

    assert {path.name: path.read_bytes() for path in report.folder.iterdir()} == first
    assert first.keys() == {"report.json", "predictions.csv", "confusion.png"}


def test_the_picture_brings_its_own_paper(make_data: Callable[..., WindowStore], tmp_path: Path):
    store = make_data()
    write_report(make_report(store, tmp_path), store)

    picture = matplotlib.image.imread(tmp_path / "eval" / "confusion.png")  # [height, width, RGBA], 0 to 1

    assert picture[..., 3].min() == 1.0  # no page shines through, be it light or dark
    assert picture[0, 0, :3].tolist() == [1.0, 1.0, 1.0]
    assert picture[..., :3].min() < 0.2  # ink


def test_a_full_disk_leaves_the_files_that_were_there(
    make_data: Callable[..., WindowStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    store = make_data()
    report = make_report(store, tmp_path)
    write_report(report, store)
    before = {path.name: path.stat().st_mtime_ns for path in report.folder.iterdir()}

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(report_module, "draw_confusion", full)
    with pytest.raises(RunError, match="the disk is full"):
        write_report(report, store)

    assert {path.name: path.stat().st_mtime_ns for path in report.folder.iterdir()} == before
