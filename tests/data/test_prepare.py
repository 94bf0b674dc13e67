from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from llasa_core.data import fan_out
from llasa_core.data.prepare import PrepareSettings, prepare
from llasa_core.data.qa import read_qa
from llasa_core.data.store import ShardWriter, WindowStore
from llasa_core.data.windows import WindowConfig
from llasa_core.errors import DataError, RunError, UsageError
from llasa_core.locks import only_one

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llasa_core.data.store import ShardInfo

SMALL = PrepareSettings(shard_mb=0.02)  # 6 windows a shard: many shards from little data


def same_bytes(one: Path, other: Path) -> bool:
    names = sorted(file.name for file in one.iterdir())
    return names == sorted(file.name for file in other.iterdir()) and all(
        (one / name).read_bytes() == (other / name).read_bytes() for name in names
    )


def left_beside(out: Path) -> list[str]:
    return [path.name for path in out.parent.iterdir() if path.name.startswith(".")]


def test_a_folder_becomes_windows_questions_and_a_report(hapt_folder: Path, tmp_path: Path):
    report = prepare([hapt_folder], tmp_path / "data", PrepareSettings())

    # 14 s of each activity a person: windows of 6 s start at 0, 3 and 6 s, and 2 s are left over
    assert report.activities == {"walking": 6, "sitting": 6}
    assert (report.windows, report.subjects) == (12, 2)
    assert report.splits["train"] == {"subjects": 1, "windows": 6, "qa_items": 71}
    assert report.splits["test"] == {"subjects": 1, "windows": 6, "qa_items": 71}
    assert report.qa_items == 142
    assert report.left_out[:3] == [
        {
            "source": "RawData/acc_exp01_user01.txt",
            "reason": "transition between postures",
            "count": 50,
            "unit": "samples",
            "seconds": 1.0,
        },
        {
            "source": "RawData/acc_exp01_user01.txt",
            "reason": "no label",
            "count": 50,
            "unit": "samples",
            "seconds": 1.0,
        },
        {
            "source": "RawData/acc_exp01_user01.txt",
            "reason": "end of a segment that fills no window",
            "count": 200,
            "unit": "samples",
            "seconds": 4.0,
        },
    ]
    assert left_beside(tmp_path / "data") == []


def test_the_folder_can_be_read_back(hapt_folder: Path, tmp_path: Path):
    prepare([hapt_folder], tmp_path / "data", PrepareSettings())

    store = WindowStore(tmp_path / "data")
    items = read_qa(tmp_path / "data" / "qa-test.json")
    assert [store.activity_names[code] for code in store.activity] == (["walking"] * 3 + ["sitting"] * 3) * 2
    assert store.start_s.tolist() == [0, 3, 6, 15, 18, 21] * 2
    assert [store.subject_names[code] for code in store.subject[store.rows("test")]] == ["hapt/03"] * 6
    assert {store.row_of(item.windows[0]) for item in items} == set(store.rows("test").tolist())
    assert items[0].id == "hapt/exp02_user03/0/activity-0"
    assert np.median(np.linalg.norm(store.take(store.rows())[:, :, :3], axis=2)) == pytest.approx(9.8, abs=0.3)


def test_the_report_reads_as_a_table(hapt_folder: Path, tmp_path: Path):
    report = prepare([hapt_folder], tmp_path / "data", PrepareSettings())

    assert str(report).replace(f"{tmp_path}/", "").split("\n", 1)[1] == (
        "  12 windows of 2 subjects, 142 QA items\n"
        "\n"
        "  activity  windows\n"
        "  walking         6\n"
        "  sitting         6\n"
        "\n"
        "  split  subjects  windows  QA items\n"
        "  train         1        6        71\n"
        "  val           0        0         0\n"
        "  test          1        6        71\n"
        "\n"
        "  left out                               sources              amount\n"
        "  transition between postures                  2  100 samples, 2.0 s\n"
        "  no label                                     2  100 samples, 2.0 s\n"
        "  end of a segment that fills no window        2  400 samples, 8.0 s\n"
        "\n"
        "decided\n"
        "  acceleration from g to m/s² (× 9.80665), angular rate in rad/s and 50 Hz, as the dataset documents them"
    )


def test_no_person_is_in_two_splits(make_hapt: Callable[..., None], tmp_path: Path):
    make_hapt(tmp_path / "RawData", users=[1, 3, 4, 1], seconds=14)
    prepare([tmp_path / "RawData"], tmp_path / "data", PrepareSettings(qa="none"))

    store = WindowStore(tmp_path / "data")
    people = {split: set(store.subject[store.rows(split)].tolist()) for split in ("train", "val", "test")}
    assert [len(people[split]) for split in ("train", "val", "test")] == [1, 1, 1]
    assert not (tmp_path / "data" / "qa-train.json").exists()


def test_workers_and_place_change_no_byte(
    make_hapt: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    make_hapt(tmp_path / "RawData", users=[1, 3, 4, 7, 9, 11], seconds=20)
    (tmp_path / "RawData" / "acc_exp03_user04.txt").write_text("not a number\n")
    shutil.copytree(tmp_path / "RawData", tmp_path / "moved" / "RawData")
    settings = SMALL.model_copy(update={"skip_bad": True})

    prepare([tmp_path / "RawData"], tmp_path / "one", settings, workers=1)
    prepare([tmp_path / "moved" / "RawData"], tmp_path / "two", settings, workers=2)
    monkeypatch.setattr(fan_out, "GROUP_BYTES", 0)  # as if each file were a large one
    prepare([tmp_path / "moved" / "RawData"], tmp_path / "large", settings, workers=2)

    assert len(list((tmp_path / "one").glob("*.h5"))) == 4
    assert same_bytes(tmp_path / "one", tmp_path / "two")
    assert same_bytes(tmp_path / "one", tmp_path / "large")


KILLED = """
import os, signal, sys
from pathlib import Path
from llasa_core.data.prepare import PrepareSettings, prepare
def progress(done, words=""):
    if done >= float(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
prepare([Path(sys.argv[1])], Path(sys.argv[2]), PrepareSettings(shard_mb=0.02), workers=1, progress=progress)
"""


@pytest.mark.parametrize("at_percent", [20, 70])
def test_a_killed_run_is_finished_by_the_same_command(make_hapt: Callable[..., None], tmp_path: Path, at_percent: int):
    make_hapt(tmp_path / "RawData", users=[1, 3, 4, 7, 9], seconds=30)
    undisturbed, out = tmp_path / "undisturbed", tmp_path / "out"
    prepare([tmp_path / "RawData"], undisturbed, SMALL)

    ended = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path / "RawData", out, str(at_percent)], check=False, timeout=60
    )
    draft = tmp_path / ".out.draft"
    shards = sorted(draft.glob("*.h5"))
    written_at = [shard.stat().st_mtime_ns for shard in shards]
    assert ended.returncode == -signal.SIGKILL
    assert not out.exists()
    assert len(shards) == {20: 1, 70: 4}[at_percent]
    for shard in shards:
        assert len(h5py.File(shard)["samples"]) == 6
    (draft / ".windows-00007.h5.1.tmp").write_bytes(b"half a shard")

    prepare([tmp_path / "RawData"], out, SMALL)

    assert same_bytes(out, undisturbed)
    assert [(out / shard.name).stat().st_mtime_ns for shard in shards] == written_at  # they were not made again
    assert left_beside(out) == []


def test_a_killed_run_with_other_settings_is_forgotten(make_hapt: Callable[..., None], tmp_path: Path):
    make_hapt(tmp_path / "RawData", users=[1, 3, 4], seconds=30)
    out = tmp_path / "out"
    subprocess.run([sys.executable, "-c", KILLED, tmp_path / "RawData", out, "60"], check=False, timeout=60)

    settings = PrepareSettings(qa="none")
    prepare([tmp_path / "RawData"], out, settings)
    prepare([tmp_path / "RawData"], tmp_path / "undisturbed", settings)

    assert same_bytes(out, tmp_path / "undisturbed")


def test_the_same_recording_is_kept_once(hapt_folder: Path, tmp_path: Path):
    shutil.copytree(hapt_folder, tmp_path / "Twice")

    report = prepare([hapt_folder, tmp_path / "Twice", hapt_folder], tmp_path / "data", PrepareSettings(qa="none"))

    copies = [part for part in report.left_out if part["reason"] == "the same recording again"]
    assert report.windows == 12
    assert [(copy["source"], copy["kept_as"], copy["count"]) for copy in copies] == [
        ("RawData/acc_exp01_user01.txt", "RawData/acc_exp01_user01.txt", 1),
        ("RawData/acc_exp02_user03.txt", "RawData/acc_exp02_user03.txt", 1),
        ("Twice/acc_exp01_user01.txt", "RawData/acc_exp01_user01.txt", 1),
        ("Twice/acc_exp02_user03.txt", "RawData/acc_exp02_user03.txt", 1),
    ]


def test_the_order_of_the_sources_does_not_matter(make_hapt: Callable[..., None], tmp_path: Path):
    make_hapt(tmp_path / "A", users=[1], seconds=14)
    make_hapt(tmp_path / "B", users=[3], seconds=14)

    prepare([tmp_path / "A", tmp_path / "B"], tmp_path / "ab", PrepareSettings())
    prepare([tmp_path / "B", tmp_path / "A"], tmp_path / "ba", PrepareSettings())

    assert same_bytes(tmp_path / "ab", tmp_path / "ba")


def test_the_same_command_again_says_that_it_is_done(hapt_folder: Path, tmp_path: Path):
    first = prepare([hapt_folder], tmp_path / "data", PrepareSettings())
    made_at = (tmp_path / "data").stat().st_mtime_ns

    again = prepare([hapt_folder], tmp_path / "data", PrepareSettings())

    assert again.was_done
    assert not first.was_done
    assert again.activities == first.activities
    assert (tmp_path / "data").stat().st_mtime_ns == made_at


def test_other_settings_need_fresh(hapt_folder: Path, tmp_path: Path):
    out = tmp_path / "data"
    prepare([hapt_folder], out, PrepareSettings())
    other = PrepareSettings(windows=WindowConfig(stride_s=1.5), seed=8)

    with pytest.raises(UsageError) as caught:
        prepare([hapt_folder], out, other)
    assert str(caught.value) == (
        "the data folder was made with windows.stride_s 3.0, not 1.5; seed 7, not 8\n"
        f"  where: {out}\n"
        "  fix:   pass `--fresh` to replace it, or another `--out`"
    )

    assert prepare([hapt_folder], out, other, fresh=True).windows == 24
    assert left_beside(out) == []


def test_other_sources_need_fresh(hapt_folder: Path, tmp_path: Path):
    out = tmp_path / "data"
    prepare([hapt_folder], out, PrepareSettings())
    with (hapt_folder / "acc_exp01_user01.txt").open("a") as file:
        file.write("\n")

    with pytest.raises(UsageError) as caught:
        prepare([hapt_folder], out, PrepareSettings())
    assert str(caught.value) == (
        f"the data folder was made from other files\n  where: {out}\n"
        "  fix:   pass `--fresh` to replace it, or another `--out`"
    )


@pytest.mark.parametrize("fresh", [False, True])
def test_what_somebody_else_wrote_is_not_touched(hapt_folder: Path, tmp_path: Path, *, fresh: bool):
    out = tmp_path / "precious"
    out.mkdir()
    (out / "thesis.tex").write_text("mine")

    with pytest.raises(UsageError) as caught:
        prepare([hapt_folder], out, PrepareSettings(), fresh=fresh)

    assert str(caught.value) == (
        f"there is something here that `prepare-data` did not write\n  where: {out}\n  fix:   pass another `--out`"
    )
    assert [file.name for file in out.iterdir()] == ["thesis.tex"]


def test_two_runs_on_one_folder_do_not_meet(hapt_folder: Path, tmp_path: Path):
    out = tmp_path / "data"
    with only_one(tmp_path / ".data.lock", doing=f"preparing {out}"), pytest.raises(RunError) as caught:
        prepare([hapt_folder], out, PrepareSettings())

    assert str(caught.value) == (
        f"another process is preparing {out}\n"
        f"  where: {tmp_path / '.data.lock'}\n"
        "  fix:   wait until it is done, then run the same command again"
    )
    assert prepare([hapt_folder], out, PrepareSettings()).windows == 12


def test_an_error_leaves_nothing_behind(hapt_folder: Path, tmp_path: Path):
    with (hapt_folder / "acc_exp02_user03.txt").open("a") as file:
        file.write("1 2 end\n")

    with pytest.raises(DataError, match='acc_z is not a number: "end"'):
        prepare([hapt_folder], tmp_path / "data", SMALL)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["RawData"]


def test_bad_files_can_be_skipped_and_are_counted(hapt_folder: Path, tmp_path: Path):
    with (hapt_folder / "acc_exp02_user03.txt").open("a") as file:
        file.write("1 2 end\n")

    report = prepare([hapt_folder], tmp_path / "data", PrepareSettings(skip_bad=True))

    assert report.windows == 6
    assert report.left_out[-1] == {
        "source": "RawData/acc_exp02_user03.txt",
        "reason": 'acc_z is not a number: "end"',
        "count": 1,
        "unit": "files",
    }


def test_recordings_shorter_than_a_window_are_counted(make_hapt: Callable[..., None], tmp_path: Path):
    make_hapt(tmp_path / "A", users=[1], seconds=20)
    make_hapt(tmp_path / "B", users=[2], seconds=4)

    report = prepare([tmp_path / "A", tmp_path / "B"], tmp_path / "data", PrepareSettings())

    assert report.subjects == 1
    assert report.left_out[-1] == {
        "source": "B/acc_exp01_user02.txt",
        "reason": "shorter than one window",
        "count": 200,
        "unit": "samples",
        "seconds": 4.0,
    }


def test_nothing_but_a_short_recording_is_refused(make_hapt: Callable[..., None], tmp_path: Path):
    make_hapt(tmp_path / "RawData", users=[1], seconds=4)

    with pytest.raises(DataError) as caught:
        prepare([tmp_path / "RawData"], tmp_path / "data", PrepareSettings())

    assert str(caught.value) == (
        "the recording lasts 4.0 s, one window needs 6 s\n"
        f"  where: {tmp_path / 'RawData' / 'acc_exp01_user01.txt'}\n"
        "  fix:   pass a smaller `--window`, or leave this recording out"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["RawData"]


def test_labels_too_short_for_any_window_are_refused(make_hapt: Callable[..., None], tmp_path: Path):
    make_hapt(tmp_path / "RawData", users=[1], seconds=10)

    with pytest.raises(DataError) as caught:
        prepare([tmp_path / "RawData"], tmp_path / "data", PrepareSettings())

    assert str(caught.value) == (
        "not one window could be cut: every labelled stretch is shorter than 6 s\n"
        f"  where: {tmp_path / 'RawData'}\n"
        "  fix:   pass a smaller `--window`, or check the labels"
    )


def test_a_missing_source_is_named(tmp_path: Path):
    with pytest.raises(DataError) as caught:
        prepare([tmp_path / "none"], tmp_path / "data", PrepareSettings())

    assert str(caught.value) == (
        f"there is no such file or folder\n  where: {tmp_path / 'none'}\n  fix:   check the path"
    )


def test_the_manifest_says_where_everything_came_from(hapt_folder: Path, tmp_path: Path):
    prepare([hapt_folder], tmp_path / "data", PrepareSettings())

    manifest = json.loads((tmp_path / "data" / "manifest.json").read_text())
    assert [entry["name"] for entry in manifest["inputs"]] == [
        "RawData/acc_exp01_user01.txt",
        "RawData/gyro_exp01_user01.txt",
        "RawData/labels.txt",
        "RawData/acc_exp02_user03.txt",
        "RawData/gyro_exp02_user03.txt",
    ]
    assert manifest["settings"]["windows"]["stride_s"] == 3.0
    assert [source["name"] for source in manifest["sources"]] == ["hapt/exp01_user01", "hapt/exp02_user03"]
    assert manifest["shards"][0]["windows"] == 12
    assert manifest["splits"] == {"train": ["hapt/01"], "val": [], "test": ["hapt/03"]}


def test_one_file_of_a_set_is_enough(hapt_folder: Path, tmp_path: Path):
    report = prepare([hapt_folder / "acc_exp02_user03.txt"], tmp_path / "data", PrepareSettings())

    assert report.windows == 6
    assert report.left_out[0]["source"] == "acc_exp02_user03.txt"


def test_a_folder_with_another_manifest_is_not_ours(hapt_folder: Path, tmp_path: Path):
    out = tmp_path / "extension"
    out.mkdir()
    (out / "manifest.json").write_text('{"manifest_version": 3}')

    with pytest.raises(UsageError, match="did not write"):
        prepare([hapt_folder], out, PrepareSettings(), fresh=True)


def test_what_a_kill_between_two_names_left_is_put_in_place(hapt_folder: Path, tmp_path: Path):
    out, other = tmp_path / "data", PrepareSettings(qa="none")
    prepare([hapt_folder], out, PrepareSettings())
    prepare([hapt_folder], tmp_path / "new", other)
    out.rename(tmp_path / ".data.77.old")
    shutil.copytree(tmp_path / "new", tmp_path / ".data.draft")

    report = prepare([hapt_folder], out, other)

    assert same_bytes(out, tmp_path / "new")
    assert not report.was_done
    assert left_beside(out) == []


@pytest.mark.parametrize("is_stored", [False, True])
@pytest.mark.parametrize("n_shards", [0, 1, 4, 7])
def test_an_interruption_anywhere_changes_no_byte(
    hapt_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_shards: int, *, is_stored: bool
):
    """Stop before or after the n-th shard gets its name, in the middle of a file that holds several recordings."""
    sources = [hapt_folder, write_published_windows(tmp_path / "uci")]
    prepare(sources, tmp_path / "undisturbed", SMALL)
    flush = ShardWriter.flush

    def flush_until(writer: ShardWriter, names: dict[str, Sequence[str]]) -> ShardInfo:
        is_last = len(writer.shards) == n_shards
        if is_last and not is_stored:
            raise KeyboardInterrupt
        shard = flush(writer, names)
        if is_last:
            raise KeyboardInterrupt
        return shard

    with monkeypatch.context() as patched:
        patched.setattr(ShardWriter, "flush", flush_until)
        with pytest.raises(KeyboardInterrupt):
            prepare(sources, tmp_path / "data", SMALL)
    prepare(sources, tmp_path / "data", SMALL)

    assert same_bytes(tmp_path / "data", tmp_path / "undisturbed")


def write_published_windows(folder: Path) -> Path:
    """Write 40 windows of seven people, as LIMU-BERT's `uci`."""
    folder.mkdir()
    random = np.random.default_rng(0)
    data = random.normal(size=(40, 120, 6)) + np.array([0, 0, 9.8, 0, 0, 0])
    labels = np.stack([random.integers(0, 6, 40), random.integers(0, 7, 40)], axis=1).astype(float)
    np.save(folder / "data_20_120.npy", data)
    np.save(folder / "label_20_120.npy", np.repeat(labels[:, None], 120, axis=1))
    return folder
