from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.prepare import PrepareSettings, prepare
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.split import split_of
from llasa_core.errors import DataError
from llasa_core.inspect.data_folder import look_at_data
from llasa_core.inspect.looked import Paper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FIX = "remove one of them from the sources and run `llasa prepare-data` again: a score on these splits means nothing"
PEOPLE = [f"person{number}" for number in range(50)]
NAMES = {split: [name for name in PEOPLE if split_of(f"csv/{name}") == split] for split in ("train", "test")}
"""Recordings that the hash of their names puts into these splits."""
TWENTY_S = np.arange(400) / 20
"""At the windows' rate: a copy that begins later then holds the same numbers."""


@pytest.fixture
def data(hapt_folder: Path, tmp_path: Path) -> Path:
    """Return a data folder of two people: 12 windows, 1 in train and 3 in test."""
    prepare([hapt_folder], tmp_path / "data", PrepareSettings(), workers=1)
    return tmp_path / "data"


def change(folder: Path, key: str, value: object) -> None:
    """Change what the manifest says."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**manifest, key: value}), encoding="utf-8")


def prepared(tmp_path: Path, **reading: object) -> Path:
    """Prepare the folder `logs`."""
    settings = PrepareSettings(qa="none", reading=ReadOptions(**reading))
    prepare([tmp_path / "logs"], tmp_path / "data", settings, workers=1)
    return tmp_path / "data"


def test_counts_are_those_of_prepare_data(data: Path):
    shown = look_at_data(data).as_dict()

    assert shown["windows"] == 12
    assert shown["subjects"] == 2
    assert shown["activities"] == {
        "walking": {"train": 3, "val": 0, "test": 3},
        "sitting": {"train": 3, "val": 0, "test": 3},
    }
    assert shown["splits"]["test"] == {"subjects": 1, "recordings": 1, "windows": 6, "qa_items": 71}
    assert shown["qa_items"]["activity"] == 36
    assert sum(shown["qa_items"].values()) == 142
    assert shown["quality"] == {"stationary": 6}
    assert shown["datasets"] == {
        "hapt": {"subjects": 2, "recordings": 2, "windows": 12, "rates_hz": {"50": 2}, "placements": ["waist"]}
    }
    assert shown["left_out"][0] == {
        "reason": "transition between postures",
        "count": 100,
        "unit": "samples",
        "sources": 2,
        "seconds": 2.0,
    }
    assert shown["leaks"] == []
    assert shown["verified"] is False


def test_a_page_about_a_data_folder(data: Path):
    lines = look_at_data(data).as_text(Paper()).splitlines()

    assert lines[0] == "data: 12 windows of 2 subjects"
    assert lines[1] == "  windows    6 s at 20 Hz, one every 3 s"
    assert lines[2].startswith("  shards     1, ")
    assert lines[2].endswith("; `--verify` compares checksums")
    assert lines[3:15] == [
        "  QA items   36 activity, 36 fact, 24 caption, 12 reasoning, 12 unanswerable, 12 compare, 10 timeline",
        "  quality    6 stationary",
        "  leaks      none found",
        "",
        "  activity  train  val  test",
        "  walking       3    0     3",
        "  sitting       3    0     3",
        "",
        "  split  subjects  recordings  windows  QA items",
        "  train         1           1        6        71",
        "  val           0           0        0         0",
        "  test          1           1        6        71",
    ]
    assert lines[-2:] == ["warnings", "  no windows in val: too few subjects, or all of them drawn for other splits"]


def test_a_subject_in_two_splits_is_a_leak(data: Path):
    change(data, "splits", {"train": ["hapt/01"], "val": [], "test": ["hapt/01", "hapt/03"]})

    found = look_at_data(data)

    assert str(found.leaks[0]) == (
        f"1 subject is in train and in test: hapt/01\n  where: {data / 'manifest.json'}\n  fix:   {FIX}"
    )
    assert found.as_dict()["leaks"][0] == "1 subject is in train and in test: hapt/01"
    assert "  leaks      2 leaks, see below" in found.as_text(Paper()).splitlines()  # and its questions are astray


def test_questions_about_another_split_are_a_leak(data: Path):
    (data / "qa-val.json").write_bytes((data / "qa-test.json").read_bytes())

    (leak,) = look_at_data(data).leaks
    assert str(leak) == (
        "71 items ask about windows of another split than val\n"
        f"  where: {data / 'qa-val.json'}:2\n"
        "  fix:   run `llasa prepare-data` again with `--fresh`: a score on these splits means nothing"
    )


def test_a_recording_that_begins_later_in_another_split_is_a_leak(tmp_path: Path, write_table: Callable[..., Path]):
    train, test = NAMES["train"][0], NAMES["test"][0]
    write_table(tmp_path / "logs" / f"{train}.csv", TWENTY_S)
    write_table(tmp_path / "logs" / f"{test}.csv", TWENTY_S, begins_s=1.3)

    found = look_at_data(prepared(tmp_path))

    names = " and ".join(f"csv/{name}" for name in sorted((train, test)))
    assert [leak.message for leak in found.leaks] == [f"10 windows of train and test hold the same samples, in {names}"]


def test_a_recording_that_begins_later_in_the_same_split_is_a_warning(tmp_path: Path, write_table: Callable[..., Path]):
    one, other = sorted(NAMES["train"][:2])
    write_table(tmp_path / "logs" / f"{one}.csv", TWENTY_S)
    write_table(tmp_path / "logs" / f"{other}.csv", TWENTY_S, begins_s=1.3)

    found = look_at_data(prepared(tmp_path))

    assert found.leaks == []
    assert found.warnings[-1] == f"csv/{one} and csv/{other} hold the same samples: is it one recording given twice?"


def test_people_who_move_alike_are_no_leak(tmp_path: Path, write_table: Callable[..., Path]):
    for nth, split in enumerate(("train", "test")):
        write_table(tmp_path / "logs" / f"{NAMES[split][0]}.csv", TWENTY_S, begins_s=0.013 * nth)

    assert look_at_data(prepared(tmp_path)).leaks == []


def test_a_copy_in_the_manifest_is_a_leak(data: Path):
    sources = json.loads((data / "manifest.json").read_text())["sources"]
    change(data, "sources", [{**source, "sha256": "00"} for source in sources])

    assert [leak.message for leak in look_at_data(data).leaks] == [
        "1 recording stored more than once: hapt/exp01_user01 = hapt/exp02_user03"
    ]


def test_a_changed_shard_is_found_by_its_checksum(data: Path):
    shard = data / "windows-00000.h5"
    content = bytearray(shard.read_bytes())
    content[-1] ^= 1
    shard.write_bytes(content)

    assert look_at_data(data).windows == 12
    with pytest.raises(DataError) as caught:
        look_at_data(data, verify=True)
    assert str(caught.value) == (
        "the shard's bytes are not those that were written: its checksum differs from the manifest's\n"
        f"  where: {shard}\n"
        "  fix:   copy the folder again, or run `llasa prepare-data` again with `--fresh`"
    )


def test_right_checksums_are_said(data: Path):
    found = look_at_data(data, verify=True)

    assert found.as_dict()["verified"] is True
    assert found.as_text(Paper()).splitlines()[2].endswith("; checksums are right")


@pytest.mark.parametrize(
    ("line", "message", "column"),
    [
        ('{"kind": "activity"},', "the line holds no QA item", ""),
        ('{"kind": ', "the line is not JSON: expecting value", ":9"),
    ],
)
def test_a_damaged_question_is_named(line: str, message: str, column: str, data: Path):
    path = data / "qa-test.json"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:3], line, *lines[3:]]), encoding="utf-8")

    with pytest.raises(DataError) as caught:
        look_at_data(data)
    assert str(caught.value) == (
        f"{message}\n"
        f"  where: {path}:4{column}\n"
        "  fix:   repair the line, or run `llasa prepare-data` again with `--fresh`"
    )


def test_a_rare_activity_and_people_of_one_activity_are_warned_of(tmp_path: Path, write_table: Callable[..., Path]):
    long = np.arange(20 * 330) / 20
    write_table(tmp_path / "logs" / "a.csv", long, labels=["walking"] * len(long))
    write_table(tmp_path / "logs" / "b.csv", TWENTY_S[:120], begins_s=5.0, labels=["sitting"] * 120)

    warnings = look_at_data(prepared(tmp_path, label_column="label")).warnings

    assert warnings[0] == "sitting has 1 window of 110, less than 1 %"
    assert "2 subjects have one activity only, so person and activity cannot be told apart: csv/a, csv/b" in warnings


def test_windows_without_labels_are_warned_of(tmp_path: Path, write_table: Callable[..., Path]):
    write_table(tmp_path / "logs" / f"{NAMES['train'][0]}.csv", TWENTY_S)

    found = look_at_data(prepared(tmp_path))

    assert found.activities == {"unknown": {"train": 5, "val": 0, "test": 0}}
    assert "no window has a label: there is nothing to learn or to measure" in found.warnings


def test_flags_of_most_windows_are_warned_of(tmp_path: Path, write_table: Callable[..., Path]):
    write_table(tmp_path / "logs" / "a.csv", TWENTY_S, n_columns=3)

    found = look_at_data(prepared(tmp_path, allow_missing_gyro=True))

    assert found.warnings[-1] == "100 % of the windows are flagged as gyro missing"


def test_no_data_folder_is_an_error(tmp_path: Path):
    with pytest.raises(DataError) as caught:
        look_at_data(tmp_path)
    assert str(caught.value) == (
        "there is no data folder here\n"
        f"  where: {tmp_path}\n"
        f"  fix:   make it with `llasa prepare-data SOURCE --out {tmp_path}`"
    )
