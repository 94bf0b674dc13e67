from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from samples.tables import save, walk_rows

from llasa_cli.app import main
from llasa_cli.reading import read_options
from llasa_core.data.read_options import LabelFile, ReadOptions
from llasa_core.data.store import WindowStore
from llasa_core.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def test_every_flag_reaches_the_readers(tmp_path: Path):
    labels = tmp_path / "labels.csv"
    labels.write_text("start,end,activity\n0,9,walking\n", encoding="utf-8")
    options = read_options(
        "inspect",
        file_format="csv",
        rate=50,
        columns="t, ax,ay ,az",
        acc_unit="mg",
        gyr_unit="deg/s",
        label_column="label",
        subject_column="who",
        label_from="folder",
        subject_from="folder",
        labels=labels,
        label_map=["wlk=walking", "1 = sitting"],
        bad_rows="drop",
        allow_missing="gyro",
        keep_frame=True,
        describe_only=True,
    )

    assert options == ReadOptions(
        format="csv",
        sampling_rate_hz=50,
        columns=("t", "ax", "ay", "az"),
        acc_unit="mg",
        gyr_unit="deg/s",
        label_column="label",
        subject_column="who",
        label_from="folder",
        subject_from="folder",
        labels=LabelFile.of(labels),
        label_map=(("wlk", "walking"), ("1", "sitting")),
        bad_rows="drop",
        allow_missing_gyro=True,
        keep_frame=True,
        describe_only=True,
    )
    assert read_options("inspect") == ReadOptions()


@pytest.mark.parametrize("command", ["prepare-data", "chat", "inspect"])
def test_a_wrong_flag_is_named_with_the_command(command: str):
    with pytest.raises(UsageError) as caught:
        read_options(command, rate=-5)
    assert str(caught.value) == (
        f"--rate: it should be greater than 0\n  fix:   `llasa {command} --help` says what it takes"
    )


def test_labels_and_people_come_from_beside_the_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    save(tmp_path / "in" / "Ada" / "walk.csv", walk_rows())
    labels = tmp_path / "labels.csv"
    labels.write_text("start;end;what;file\n0;9;wlk;Ada/walk.csv\n", encoding="utf-8")
    command = ["prepare-data", str(tmp_path / "in"), "--out", str(tmp_path / "data"), "--qa", "none"]

    assert main([*command, "--labels", str(labels), "--subject-from", "folder"]) == 2
    assert capsys.readouterr().err.startswith("error: the file of labels has no column activity: its first line is ")
    labels.write_text("start;end;label;file\n0;9;wlk;Ada/walk.csv\n", encoding="utf-8")
    flags = ["--labels", str(labels), "--subject-from", "folder", "--label-map", "wlk=walking"]
    assert main([*command, *flags]) == 0
    store = WindowStore(tmp_path / "data")
    assert store.manifest["subjects"] == ["csv/Ada"]
    assert store.manifest["sources"][0]["activities"] == {"walking": 2}
    assert store.manifest["settings"]["reading"]["labels"] == f"labels.csv (sha256 {LabelFile.of(labels).sha256})"
