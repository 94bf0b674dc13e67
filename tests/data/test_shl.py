from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.datasets_b import SHL_START_MS, shl_labels, shl_rows

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import find_recordings, read_recordings
from llasa_core.data.recording import Recording, Segment
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

TIMES_S = np.arange(1000) / 100


def write(folder: Path, labels: list[str], rows: list[str] | None = None, phone: str = "Hips") -> Path:
    day = folder / "User2" / "140617"
    day.mkdir(parents=True, exist_ok=True)
    (day / f"{phone}_Motion.txt").write_text("\n".join(rows or shl_rows(TIMES_S)) + "\n")
    (day / "Label.txt").write_text("\n".join(labels) + "\n")
    return day


def labels_of(*pairs: tuple[int, int]) -> list[str]:
    """Return equal stretches of (coarse, fine) over 10 s."""
    coarse, fine = np.repeat(np.array(pairs), len(TIMES_S) // len(pairs), axis=0).T
    return shl_labels(TIMES_S, coarse, fine)


def read(path: Path, options: ReadOptions | None = None) -> list[Recording]:
    return list(read_recordings(path, options or ReadOptions()))


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read(path)
    return str(caught.value)


def test_who_is_still_sits_or_stands_by_the_fine_label(tmp_path: Path):
    write(tmp_path, labels_of((1, 1), (1, 4), (2, 6), (3, 7), (4, 8)))

    (only,) = read(tmp_path)

    assert only.segments == (
        Segment(0, 200, "standing"),
        Segment(200, 400, "sitting"),
        Segment(400, 600, "walking"),
        Segment(600, 800, "jogging"),
        Segment(800, 1000, "biking"),
    )
    assert (only.subject, only.session, only.placement) == ("shl/2", "user2_140617_hips", "hips")
    assert only.since_1970_s == SHL_START_MS / 1000


def test_vehicles_are_counted_by_name_and_null_is_unknown(tmp_path: Path):
    write(tmp_path, labels_of((5, 9), (6, 12), (7, 16), (8, 17), (0, 0)))

    (only,) = read(tmp_path)

    assert only.segments == (Segment(800, 1000, None),)
    assert only.left_out == tuple(
        (f'label "{vehicle}" is none of the activities', 200) for vehicle in ("car", "bus", "train", "subway")
    )


def test_the_label_map_wins(tmp_path: Path):
    write(tmp_path, labels_of((5, 9), (1, 3)))

    (only,) = read(tmp_path, ReadOptions(label_map=(("car", "sitting"), ("still;sit;outside", "unknown"))))

    assert [segment.activity for segment in only.segments] == ["sitting", None]


def test_labels_are_matched_by_time(tmp_path: Path):
    early = shl_labels(TIMES_S - 4, [2] * 1000, [5] * 1000)
    write(tmp_path, early)

    (only,) = read(tmp_path)

    assert only.segments == (Segment(0, 600, "walking"), Segment(600, 1000, None))


def test_where_labels_are_missing_for_a_while_nothing_is_known(tmp_path: Path):
    labels = labels_of((2, 5))
    write(tmp_path, labels[:300] + labels[500:])

    (only,) = read(tmp_path)

    assert only.segments == (Segment(0, 300, "walking"), Segment(300, 500, None), Segment(500, 1000, "walking"))


@pytest.mark.parametrize(("pair", "label", "column"), [((9, 0), "9", 2), ((1, 5), "still 5", 3)])
def test_an_unknown_label_is_named_with_its_place(tmp_path: Path, pair: tuple[int, int], label: str, column: int):
    day = write(tmp_path, labels_of((2, 5), pair))

    assert refusal(tmp_path) == (
        f'unknown label "{label}"\n  where: {day / "Label.txt"}:501:{column}\n'
        f'  fix:   pass `--label-map "{label}=ACTIVITY"`, with one of walking, climbing stairs, descending stairs, '
        "sitting, standing, lying, jogging, biking, or unknown"
    )


def test_a_gap_splits_a_day(tmp_path: Path):
    rows = shl_rows(TIMES_S)
    write(tmp_path, labels_of((2, 5)), rows[:400] + rows[600:])

    first, second = read(tmp_path)

    assert (len(first.samples), len(second.samples)) == (400, 400)
    assert (second.session, second.start_s) == ("user2_140617_hips.2", 6.0)


def test_one_file_reads_with_the_labels_beside_it(tmp_path: Path):
    day = write(tmp_path, labels_of((2, 5)))
    write(tmp_path, labels_of((2, 5)), phone="Bag")

    assert [one.placement for one in read(day / "Hips_Motion.txt")] == ["hips"]


def test_missing_labels_are_named(tmp_path: Path):
    day = write(tmp_path, labels_of((2, 5)))
    (day / "Label.txt").unlink()

    assert refusal(tmp_path) == (
        f"Label.txt is missing beside Hips_Motion.txt\n  where: {day / 'Hips_Motion.txt'}\n"
        "  fix:   unpack the dataset again, with Label.txt in the folder of each day"
    )


def test_without_a_user_the_day_stands_for_the_person(tmp_path: Path):
    day = write(tmp_path, labels_of((2, 5)))
    day.rename(tmp_path / "140617")

    (only,) = read(tmp_path)

    assert (only.subject, only.session) == ("shl/140617", "140617_hips")


def test_a_file_of_the_name_with_other_columns_is_not_taken(tmp_path: Path):
    day = write(tmp_path, labels_of((2, 5)), ["1 2 3 4 5 6 7"] * 100)

    assert "shl" not in {one.format for one in find_recordings(day, ReadOptions()).unread}


def test_a_bad_cell_is_named_with_its_place(tmp_path: Path):
    rows = shl_rows(TIMES_S)
    rows[7] = rows[7].replace(" ", " oops ", 1).rpartition(" ")[0]
    day = write(tmp_path, labels_of((2, 5)), rows)

    assert refusal(tmp_path) == (
        f'acc_x is not a number: "oops"\n  where: {day / "Hips_Motion.txt"}:8:2\n'
        "  fix:   repair the row, or pass `--bad-rows drop`"
    )


def test_labels_without_a_row_are_refused(tmp_path: Path):
    day = write(tmp_path, [""])

    assert refusal(tmp_path) == (
        f"the file holds no label\n  where: {day / 'Label.txt'}\n  fix:   copy or download it again"
    )


def test_motion_without_a_time_is_refused(tmp_path: Path):
    day = write(tmp_path, labels_of((2, 5)), [" ".join(["NaN"] * 23)] * 5)

    assert refusal(tmp_path) == (
        f"no two rows with a time\n  where: {day / 'Hips_Motion.txt'}\n  fix:   copy or download it again"
    )
