from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.merge import merge
from llasa_core.data.prepare import PrepareSettings, prepare
from llasa_core.data.qa import QaItem, Turn, WindowRef, read_qa, write_qa
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.share import Share
from llasa_core.data.store import ShardWriter, WindowStore
from llasa_core.data.windows import WindowConfig
from llasa_core.errors import DataError, UsageError
from llasa_core.files import sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llasa_core.data.store import ShardInfo

SMALL = PrepareSettings(shard_mb=0.02, reading=ReadOptions(label_column="activity"))  # 6 windows a shard


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def write_csv(path: Path, *, activity: str, seed: int, seconds: int = 20) -> None:
    """Write a recording of somebody who shakes a phone, with its activity in a column."""
    path.parent.mkdir(parents=True, exist_ok=True)
    time_s = np.arange(50 * seconds) / 50
    noise = np.random.default_rng(seed).normal(size=(len(time_s), 6))
    rows = np.column_stack([time_s, noise + np.array([0, 0, 9.80665, 0, 0, 0])])
    header = "time_s,acc_x (m/s^2),acc_y (m/s^2),acc_z (m/s^2),gyr_x (rad/s),gyr_y (rad/s),gyr_z (rad/s),activity"
    lines = [",".join(f"{value:.5f}" for value in row) + f",{activity}" for row in rows]
    path.write_text("\n".join([header, *lines]) + "\n")


@pytest.fixture
def raw(tmp_path: Path) -> list[Path]:
    """Return two sources: CSVs of five people in two folders, one of them three times, and a text that is none."""
    activities = ("walking", "sitting", "jogging", "lying", "standing")
    for seed, activity in enumerate(activities):
        write_csv(tmp_path / "raw" / ("A", "B")[seed % 2] / f"walk{seed}.csv", activity=activity, seed=seed)
    shutil.copy(tmp_path / "raw" / "A" / "walk0.csv", tmp_path / "raw" / "B" / "again.csv")
    shutil.copy(tmp_path / "raw" / "A" / "walk0.csv", tmp_path / "raw" / "B" / "and_again.csv")
    (tmp_path / "raw" / "A" / "readme.md").write_text("nothing to see")
    write_csv(tmp_path / "raw" / "B" / "short.csv", activity="walking", seed=9, seconds=4)
    return [tmp_path / "raw" / "A", tmp_path / "raw" / "B"]


@pytest.mark.parametrize("n_shares", [1, 7])
def test_all_shares_give_the_folder_of_an_undivided_run_byte_for_byte(raw: list[Path], tmp_path: Path, n_shares: int):
    prepare(raw, tmp_path / "undivided", SMALL)
    shares = [tmp_path / f"share{nth}" for nth in range(1, n_shares + 1)]
    for nth, folder in enumerate(shares, start=1):
        prepare(raw, folder, SMALL, share=Share(nth, n_shares))

    report = merge(shares[::-1], tmp_path / "merged")

    assert report.windows == 25
    assert content(tmp_path / "merged") == content(tmp_path / "undivided")
    assert merge(shares, tmp_path / "merged").was_done
    assert prepare(raw, tmp_path / "merged", SMALL).was_done


def test_shares_of_one_archive_give_the_folder_of_an_undivided_run(hapt_folder: Path, tmp_path: Path):
    archive = shutil.make_archive(str(tmp_path / "HAPT"), "zip", hapt_folder.parent, hapt_folder.name)
    sources = [tmp_path / "HAPT.zip"]
    prepare(sources, tmp_path / "undivided", SMALL)
    for nth in (1, 2):
        prepare(sources, tmp_path / f"{nth}", SMALL, share=Share(nth, 2))

    merge([tmp_path / "1", tmp_path / "2"], tmp_path / "merged")

    assert archive == str(sources[0])
    assert content(tmp_path / "merged") == content(tmp_path / "undivided")


def test_folders_of_two_datasets_give_what_one_command_would(raw: list[Path], hapt_folder: Path, tmp_path: Path):
    prepare([*raw, hapt_folder], tmp_path / "at_once", SMALL)
    prepare([hapt_folder], tmp_path / "hapt", SMALL)
    prepare(raw, tmp_path / "csv", SMALL)

    report = merge([tmp_path / "hapt", tmp_path / "csv"], tmp_path / "merged")
    merge([tmp_path / "csv", tmp_path / "hapt"], tmp_path / "merged_otherwise")

    assert report.windows == 25 + 12
    assert content(tmp_path / "merged") == content(tmp_path / "at_once")
    assert content(tmp_path / "merged_otherwise") == content(tmp_path / "at_once")


def test_shares_and_other_folders_can_be_merged_together(raw: list[Path], hapt_folder: Path, tmp_path: Path):
    prepare([*raw, hapt_folder], tmp_path / "at_once", SMALL)
    prepare([hapt_folder], tmp_path / "hapt", SMALL)
    for nth in (1, 2):
        prepare(raw, tmp_path / f"{nth}", SMALL, share=Share(nth, 2))

    merge([tmp_path / "2", tmp_path / "hapt", tmp_path / "1"], tmp_path / "merged")

    assert content(tmp_path / "merged") == content(tmp_path / "at_once")


def test_a_recording_in_two_folders_is_kept_once_and_its_person_in_one_split(raw: list[Path], tmp_path: Path):
    prepare(raw, tmp_path / "all", SMALL)
    prepare(raw[:1], tmp_path / "some", SMALL)

    report = merge([tmp_path / "all", tmp_path / "some"], tmp_path / "merged")

    again = [part for part in report.left_out if part["reason"] == "the same recording again"]
    assert report.windows == 25
    assert len(again) == 2 + 3
    assert {part["kept_as"] for part in again} == {"A/walk0.csv", "A/walk2.csv", "A/walk4.csv"}
    store = WindowStore(tmp_path / "merged")
    people = [set(store.subject[store.rows(split)].tolist()) for split in ("train", "val", "test")]
    assert sum(map(len, people)) == len(set.union(*people)) == report.subjects == 5


def test_files_of_one_name_keep_ids_apart(tmp_path: Path):
    for nth in (1, 2):
        write_csv(tmp_path / f"{nth}" / "raw" / "walk.csv", activity="walking", seed=nth)
        prepare([tmp_path / f"{nth}" / "raw"], tmp_path / f"data{nth}", SMALL)

    merge([tmp_path / "data1", tmp_path / "data2"], tmp_path / "merged")

    names = [source["name"] for source in json.loads((tmp_path / "merged" / "manifest.json").read_text())["sources"]]
    assert [names[1], len(set(names))] == [f"{names[0]}~2", 2]
    ids = [item.id for split in ("train", "val", "test") for item in read_qa(tmp_path / "merged" / f"qa-{split}.json")]
    assert len(ids) == len(set(ids)) > 2 * 5


def test_shards_can_get_another_size(raw: list[Path], tmp_path: Path):
    prepare(raw, tmp_path / "data", SMALL)

    merge([tmp_path / "data"], tmp_path / "merged", shard_mb=1)

    large = SMALL.model_copy(update={"shard_mb": 1.0})
    prepare(raw, tmp_path / "large", large)
    assert content(tmp_path / "merged") == content(tmp_path / "large")


def test_settings_of_reading_may_differ_and_the_manifest_says_how(raw: list[Path], hapt_folder: Path, tmp_path: Path):
    prepare(raw, tmp_path / "csv", SMALL)
    prepare([hapt_folder], tmp_path / "hapt", PrepareSettings(skip_bad=True))

    merge([tmp_path / "csv", tmp_path / "hapt"], tmp_path / "merged")

    manifest = json.loads((tmp_path / "merged" / "manifest.json").read_text())
    assert manifest["settings"]["reading"] is None
    assert manifest["settings"]["skip_bad"] is None
    assert manifest["settings"]["shard_mb"] == 128
    assert sorted(len(one["inputs"]) for one in manifest["merged"]) == [5, 8]
    assert {one["settings"]["skip_bad"] for one in manifest["merged"]} == {True, False}
    assert merge([tmp_path / "hapt", tmp_path / "csv"], tmp_path / "merged").was_done


def test_windows_of_other_settings_are_refused_with_the_difference(raw: list[Path], tmp_path: Path):
    prepare(raw, tmp_path / "a", SMALL)
    other = SMALL.model_copy(update={"windows": WindowConfig(stride_s=1.5), "seed": 8})
    prepare(raw[:1], tmp_path / "b", other)

    with pytest.raises(UsageError) as caught:
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "merged")

    assert str(caught.value) == (
        f"the data folders were made differently: windows.stride_s 1.5, not 3.0; seed 8, not 7 as in {tmp_path / 'a'}\n"
        f"  where: {tmp_path / 'b'}\n"
        "  fix:   prepare one of them again with the settings of the other"
    )
    assert not (tmp_path / "merged").exists()


def test_a_missing_share_is_named(raw: list[Path], tmp_path: Path):
    for nth in (1, 3):
        prepare(raw, tmp_path / f"{nth}", SMALL, share=Share(nth, 3))

    with pytest.raises(DataError) as caught:
        merge([tmp_path / "1", tmp_path / "3"], tmp_path / "merged")

    assert str(caught.value) == (
        "share 2/3 is missing\n"
        f"  where: {tmp_path / '1'}\n"
        "  fix:   prepare it with `--shard 2/3` and the same sources, and merge all shares together"
    )


def test_shares_that_saw_different_files_are_refused(raw: list[Path], tmp_path: Path):
    prepare(raw, tmp_path / "1", SMALL, share=Share(1, 2))
    write_csv(raw[0] / "new.csv", activity="walking", seed=20)
    prepare(raw, tmp_path / "2", SMALL, share=Share(2, 2))

    with pytest.raises(DataError) as caught:
        merge([tmp_path / "1", tmp_path / "2"], tmp_path / "merged")

    assert str(caught.value) == (
        "the shares do not belong together: not all saw the same files; beside this one share 2/2 is missing\n"
        f"  where: {tmp_path / '1'}\n"
        "  fix:   prepare all shares of the same files, as `--shard i/n` with the same n"
    )


def test_a_share_given_twice_is_refused(raw: list[Path], tmp_path: Path):
    prepare(raw, tmp_path / "1", SMALL, share=Share(1, 2))
    shutil.copytree(tmp_path / "1", tmp_path / "copy")

    with pytest.raises(UsageError) as caught:
        merge([tmp_path / "1", tmp_path / "copy"], tmp_path / "merged")
    assert str(caught.value) == (
        f"share 1/2 is given twice, also as {tmp_path / '1'}\n"
        f"  where: {tmp_path / 'copy'}\n"
        "  fix:   name each share once"
    )

    with pytest.raises(UsageError) as caught:
        merge([tmp_path / "1", tmp_path / "1"], tmp_path / "merged")
    assert str(caught.value) == f"a data folder is given twice\n  where: {tmp_path / '1'}\n  fix:   name each once"


def test_the_result_is_none_of_the_folders(raw: list[Path], tmp_path: Path):
    prepare(raw, tmp_path / "a", SMALL)

    with pytest.raises(UsageError) as caught:
        merge([tmp_path / "a"], tmp_path / "a", fresh=True)

    assert str(caught.value) == (
        f"`--out` is one of the folders to merge\n  where: {tmp_path / 'a'}\n  fix:   pass another `--out`"
    )


def test_a_changed_shard_is_found(raw: list[Path], tmp_path: Path):
    prepare(raw, tmp_path / "a", SMALL)
    shard = tmp_path / "a" / "windows-00001.h5"
    damaged = bytearray(shard.read_bytes())
    damaged[-1] ^= 1
    shard.write_bytes(bytes(damaged))

    with pytest.raises(DataError) as caught:
        merge([tmp_path / "a"], tmp_path / "merged")

    assert str(caught.value) == (
        "the shard is not as `prepare-data` wrote it\n"
        f"  where: {shard}\n"
        "  fix:   copy the data folder again, or prepare it again with `--fresh`"
    )


def test_shares_without_one_window_in_all_are_refused(tmp_path: Path):
    write_csv(tmp_path / "raw" / "short.csv", activity="walking", seed=1, seconds=4)
    shares = [tmp_path / f"{nth}" for nth in (1, 2)]
    for nth, folder in enumerate(shares, start=1):
        prepare([tmp_path / "raw"], folder, SMALL, share=Share(nth, 2))

    with pytest.raises(DataError) as caught:
        merge(shares, tmp_path / "merged")

    assert str(caught.value) == (
        "there is not one window in all of the folders\n"
        f"  where: {shares[0]}\n"
        "  fix:   check the sources, or pass a smaller `--window` where they are prepared"
    )


def test_questions_that_somebody_wrote_go_along_with_their_windows(raw: list[Path], tmp_path: Path):
    prepare(raw[1:], tmp_path / "b", SMALL)
    prepare(raw[:1], tmp_path / "a", SMALL)
    kept = next(source for source in WindowStore(tmp_path / "b").manifest["sources"] if source["windows"])
    turns = (Turn("human", "<sensor>\nIs it raining?"), Turn("gpt", "No sensor here tells that."))
    ref = WindowRef("windows-00000.h5", 1)  # of a copy of A/walk0.csv
    own = QaItem(f"{kept['name']}/1/mine", (ref,), "unanswerable", kept["subject"], turns)
    write_qa(tmp_path / "b" / "qa-train.json", [own])
    for split in ("val", "test"):
        (tmp_path / "b" / f"qa-{split}.json").unlink()

    merge([tmp_path / "a", tmp_path / "b"], tmp_path / "merged")

    items = read_qa(tmp_path / "merged" / "qa-train.json")
    before, after = WindowStore(tmp_path / "b"), WindowStore(tmp_path / "merged")
    assert [item.id for item in items if "raining" in item.conversations[0].text] == [own.id]
    moved = next(item for item in items if item.id == own.id)
    assert np.array_equal(after.windows(moved.windows), before.windows(own.windows))
    assert {item.subject for item in items if item.id != own.id} <= {
        source["subject"] for source in WindowStore(tmp_path / "a").manifest["sources"]
    }


def test_questions_of_a_language_model_go_along_and_none_is_asked_again(raw: list[Path], tmp_path: Path):
    """The folders say that a model wrote; one item stands for what it would."""
    for nth in (1, 2):
        prepare(raw, tmp_path / f"{nth}", SMALL, share=Share(nth, 2))
        path = tmp_path / f"{nth}" / "manifest.json"
        manifest = json.loads(path.read_text())
        manifest["settings"]["qa"] = "llm"
        manifest["left_out"].append(
            {"source": f"{nth}", "reason": "claims a wrong number", "count": nth, "unit": "items"}
        )
        subject = manifest["subjects"][0]
        turns = (Turn("human", "<sensor>\nHow fast?"), Turn("gpt", "At an easy pace."))
        item = QaItem(f"model/{nth}", (WindowRef("windows-00000.h5", 0),), "caption", subject, turns)
        for split in ("train", "val", "test"):
            write_qa(path.parent / f"qa-{split}.json", [item] if split == "train" else [])
            manifest["qa_sha256"][split] = sha256_of(path.parent / f"qa-{split}.json")
        path.write_text(json.dumps(manifest))

    report = merge([tmp_path / "1", tmp_path / "2"], tmp_path / "merged")

    assert {item.id for item in read_qa(tmp_path / "merged" / "qa-train.json")} == {"model/1", "model/2"}
    assert [part["count"] for part in report.left_out if part["reason"] == "claims a wrong number"] == [1, 2]


def test_questions_about_a_recording_that_is_kept_with_other_labels_are_refused(tmp_path: Path):
    write_csv(tmp_path / "A" / "walk.csv", activity="walking", seed=1)
    write_csv(tmp_path / "B" / "sit.csv", activity="sitting", seed=1)
    for name in ("A", "B"):
        prepare([tmp_path / name], tmp_path / f"data{name}", SMALL)
    subject = WindowStore(tmp_path / "dataB").subject_names[0]
    turns = (Turn("human", "<sensor>\nIs it raining?"), Turn("gpt", "No sensor here tells that."))
    item = QaItem("mine", (WindowRef("windows-00000.h5", 1),), "unanswerable", subject, turns)
    write_qa(tmp_path / "dataB" / "qa-train.json", [item])

    with pytest.raises(DataError) as caught:
        merge([tmp_path / "dataA", tmp_path / "dataB"], tmp_path / "merged")

    assert str(caught.value) == (
        'item "mine" is about a recording that another folder has with other labels, which is kept\n'
        f"  where: {tmp_path / 'dataB' / 'qa-train.json'}\n"
        "  fix:   leave the item or the recording out, or label it the same in both folders"
    )


@pytest.mark.parametrize("n_shards", [0, 2, 4])
def test_an_interruption_changes_no_byte(
    raw: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_shards: int
):
    prepare(raw, tmp_path / "data", SMALL)
    flush = ShardWriter.flush

    def flush_until(writer: ShardWriter, names: dict[str, Sequence[str]]) -> ShardInfo:
        if len(writer.shards) == n_shards:
            raise KeyboardInterrupt
        return flush(writer, names)

    with monkeypatch.context() as patched:
        patched.setattr(ShardWriter, "flush", flush_until)
        with pytest.raises(KeyboardInterrupt):
            merge([tmp_path / "data"], tmp_path / "merged")
    told: list[float] = []
    merge([tmp_path / "data"], tmp_path / "merged", progress=lambda done, _words: told.append(done))

    assert content(tmp_path / "merged") == content(tmp_path / "data")
    assert told[-1] == 100


def test_hapt_and_its_copy_under_another_name_are_one(make_hapt: Callable[..., None], tmp_path: Path):
    make_hapt(tmp_path / "RawData", users=[1, 3], seconds=14)
    shutil.make_archive(str(tmp_path / "HAPT"), "zip", tmp_path, "RawData")
    (tmp_path / "renamed").mkdir()
    shutil.copy(tmp_path / "RawData" / "acc_exp01_user01.txt", tmp_path / "renamed" / "acc_exp07_user09.txt")
    shutil.copy(tmp_path / "RawData" / "gyro_exp01_user01.txt", tmp_path / "renamed" / "gyro_exp07_user09.txt")
    (tmp_path / "renamed" / "labels.txt").write_text("7 9 1 0 298\n7 9 4 350 648\n")

    report = prepare(
        [tmp_path / "RawData", tmp_path / "HAPT.zip", tmp_path / "renamed"], tmp_path / "data", PrepareSettings()
    )

    again = [part for part in report.left_out if part["reason"] == "the same recording again"]
    assert [(part["source"], part["kept_as"]) for part in again] == [
        ("RawData/acc_exp01_user01.txt", "HAPT.zip/RawData/acc_exp01_user01.txt"),
        ("RawData/acc_exp02_user03.txt", "HAPT.zip/RawData/acc_exp02_user03.txt"),
        ("renamed/acc_exp07_user09.txt", "HAPT.zip/RawData/acc_exp01_user01.txt"),
    ]
    assert report.subjects == 2
