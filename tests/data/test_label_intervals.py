from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.sample import motion
from samples.tables import HEADER, cells_of, read, refusal, save, walk_rows

from llasa_core.data.label_file import read_label_file
from llasa_core.data.label_intervals import Interval, labelled
from llasa_core.data.prepare import PrepareSettings, prepare
from llasa_core.data.read_options import LabelFile, ReadOptions
from llasa_core.data.recording import Segment
from llasa_core.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.data.recording import Recording

EXAMPLE = "write columns start, end and activity, such as `start,end,activity` over `12.5,60,walking`"
WAYS = "write seconds of the recording, such as 12.5, or date and time, such as 2024-05-29 19:07:17"
YEAR_FIRST = "write the year first, as in 2024-05-29, and the month before the day"


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    """Return a table of 20 s at 50 Hz in a folder of its own."""
    return save(tmp_path / "in" / "walk.csv", walk_rows())


@pytest.fixture
def labels_of(tmp_path: Path) -> Callable[[str], LabelFile]:
    """Return a maker of label files."""

    def make(text: str | bytes) -> LabelFile:
        path = tmp_path / "labels.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return LabelFile.of(path)

    return make


def segments(recording: Recording) -> list[tuple[int, int, str | None]]:
    return [(segment.start, segment.end, segment.activity) for segment in recording.segments]


def intervals_of(labels: LabelFile, label_map: tuple[tuple[str, str], ...] = ()) -> list[Interval]:
    return [row.interval for row in read_label_file(labels.path, label_map)]


def bad_file(labels: LabelFile) -> str:
    with pytest.raises(DataError) as caught:
        read_label_file(labels.path, ())
    return str(caught.value).replace(str(labels.path), "labels.csv")


def bad_labels(path: Path, labels: LabelFile) -> str:
    return refusal(path, labels=labels).replace(f"{labels.path.parent}/", "")


def test_intervals_become_segments_and_the_rest_is_unknown(walk: Path, labels_of: Callable[[str], LabelFile]):
    labels = labels_of("start,end,activity\n2,6.5,walking\n6.5,10,Sit\n12,14,unknown\n")
    (recording,) = read(walk, labels=labels)

    assert segments(recording) == [
        (0, 100, None), (100, 325, "walking"), (325, 500, "sitting"), (500, 1000, None),
    ]  # fmt: skip
    assert recording.notes[-1] == "labels from labels.csv: 3 of its 3 rows are about this recording"


@pytest.mark.parametrize(
    "text",
    [
        "start,end,activity\n1,2.5,walking\n",
        "Begin;Stop;Label\n1;2,5;wlk\n",
        "label\tfrom\tto\tcomment\nwalk\t1\t2.5\tslow\n",
        "start (ms),end (ms),activity\n1000,2500,walking\n",
        "start_s,end_s,activity\n\n1e0,2.5,walking\n",
        "1.000000\t2.500000\twalking\n",
        "\ufeffstart,end,activity\r\n1,2.5,walking\r\n",
    ],
)
def test_label_files_are_read_in_the_ways_that_people_write_them(text: str, labels_of: Callable[[str], LabelFile]):
    assert intervals_of(labels_of(text), (("wlk", "walking"),)) == [Interval(1, 2.5, "walking")]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("1700000000", "1700000001.5"),
        ("1700000000000", "1700000001500"),
        ("1700000000000000000", "1700000001500000000"),
        ("2023-11-14 22:13:20", "2023-11-14T22:13:21.5Z"),
        ("2023-11-14 23:13:20+01:00", "14.11.2023 22:13:21,5"),
        ("11/14/2023 10:13:20 PM", "11/14/2023 10:13:21.5 PM"),
    ],
)
def test_times_may_count_since_1970_in_any_unit(start: str, end: str, labels_of: Callable[[str], LabelFile]):
    (interval,) = intervals_of(labels_of(f"start\tend\tactivity\n{start}\t{end}\twalking\n"))

    assert interval.is_since_1970
    assert (interval.start_s, interval.end_s) == (1_700_000_000, 1_700_000_001.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"the file of labels is empty\n  where: labels.csv\n  fix:   {EXAMPLE}"),
        ("start,end,activity\n",
         f"the file of labels has a header, but no rows\n  where: labels.csv\n  fix:   {EXAMPLE}"),
        ("start,activity\n1,walking\n",
         ("the file of labels has no column end: its first line is `start,activity`\n"
         f"  where: labels.csv:1\n  fix:   {EXAMPLE}")),
        ("start,begin,end,activity\n1,1,2,walking\n",
         "two columns are the start: `start` and `begin`\n  where: labels.csv:1:2\n  fix:   rename or remove one"),
        ("start,end,activity\n1,2,walking\n3,soon,walking\n",
         f'no time: "soon"\n  where: labels.csv:3:2\n  fix:   {WAYS}'),
        ("start,end,activity\n1,2,walking\n3\n",
         f"the row ends after 1 columns\n  where: labels.csv:3\n  fix:   {EXAMPLE}"),
        ("start,end,activity\n1,5,2,5,walking\n",
         ("the row has 5 cells, the first one 3\n  where: labels.csv:2\n"
         "  fix:   write decimal points, or separate columns by semicolons")),
        ("start,end,activity\n00:01:00,00:02:00,walking\n",
         ('"00:01:00" can be a time of day or a time since the recording began\n'
         f"  where: labels.csv:2:1\n  fix:   {WAYS}")),
        ("start,end,activity\n1,5e9,walking\n",
         f"neither seconds of a recording nor a time since 1970: 5e9\n  where: labels.csv:2:2\n  fix:   {WAYS}"),
        ("start,end,activity\n05/06/2024 10:00:00,05/06/2024 11:00:00,walking\n",
         ("the dates of `start` can be read in two ways: 05/06/2024 is 2024-06-05 or 2024-05-06\n"
         f"  where: labels.csv:2:1\n  fix:   {YEAR_FIRST}")),
        ("start,end,activity\n7,5,walking\n",
         "the interval ends at 5 s, not after its start at 7 s\n  where: labels.csv:2:2\n  fix:   correct the row"),
        ("start,end,activity\n7,1700000000,walking\n",
         ("start and end are on different clocks: one counts since 1970, the other in the recording\n"
         "  where: labels.csv:2:2\n  fix:   write both in the same way")),
        ("start,end,activity\n1,2,wandering\n",
         ('unknown label "wandering"\n  where: labels.csv:2:3\n  fix:   pass `--label-map "wandering=ACTIVITY"`, with '
         "one of walking, climbing stairs, descending stairs, sitting, standing, lying, jogging, biking, or unknown")),
    ],
)  # fmt: skip
def test_bad_label_files_are_refused_at_their_place(text: str, message: str, labels_of: Callable[[str], LabelFile]):
    assert bad_file(labels_of(text)) == message


def test_a_label_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(DataError) as caught:
        LabelFile.of(tmp_path / "labels.csv")
    assert str(caught.value) == (
        f"there is no such file of labels\n  where: {tmp_path / 'labels.csv'}\n  fix:   check the path after `--labels`"
    )


def test_two_activities_at_one_time_are_refused(walk: Path, labels_of: Callable[[str], LabelFile]):
    labels = labels_of("start,end,activity\n0,8,walking\n10,12,sitting\n7,9,sitting\n")

    assert bad_labels(walk, labels) == (
        "two activities at one time: 0 to 8 s walking in row 2, and 7 to 9 s sitting\n"
        "  where: labels.csv:4\n"
        "  fix:   correct one of the rows"
    )
    (recording,) = read(walk, labels=labels_of("start,end,activity\n0,8,walking\n7,9,walking\n"))
    assert segments(recording)[0] == (0, 450, "walking")


def test_labels_outside_of_the_recording_are_refused_or_told(walk: Path, labels_of: Callable[[str], LabelFile]):
    assert bad_labels(walk, labels_of("start,end,activity\n1,2,walking\n3000,9000,walking\n")) == (
        "3000 to 9000 s is no time of the recording, which goes from 0 to 20 s\n"
        "  where: labels.csv:3\n"
        "  fix:   start and end count seconds from the recording's first sample; dates without a zone count as UTC"
    )
    (recording,) = read(walk, labels=labels_of("start,end,activity\n-1,2,walking\n18,25,walking\n"))
    assert segments(recording) == [(0, 100, "walking"), (100, 900, None), (900, 1000, "walking")]
    assert recording.notes[-1] == "6 s of the labels in labels.csv lie before or after the recording"


def test_dates_need_a_clock_that_tells_them(walk: Path, labels_of: Callable[[str], LabelFile]):
    labels = labels_of("start,end,activity\n2023-11-14 22:13:21,2023-11-14 22:13:23,walking\n")

    assert bad_labels(walk, labels) == (
        "the labels have dates, but the clock of walk tells none\n"
        "  where: labels.csv:2\n"
        "  fix:   write start and end in seconds from the recording's first sample"
    )
    save(walk, walk_rows(begin=1_700_000_000))
    (recording,) = read(walk, labels=labels)
    assert segments(recording) == [(0, 50, None), (50, 150, "walking"), (150, 1000, None)]


def test_parts_after_a_gap_keep_their_place_in_time(walk: Path, labels_of: Callable[[str], LabelFile]):
    rows = walk_rows()
    save(walk, rows[:401] + rows[601:])
    labels = labels_of("start,end,activity\n7,13,walking\n9,11,walking\n")
    first, second = read(walk, labels=labels)

    assert segments(first) == [(0, 350, None), (350, 400, "walking")]
    assert (second.start_s, segments(second)) == (12, [(0, 50, "walking"), (50, 400, None)])
    assert second.notes[-1] == "labels from labels.csv: 2 of its 2 rows are about this recording"


def test_seconds_that_come_twice_are_refused(walk: Path, labels_of: Callable[[str], LabelFile]):
    rows = walk_rows()
    save(walk, rows + rows[1:])

    assert bad_labels(walk, labels_of("start,end,activity\n7,13,walking\n")) == (
        "7 to 13 s of the recording came twice: its time jumps back\n"
        "  where: labels.csv:2\n"
        "  fix:   write dates and times instead of seconds, or one recording a file"
    )


def test_a_column_names_the_recording_of_each_row(walk: Path, labels_of: Callable[[str], LabelFile]):
    for copy in ("ada/run.csv", "bo/run.csv"):
        save(walk.parent / copy, walk_rows())
    rows = "0,1,walk,walk.csv\n0,2,walk,ada/run\n0,3,walk,bo/run.csv\n"
    found = read(walk.parent, labels=labels_of(f"start,end,activity,file\n{rows}"))

    assert [recording.segments[0] for recording in found] == [
        Segment(0, 100, "walking"), Segment(0, 150, "walking"), Segment(0, 50, "walking"),
    ]  # fmt: skip
    assert bad_labels(walk.parent, labels_of("start,end,activity,file\n0,1,walk,run.csv\n")) == (
        '"run.csv" names 2 recordings\n'
        "  where: labels.csv:2\n"
        "  fix:   name the recording of each row in a column `file`, with the folder around it where that is needed"
    )
    assert bad_labels(walk.parent, labels_of("start,end,activity,file\n0,1,walk,wall.csv\n")) == (
        'there is no recording "wall.csv"; did you mean "walk.csv"?\n'
        "  where: labels.csv:2\n"
        "  fix:   the recordings are run.csv, walk.csv"
    )


def test_seconds_without_a_name_are_refused_where_there_are_several_recordings(
    walk: Path, labels_of: Callable[[str], LabelFile]
):
    shutil.copy(walk, walk.with_name("run.csv"))

    assert bad_labels(walk.parent, labels_of("start,end,activity\n0,1,walk\n")) == (
        "seconds count in one recording, and there are 2 recordings\n"
        "  where: labels.csv:2\n"
        "  fix:   name the recording of each row in a column `file`, with the folder around it where that is needed"
    )


def test_dates_find_their_recordings_without_names(walk: Path, labels_of: Callable[[str], LabelFile]):
    save(walk, walk_rows(begin=1_700_000_000))
    save(walk.with_name("run.csv"), walk_rows(begin=1_700_000_100))
    run, walked = read(walk.parent, labels=labels_of("start,end,activity\n1700000000,1700000003,walking\n"))

    assert (segments(run), segments(walked)) == ([(0, 1000, None)], [(0, 150, "walking"), (150, 1000, None)])
    assert run.notes[-1] == "labels from labels.csv: 0 of its 1 rows are about this recording"


def test_a_column_names_the_person_of_each_row(tmp_path: Path, labels_of: Callable[[str], LabelFile]):
    times = np.arange(1000) / 50
    people = np.repeat(["Ada", "Bo"], 500)
    path = save(tmp_path / "in" / "all.csv", [[*HEADER, "who"], *cells_of(times, motion(times), people)])
    labels = labels_of("start,end,activity,subject\n0,20,walking,Bo\n")
    ada, bo = read(path, labels=labels, subject_column="who")

    assert (segments(ada), segments(bo)) == ([(0, 500, None)], [(0, 500, "walking")])
    with pytest.raises(DataError) as caught:
        read(path, labels=labels_of("start,end,activity,subject\n0,20,walking,Ado\n"), subject_column="who")
    assert str(caught.value).replace(f"{tmp_path}/", "") == (
        'there is no person "Ado" in the recording; did you mean "Ada"?\n'
        "  where: labels.csv:2\n"
        "  fix:   the recording is of Ada, Bo"
    )


def test_labels_win_over_those_of_a_dataset_and_leave_its_others(
    hapt_folder: Path, labels_of: Callable[[str], LabelFile]
):
    (before, _), (after, _) = (
        read(hapt_folder, labels=labels)
        for labels in (None, labels_of("start,end,activity,file\n2,3,jogging,acc_exp01_user01.txt\n"))
    )
    kept = [one for one in before.segments if one.end <= 100 or one.start >= 150]

    assert Segment(100, 150, "jogging") in after.segments
    assert [one for one in after.segments if one.start >= 150][-1] == kept[-1]
    assert sum(one.end - one.start for one in after.segments) == sum(one.end - one.start for one in before.segments)


def test_an_interval_of_another_clock_is_passed_over(recording_of: Callable[..., Recording], still: Callable):
    recording = recording_of(still(100))
    interval = Interval(1_700_000_000, 1_700_000_100, "walking", is_since_1970=True)

    assert labelled(recording, [interval]).segments == recording.segments


def test_other_labels_make_another_data_folder(walk: Path, tmp_path: Path, labels_of: Callable[[str], LabelFile]):
    def settings(text: str) -> PrepareSettings:
        return PrepareSettings(reading=ReadOptions(labels=labels_of(text)))

    report = prepare([walk], tmp_path / "data", settings("start,end,activity\n0,9,walking\n"))
    assert report.activities == {"walking": 2, "unknown": 2}
    assert prepare([walk], tmp_path / "data", settings("start,end,activity\n0,9,walking\n")).was_done

    before, now = (labels_of(f"start,end,activity\n0,9,{name}\n").sha256 for name in ("walking", "sitting"))
    with pytest.raises(UsageError) as caught:
        prepare([walk], tmp_path / "data", settings("start,end,activity\n0,9,sitting\n"))
    assert str(caught.value) == (
        f"the data folder was made with reading.labels labels.csv (sha256 {before}), not labels.csv (sha256 {now})\n"
        f"  where: {tmp_path / 'data'}\n"
        "  fix:   pass `--fresh` to replace it, or another `--out`"
    )


def test_labels_among_the_recordings_are_no_file_left_out(walk: Path, tmp_path: Path):
    labels = walk.with_name("labels.csv")
    labels.write_text("start,end,activity\n0,9,walking\n", encoding="utf-8")
    report = prepare(
        [walk.parent], tmp_path / "data", PrepareSettings(reading=ReadOptions(labels=LabelFile.of(labels)))
    )

    assert not [part for part in report.left_out if part["unit"] == "files"]


def test_labels_name_recordings_of_several_sources(walk: Path, tmp_path: Path, labels_of: Callable[[str], LabelFile]):
    run = save(tmp_path / "other" / "run.csv", walk_rows(seconds=21))
    labels = labels_of("start,end,activity,file\n0,9,walking,walk.csv\n0,9,jogging,run.csv\n")
    report = prepare([walk, run], tmp_path / "data", PrepareSettings(reading=ReadOptions(labels=labels)))

    assert report.activities == {"jogging": 2, "walking": 2, "unknown": 5}


def test_the_folder_may_name_person_and_activity(walk: Path, monkeypatch: pytest.MonkeyPatch):
    folder = walk.parent / "Ada" / "sitting"
    folder.mkdir(parents=True)
    path = shutil.copy(walk, folder / "walk.csv")

    assert read(path, label_from="folder")[0].segments == (Segment(0, 1000, "sitting"),)
    monkeypatch.chdir(folder)
    assert read(Path("walk.csv"), label_from="folder")[0].segments == (Segment(0, 1000, "sitting"),)
    shutil.copy(walk, folder.parent / "walk.csv")
    (recording,) = read(folder.parent / "walk.csv", subject_from="folder")
    assert recording.subject == "csv/Ada"


def test_a_folder_that_names_the_activity_is_no_person(walk: Path):
    folder = walk.parent / "Ada" / "sitting"
    folder.mkdir(parents=True)
    path = shutil.copy(walk, folder / "walk.csv")

    for label_from in (None, "folder"):
        (recording,) = read(path, subject_from="folder", label_from=label_from)
        assert recording.subject == "csv/Ada"


def test_the_example_labels_fit_their_recording():
    examples = Path(__file__).parents[2] / "examples"
    recordings = read(examples / "mix.csv", labels=LabelFile.of(examples / "mix-labels.csv"))

    assert {segment.activity for recording in recordings for segment in recording.segments} >= {"sitting", "lying"}
    n_rows = len(intervals_of(LabelFile.of(examples / "mix-labels.csv")))
    assert recordings[-1].notes[-1] == (
        f"labels from mix-labels.csv: {n_rows} of its {n_rows} rows are about this recording"
    )
