from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from samples import foreign_qa

from llasa_core.data.importers.item import Exchange, ForeignItem
from llasa_core.data.importers.naming import dataset_of, subject_of
from llasa_core.data.importers.texts import lists_in, readings_in
from llasa_core.data.importers.truth import repeats, wrong_statistics
from llasa_core.data.importers.window_files import WindowFiles
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.data.importers.item import WindowName

WHERE = "say where they are with `--windows`: a folder of .npy files, or one array [window, time, channel]"


def item(*windows: WindowName, **more: Any) -> ForeignItem:
    return ForeignItem(Place("items.json", 3, 1), more.pop("id", "0_0"), windows, (Exchange("Why?", "So."),), **more)


def files(folder: Path, windows: Path | None = None) -> WindowFiles:
    return WindowFiles(folder / "items.json", windows, foreign_qa.WINDOW_LEN)


def error_of(found: WindowFiles, name: WindowName) -> str:
    with pytest.raises(DataError) as caught:
        found.window(name, item(name))
    return str(caught.value)


@pytest.mark.parametrize("name", ["images/phones/sensor_image_1.npy", "/hdd/x/images/phones/sensor_image_1.npy"])
def test_a_window_is_found_by_the_last_parts_of_its_path(tmp_path: Path, name: str):
    foreign_qa.write_windows(tmp_path, 2, divided_by=1.0)

    np.testing.assert_array_equal(files(tmp_path).window(name, item(name)), foreign_qa.window(1))


def test_windows_may_lie_elsewhere(tmp_path: Path):
    foreign_qa.write_windows(tmp_path / "there", 2, below=".", divided_by=1.0)
    found = files(tmp_path, tmp_path / "there")

    np.testing.assert_array_equal(found.window("x/y/sensor_image_1.npy", item()), foreign_qa.window(1))


def test_windows_may_be_rows_of_an_array(tmp_path: Path):
    every = np.stack([np.pad(foreign_qa.window(nth), ((0, 0), (0, 3))) for nth in range(3)])
    np.save(tmp_path / "data_20_120.npy", every)

    found = files(tmp_path, tmp_path / "data_20_120.npy").window(2, item(2))

    np.testing.assert_array_equal(found, foreign_qa.window(2))


def test_a_missing_window_is_named(tmp_path: Path):
    assert error_of(files(tmp_path), "images/9.npy") == (
        f'there is no window file "images/9.npy"\n  where: items.json:3:1\n  fix:   {WHERE}'
    )


def test_the_number_of_a_window_needs_an_array_that_holds_it(tmp_path: Path):
    np.save(tmp_path / "array.npy", np.zeros((2, 120, 6)))
    array = tmp_path / "array.npy"

    assert error_of(files(tmp_path), 4) == (
        f"the item names window 4, and no array of windows is known\n  where: items.json:3:1\n  fix:   {WHERE}"
    )
    assert error_of(files(tmp_path, array), 4) == (
        f"the item names window 4, and the array {array} holds 2\n"
        "  where: items.json:3:1\n"
        "  fix:   pass the array that the items were made from"
    )


def test_a_window_of_another_shape_is_refused(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.zeros((100, 6)))

    assert error_of(files(tmp_path), "a.npy") == (
        "the window has shape [100, 6], not [120, 6]\n"
        f"  where: {tmp_path / 'a.npy'}\n"
        "  fix:   a window is 6 s at 20 Hz: acc x y z, then gyr x y z"
    )


def test_a_number_that_is_none_is_shown(tmp_path: Path):
    window = np.zeros((120, 6))
    window[7, 4] = np.nan
    np.save(tmp_path / "a.npy", window)

    assert error_of(files(tmp_path), "a.npy") == (
        f"gyr_y is not a number in step 7\n  where: {tmp_path / 'a.npy'}\n  fix:   leave out the items about it"
    )


def test_a_file_that_would_run_code_is_not_opened(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.array([{"any": "thing"}], dtype=object), allow_pickle=True)

    assert error_of(files(tmp_path), "a.npy").startswith("not a whole array of numbers: ")


def test_texts_are_no_window(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.array(["a", "b"]))

    assert error_of(files(tmp_path), "a.npy") == (
        f"the file holds no array of numbers\n  where: {tmp_path / 'a.npy'}\n"
        "  fix:   save the windows with `numpy.save`"
    )


def test_an_array_of_another_shape_is_refused(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.zeros((5, 6)))

    with pytest.raises(DataError) as caught:
        files(tmp_path, tmp_path / "a.npy")
    assert str(caught.value) == (
        "the array has shape [5, 6], not [window, 120, 6 or more]\n"
        f"  where: {tmp_path / 'a.npy'}\n"
        "  fix:   a window is 6 s at 20 Hz: acc x y z, then gyr x y z"
    )


def test_windows_that_are_nowhere_are_refused(tmp_path: Path):
    with pytest.raises(DataError) as caught:
        files(tmp_path, tmp_path / "none")
    assert str(caught.value) == f"there are no windows here\n  where: {tmp_path / 'none'}\n  fix:   {WHERE}"


def test_readings_in_a_text_are_known_to_be_those_of_their_window():
    text = f"What is done?\n{foreign_qa.readings_text(foreign_qa.window(1))}"
    readings = readings_in(list(lists_in(text)))

    assert readings is not None
    assert readings.acc.shape == (60, 3)
    assert repeats(readings, foreign_qa.window(1))
    assert not repeats(readings, foreign_qa.window(5))


def test_readings_and_their_window_may_have_different_units():
    window = foreign_qa.window(1)
    readings = readings_in(list(lists_in(foreign_qa.readings_text(window))))
    window[:, :3] /= 9.8

    assert readings is not None
    assert repeats(readings, window)


@pytest.mark.parametrize("way", ["every second", "means of two"])
def test_readings_may_be_thinned_in_other_ways(way: str):
    window = foreign_qa.window(0)
    slower = window[::2] if way == "every second" else window.reshape(60, 2, 6).mean(axis=1)
    text = foreign_qa.readings_text(slower)
    readings = readings_in(list(lists_in(text)))

    assert readings is not None
    assert repeats(readings, window)


def test_a_statistic_across_the_axes_is_told_from_one_over_time():
    window = foreign_qa.window(0)
    across, over_time = np.var(window[50, :3]), np.var(window[:, 1])

    assert wrong_statistics(f"The variance reaches {across:.4f} m²/s⁴.", window) == [f"{across:.4f}"]
    assert wrong_statistics(f"The variance is {over_time:.4f} on the y axis.", window) == []
    assert wrong_statistics(f"The value of {across:.4f} is no statistic.", window) == []


@pytest.mark.parametrize(
    ("text", "is_per_instant"),
    [
        ("Variance of accelerometer: [[1.5, 2.5, 3.5]]", False),
        ("Median of gyroscope: [1, 2, 3, 4, 5, 6, 7, 8]", True),
        ("Moving average: [1, 2, 3, 4, 5, 6, 7, 8]", False),
        ("Gyroscope: [[1, 2, 3], [1, 2, 3], [1, 2, 3]]", False),
    ],
)
def test_a_list_is_a_statistic_for_each_instant_by_its_name_and_length(text: str, *, is_per_instant: bool):
    (found,) = lists_in(text)

    assert found.is_per_instant is is_per_instant


@pytest.mark.parametrize("text", ["What of [this]?", "Range: [1, [2]]", "List: [", 'Names: ["a"]', "Empty: []"])
def test_what_is_no_list_of_numbers_is_text(text: str):
    assert list(lists_in(text)) == []


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (item("/hdd/train_llasa/images/hhar/sensor_image_1.npy"), ("hhar", "hhar/unknown")),
        (item("images/sensor_image_1.npy"), ("questions", "questions/unknown")),
        (item("images/uci/user03/1.npy"), ("uci", "hapt/03")),
        (item("pamap2/subject101_hand_4.npy"), ("pamap2", "pamap2/101")),
        (item(3, id="walk-person_b-1"), ("questions", "questions/b")),
        (item("a/b.npy", dataset="My Set", subject="7"), ("my-set", "my-set/07")),
        (item("C:\\data\\shoaib\\1.npy"), ("shoaib", "shoaib/unknown")),
    ],
)
def test_names_tell_dataset_and_person(found: ForeignItem, names: tuple[str, str]):
    dataset = dataset_of(found, "questions")

    assert (dataset, subject_of(found, dataset)) == names
