from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
import pytest

from llasa_core.data.prepare import PrepareSettings, prepare
from llasa_core.errors import UsageError
from llasa_core.inspect.looked import Paper
from llasa_core.inspect.window import look_at_window

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def data(hapt_folder: Path, tmp_path: Path) -> Path:
    """Return a data folder of 12 windows in 3 shards."""
    settings = PrepareSettings(qa="none", shard_mb=4 * 120 * 6 * 4 / 1e6)
    prepare([hapt_folder], tmp_path / "data", settings, workers=1)
    return tmp_path / "data"


def test_a_window_is_found_by_its_number_and_by_its_place(data: Path):
    by_number, by_place = look_at_window(data, "5"), look_at_window(data, "windows-00001.h5:1")

    assert by_number.as_dict() == by_place.as_dict()
    assert {key: value for key, value in by_place.as_dict().items() if key != "channels"} == {
        "file": "windows-00001.h5",
        "row": 1,
        "number": 5,
        "activity": "sitting",
        "subject": "hapt/01",
        "split": "train",
        "placement": "waist",
        "source": "hapt/exp01_user01",
        "source_file": "RawData/acc_exp01_user01.txt",
        "start_s": 21.0,
        "sampling_rate_hz": 20.0,
        "quality": ["stationary"],
    }


def test_numbers_are_those_of_the_stored_samples(data: Path):
    with h5py.File(data / "windows-00000.h5") as shard:
        acc_x = shard["samples"][2, :, 0]

    channel = look_at_window(data, "2").as_dict()["channels"]["acc_x"]

    assert channel == {
        "unit": "m/s^2",
        "mean": pytest.approx(acc_x.mean(), abs=1e-5),
        "std": pytest.approx(acc_x.std(), abs=1e-5),
        "min": pytest.approx(acc_x.min(), abs=1e-5),
        "max": pytest.approx(acc_x.max(), abs=1e-5),
    }


def test_a_page_about_a_window(data: Path):
    lines = look_at_window(data, "5").as_text(Paper(width=80, is_ascii=True)).splitlines()

    assert lines[:7] == [
        "windows-00001.h5:1: sitting, hapt/01",
        "  number     5 of the data folder, in train",
        "  source     hapt/exp01_user01 (RawData/acc_exp01_user01.txt), placement waist",
        "  time       21.00-27.00 s at 20 Hz",
        "  quality    stationary",
        "",
        "  channel  unit     mean    std     min    max  over time",
    ]
    assert [line.split()[:2] for line in lines[7:]] == [
        ["acc_x", "m/s^2"],
        ["acc_y", "m/s^2"],
        ["acc_z", "m/s^2"],
        ["gyr_x", "rad/s"],
        ["gyr_y", "rad/s"],
        ["gyr_z", "rad/s"],
    ]
    assert lines[7].endswith("  " + "#" * 24)  # gravity: the highest of the three


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (
            "12",
            (
                "the data folder holds 12 windows, there is none at 12\n"
                "  where: {data}\n"
                "  fix:   pass a number from 0 to 11"
            ),
        ),
        (
            "windows-00002.h5:4",
            "windows-00002.h5 holds 4 windows, there is none at 4\n  where: {data}\n  fix:   pass a number from 0 to 3",
        ),
        (
            "windows-00003.h5:0",
            (
                "the data folder has no shard windows-00003.h5\n"
                "  where: {data}\n"
                "  fix:   its shards are windows-00000.h5 to windows-00002.h5"
            ),
        ),
        (
            "6s",
            '--window names no window: "6s"\n  fix:   write it like `--window 12` or `--window windows-00000.h5:12`',
        ),
        (
            "-1",
            '--window names no window: "-1"\n  fix:   write it like `--window 12` or `--window windows-00000.h5:12`',
        ),
    ],
)
def test_a_window_that_is_not_there_is_an_error(wanted: str, message: str, data: Path):
    with pytest.raises(UsageError) as caught:
        look_at_window(data, wanted)
    assert str(caught.value) == message.format(data=data)
