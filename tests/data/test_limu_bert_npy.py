from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.data.windows import WindowConfig, windows_of
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

FIX = "check that these are LIMU-BERT's files and that `--format` names their dataset"


def write_pair(
    folder: Path, *, activities: list[int], users: list[int], scale: float = 9.8
) -> tuple[np.ndarray, np.ndarray]:
    """Write windows with the label columns of `uci` and `motion`: activity, user."""
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(0)
    data = random.normal(size=(len(users), 120, 6))
    data[:, :, 2] += scale
    labels = np.repeat(np.array([activities, users], float).T[:, None], 120, axis=1)
    np.save(folder / "data_20_120.npy", data)
    np.save(folder / "label_20_120.npy", labels)
    return data, labels


def refusal(path: Path, options: ReadOptions | None = None) -> str:
    with pytest.raises(DataError) as caught:
        list(read_recordings(path, options or ReadOptions()))
    return str(caught.value)


def test_windows_go_through_unchanged(tmp_path: Path):
    data, _ = write_pair(tmp_path / "uci", activities=[0, 5, 1], users=[2, 0, 2])

    first, second = read_recordings(tmp_path / "uci", ReadOptions())
    for config in (WindowConfig(), WindowConfig(stride_s=6, compat="limu-bert")):
        assert np.array_equal(windows_of(first, config).windows, data[[1]].astype(np.float32))
        assert np.array_equal(windows_of(second, config).windows, data[[0, 2]].astype(np.float32))

    assert (first.subject, first.placement) == ("hapt/01", "waist")
    assert second.subject == "hapt/03"  # a test person in HAPT's own files and here
    assert windows_of(second, WindowConfig()).activities == ("walking", "climbing stairs")


@pytest.mark.parametrize("name", ["data_20_120.npy", "label_20_120.npy"])
def test_either_file_stands_for_the_pair(tmp_path: Path, name: str):
    write_pair(tmp_path / "motion", activities=[5], users=[23])

    (found,) = read_recordings(tmp_path / "motion" / name, ReadOptions())

    assert (found.subject, found.segments[0].activity) == ("motionsense/24", "jogging")


def test_shoaib_is_read_by_person_and_placement(tmp_path: Path):
    data, labels = write_pair(tmp_path / "shoaib", activities=[3, 3, 6], users=[1, 1, 1])
    labels = np.concatenate(
        [labels[:, :, :1], np.array([0, 4, 0])[:, None, None] + 0 * labels[:, :, :1], labels[:, :, 1:]], 2
    )
    np.save(tmp_path / "shoaib" / "data_20_120.npy", np.concatenate([data, data[:, :, :3]], axis=2))  # magnetometer
    np.save(tmp_path / "shoaib" / "label_20_120.npy", labels)

    pocket, belt = read_recordings(tmp_path / "shoaib", ReadOptions())

    assert (pocket.subject, pocket.placement, len(pocket.segments)) == ("shoaib/10", "left pocket", 2)
    assert (belt.placement, belt.samples.shape) == ("belt", (120, 6))


def test_a_window_with_two_activities_is_left_out(tmp_path: Path):
    _, labels = write_pair(tmp_path / "uci", activities=[0, 0], users=[0, 0])
    labels[1, 60:, 0] = 3
    np.save(tmp_path / "uci" / "label_20_120.npy", labels)

    (found,) = read_recordings(tmp_path / "uci", ReadOptions())

    assert [(one.start, one.end) for one in found.segments] == [(0, 120)]
    assert found.left_out == (("activity changes within the window", 120),)


def test_an_unknown_folder_needs_the_name_of_the_set(tmp_path: Path):
    write_pair(tmp_path / "mine", activities=[0], users=[0])

    assert refusal(tmp_path / "mine") == (
        'the folder "mine" does not say which dataset the label numbers belong to\n'
        f"  where: {tmp_path / 'mine' / 'data_20_120.npy'}\n"
        "  fix:   pass `--format limu-bert-uci`, `-hhar`, `-motion` or `-shoaib`, or give the folder that name"
    )
    (found,) = read_recordings(tmp_path / "mine", ReadOptions(format="limu-bert-uci"))
    assert found.dataset == "hapt"


def test_missing_labels_are_named(tmp_path: Path):
    write_pair(tmp_path / "uci", activities=[0], users=[0])
    (tmp_path / "uci" / "label_20_120.npy").unlink()

    assert refusal(tmp_path / "uci") == (
        "label_20_120.npy is missing beside the data\n"
        f"  where: {tmp_path / 'uci' / 'data_20_120.npy'}\n"
        "  fix:   pass the folder that holds both files"
    )


def test_acceleration_in_g_is_refused(tmp_path: Path):
    write_pair(tmp_path / "uci", activities=[0] * 9, users=[0] * 9, scale=1.0)

    message, *rest = refusal(tmp_path / "uci").split(": the windows' means")

    assert message == "the acceleration is not in m/s² with gravity"
    assert rest[0].splitlines()[1:] == [f"  where: {tmp_path / 'uci' / 'data_20_120.npy'}", f"  fix:   {FIX}"]


@pytest.mark.parametrize(
    ("activity", "user", "message"),
    [(6, 0, "activity 6 in window 1 is none of 0 to 5"), (0, 30, "user 30 in window 1 is none of 0 to 29")],
)
def test_a_label_that_means_nothing_is_refused(tmp_path: Path, activity: int, user: int, message: str):
    write_pair(tmp_path / "uci", activities=[0, activity], users=[0, user])

    assert refusal(tmp_path / "uci") == f"{message}\n  where: {tmp_path / 'uci' / 'label_20_120.npy'}\n  fix:   {FIX}"


def test_a_number_that_is_none_is_named(tmp_path: Path):
    data, _ = write_pair(tmp_path / "uci", activities=[0, 0], users=[0, 0])
    data[1, 7, 4] = np.nan
    np.save(tmp_path / "uci" / "data_20_120.npy", data)

    assert refusal(tmp_path / "uci") == (
        f"gyr_y is not a number in window 1, step 7\n  where: {tmp_path / 'uci' / 'data_20_120.npy'}\n  fix:   {FIX}"
    )


@pytest.mark.parametrize("cut", [0, 60, 5000])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, cut: int):
    write_pair(tmp_path / "uci", activities=[0], users=[0])
    file = tmp_path / "uci" / "data_20_120.npy"
    file.write_bytes(file.read_bytes()[:cut])

    assert refusal(tmp_path / "uci").startswith("not a whole array of numbers: ")


def test_nothing_is_unpickled(tmp_path: Path):
    write_pair(tmp_path / "uci", activities=[0], users=[0])
    np.save(tmp_path / "uci" / "data_20_120.npy", np.array([{}], object), allow_pickle=True)

    assert refusal(tmp_path / "uci").startswith("not a whole array of numbers: Object arrays cannot be loaded")


def test_labels_of_another_number_of_windows_are_refused(tmp_path: Path):
    _, labels = write_pair(tmp_path / "uci", activities=[0, 0], users=[0, 0])
    np.save(tmp_path / "uci" / "label_20_120.npy", labels[:1])

    assert refusal(tmp_path / "uci") == (
        "the array has shape [1, 120, 2], the data need [2, 120, columns]\n"
        f"  where: {tmp_path / 'uci' / 'label_20_120.npy'}\n  fix:   {FIX}"
    )
