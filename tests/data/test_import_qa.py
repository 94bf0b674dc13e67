from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
from samples import foreign_qa

from llasa_core.data.importers.importing import ImportSettings, import_qa
from llasa_core.data.merge import merge
from llasa_core.data.qa import read_qa
from llasa_core.data.quality import Quality
from llasa_core.data.split import SPLITS
from llasa_core.data.store import WindowStore
from llasa_core.errors import DataError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.data.importers.report import ImportReport
    from llasa_core.data.qa import QaItem

Item = foreign_qa.Item


@pytest.fixture
def imported(tmp_path: Path) -> Any:
    """Return what imports items about windows that lie beside them."""
    foreign_qa.write_windows(tmp_path, 10)

    def run(items: list[Item], name: str = "items.json", **more: Any) -> ImportReport:
        settings = ImportSettings(**more.pop("settings", {}))
        return import_qa([foreign_qa.write_items(tmp_path / name, items)], tmp_path / "data", settings, **more)

    return run


def stored(folder: Path) -> list[QaItem]:
    return [item for split in SPLITS for item in read_qa(folder / f"qa-{split}.json")]


def said(folder: Path) -> list[tuple[str, str]]:
    texts = [[turn.text.removeprefix("<sensor>\n") for turn in item.conversations] for item in stored(folder)]
    return [(question, answer) for question, answer in texts]


def right(items: list[Item]) -> list[tuple[str, str]]:
    return [pair[1:] for pair in foreign_qa.said_in(items)]


def test_a_right_file_is_imported_as_it_is(imported: Any, tmp_path: Path):
    report = imported(foreign_qa.items(4))

    assert report.imported == {"read": 20, "kept": 20, "repaired": {}, "dropped": {}, "shifted": []}
    assert said(tmp_path / "data") == right(foreign_qa.items(4))
    assert stored(tmp_path / "data")[7].id == "phones/1_2"


def test_windows_are_stored_in_si_units_with_what_was_divided_multiplied_back(imported: Any, tmp_path: Path):
    imported(foreign_qa.items(4))
    store = WindowStore(tmp_path / "data")
    refs = [item.windows[0] for item in stored(tmp_path / "data")[::5]]

    assert len(store) == 4
    np.testing.assert_allclose(store.windows(refs), [foreign_qa.window(nth) for nth in range(4)], atol=1e-5)
    assert store.quality.tolist() == [32, 34, 32, 34]
    assert Quality(34) == Quality.UNITS_DETECTED | Quality.STATIONARY


def test_windows_in_si_units_stay_as_they_are(tmp_path: Path):
    foreign_qa.write_windows(tmp_path, 4, divided_by=1.0)
    import_qa([foreign_qa.write_items(tmp_path / "a.json", foreign_qa.items(4))], tmp_path / "data", ImportSettings())

    store = WindowStore(tmp_path / "data")
    np.testing.assert_allclose(store[0], foreign_qa.window(0), atol=1e-5)


def test_windows_without_gravity_are_refused(tmp_path: Path):
    (tmp_path / "images/phones").mkdir(parents=True)
    for nth in range(4):
        np.save(tmp_path / f"images/phones/sensor_image_{nth}.npy", np.random.default_rng(nth).normal(size=(120, 6)))
    source = foreign_qa.write_items(tmp_path / "a.json", foreign_qa.items(4))

    with pytest.raises(DataError, match=r"^the acceleration has no gravity, or an unknown unit"):
        import_qa([source], tmp_path / "data", ImportSettings())


def test_a_shifted_file_is_repaired_to_the_right_one_but_for_the_first_pairs(imported: Any, tmp_path: Path):
    report = imported(foreign_qa.items(8, is_shifted=True))

    assert said(tmp_path / "data") == right(foreign_qa.without_first(foreign_qa.items(8)))
    assert report.imported == {
        "read": 40,
        "kept": 32,
        "repaired": {"question put back to its answer": 24},
        "dropped": {"answers of a shifted file whose question is not in it": 8},
        "shifted": ["items.json"],
    }


def test_readings_are_taken_out_of_questions_and_stale_ones_counted(imported: Any, tmp_path: Path):
    items = foreign_qa.items(4)
    stale = foreign_qa.readings_text(foreign_qa.window(9))
    for nth, item in enumerate(items):
        text = stale if nth >= 15 else foreign_qa.readings_text(foreign_qa.window(nth // 5))
        item["conversations"][0]["value"] += text

    report = imported(items)

    assert said(tmp_path / "data") == right(foreign_qa.items(4))
    assert report.imported["repaired"] == {
        "readings of the window, as text, taken out of a question": 15,
        "readings of another window, as text, taken out of a question": 5,
    }


def test_wrong_statistics_are_taken_out_of_questions_and_answers_with_them_dropped(imported: Any, tmp_path: Path):
    items = foreign_qa.items(4)
    window = foreign_qa.window(0)
    across = np.var(window[:, :3] / 9.8, axis=1)
    items[0]["conversations"][0]["value"] += f"\nVariance of accelerometer: {across.round(4).tolist()}"
    items[1]["conversations"][1]["value"] = f"The variance of the acceleration reaches {across[3]:.6f}."

    report = imported(items)

    assert said(tmp_path / "data")[0] == right(foreign_qa.items(4))[0]
    assert report.imported["repaired"] == {"statistics across x, y and z, as text, taken out of a question": 1}
    assert report.imported["dropped"] == {"answer with statistics across x, y and z": 1}


def test_ids_are_made_unique_and_duplicates_and_empty_ones_dropped(imported: Any, tmp_path: Path):
    items = foreign_qa.items(3)
    items[6]["id"] = items[1]["id"]
    items.append(foreign_qa.items(3)[14])
    items[2]["conversations"][1]["value"] = "  "

    report = imported(items)

    assert [item.id for item in stored(tmp_path / "data")[4:7]] == ["phones/1_0", "phones/0_1~2", "phones/1_2"]
    assert report.imported["repaired"] == {"id that others have made unique": 1}
    assert report.imported["dropped"] == {
        "empty question or answer": 1,
        "the same question and answer about the same window again": 1,
    }
    assert [part["reason"] for part in report.prepared.left_out] == list(report.imported["dropped"])


def test_everything_that_was_read_is_kept_or_counted(imported: Any):
    items = foreign_qa.items(8, is_shifted=True)
    items[12]["conversations"][1]["value"] = ""
    items += items[3:9]

    report = imported(items)

    assert report.imported["read"] == report.imported["kept"] + sum(report.imported["dropped"].values())


def test_labels_people_and_splits_come_from_what_items_say(imported: Any, tmp_path: Path):
    items = foreign_qa.items(6)
    for nth, item in enumerate(items):
        window = nth // 5
        item |= {"label": "wlk" if window % 2 else "cheering", "user": window % 3, "dataset": "motion"}

    report = imported(items, settings={"label_map": (("wlk", "walking"),)})

    store = WindowStore(tmp_path / "data")
    assert store.subject_names == ["motionsense/00", "motionsense/01", "motionsense/02"]
    assert [source["name"] for source in store.manifest["sources"]] == ["motion/00", "motion/01", "motion/02"]
    assert store.manifest["splits"]["test"] == ["motionsense/02"]
    assert report.prepared.activities == {"walking": 3, "unknown": 3}
    assert report.imported["repaired"] == {'label that is no known activity: "cheering"': 15}
    assert {item.subject for item in read_qa(tmp_path / "data/qa-test.json")} == {"motionsense/02"}


def test_a_window_with_two_labels_has_none(imported: Any, tmp_path: Path):
    items = foreign_qa.items(2)
    items[0]["label"], items[1]["label"], items[5]["label"] = "walking", "sitting", "sitting"

    report = imported(items)

    assert WindowStore(tmp_path / "data").activity.tolist() == [-1, 3]
    assert report.imported["repaired"] == {"window with two labels": 1}


def test_the_kind_follows_from_what_is_asked(imported: Any, tmp_path: Path):
    items = [
        foreign_qa.item(0, 0, "What is the person doing?", "Walking."),
        foreign_qa.item(0, 1, "Describe the movement.", "Regular steps."),
        foreign_qa.item(0, 2, "Why is it regular?", "Steps are."),
    ]

    imported(items, settings={"skip_bad": False})

    assert [item.kind for item in stored(tmp_path / "data")] == ["activity", "caption", "reasoning"]


def test_sensorcaps_becomes_captions_of_windows_in_an_array(tmp_path: Path):
    np.save(tmp_path / "array.npy", np.stack([foreign_qa.window(nth) for nth in range(3)]))
    rows = [{"index": nth, "caption": f"Caption {nth}.", "narration": "First.", "label": "walking"} for nth in range(3)]
    source = tmp_path / "caps.jsonl"
    source.write_text("\n".join(map(json.dumps, rows)))

    import_qa([source], tmp_path / "data", ImportSettings(dataset="Caps"), windows=tmp_path / "array.npy")

    items = stored(tmp_path / "data")
    assert [(item.id, item.kind) for item in items[:2]] == [
        ("caps/0-caption", "caption"),
        ("caps/0-narration", "reasoning"),
    ]
    assert WindowStore(tmp_path / "data").activity.tolist() == [0, 0, 0]


def generated(nth: int) -> dict[str, Any]:
    text = f"Summary: walking\n{foreign_qa.readings_text(foreign_qa.window(nth))}\nFeatures: Steps."
    pairs = foreign_qa.as_text(foreign_qa.pairs(nth))
    return {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": pairs}]}


def test_opensqa_as_generated_takes_its_windows_from_an_array_or_says_what_is_lost(tmp_path: Path):
    source = tmp_path / "train_uci_v2.jsonl"
    source.write_text("\n".join(json.dumps(generated(nth)) for nth in range(4)))
    np.save(tmp_path / "array.npy", np.stack([foreign_qa.window(nth) for nth in range(4)]))

    with pytest.raises(DataError) as caught:
        import_qa([source], tmp_path / "data", ImportSettings())
    import_qa([source], tmp_path / "slow", ImportSettings(allow_upsample=True))
    import_qa([source], tmp_path / "fast", ImportSettings(), windows=tmp_path / "array.npy")

    assert str(caught.value) == (
        "the item holds its window as readings at 10 Hz, windows need 20 Hz\n"
        f"  where: {source}:1:1\n"
        "  fix:   pass the array that it was made from with `--windows data_20_120.npy`, or pass `--allow-upsample`: "
        "the windows will hold nothing above 5 Hz"
    )
    slow, fast = WindowStore(tmp_path / "slow"), WindowStore(tmp_path / "fast")
    np.testing.assert_allclose(fast[0], foreign_qa.window(0), atol=1e-6)
    np.testing.assert_allclose(slow[0], fast[0], atol=1.0)
    assert (slow.quality[0] & Quality.UPSAMPLED, fast.quality[0] & Quality.UPSAMPLED) == (16, 0)
    assert len(stored(tmp_path / "fast")) == len(stored(tmp_path / "slow")) == 24
    assert fast.subject_names == ["hapt/unknown"]


def test_items_about_two_windows_stand_with_both(imported: Any, tmp_path: Path):
    item = foreign_qa.item(0, 0, "Which is faster?", "The second.")
    item["image"] = [f"images/phones/sensor_image_{nth}.npy" for nth in (0, 2)]
    item["conversations"][0]["value"] = "<image><image>Which is faster?"

    imported([item])

    (found,) = stored(tmp_path / "data")
    assert found.conversations[0].text == "<sensor>\n<sensor>\nWhich is faster?"
    np.testing.assert_allclose(
        WindowStore(tmp_path / "data").windows(found.windows)[1], foreign_qa.window(2), atol=1e-5
    )


def test_a_window_under_two_names_is_stored_once(imported: Any, tmp_path: Path):
    samples = foreign_qa.window(0)
    samples[:, :3] /= 9.8
    np.save(tmp_path / "images/phones/sensor_image_77.npy", samples)

    imported([*foreign_qa.items(1), foreign_qa.item(77, 0, "Once more?", "Yes.")])

    assert len(WindowStore(tmp_path / "data")) == 1
    assert len({item.windows for item in stored(tmp_path / "data")}) == 1


def test_bad_items_are_refused_or_skipped_and_counted(imported: Any, tmp_path: Path):
    items = [*foreign_qa.items(2), foreign_qa.item(99, 0, "What?", "That."), {"id": "none"}]

    with pytest.raises(DataError, match=r"^the item names no window"):
        imported(items)
    with pytest.raises(DataError, match=r'^there is no window file "images/phones/sensor_image_99\.npy"'):
        imported(items[:-1])
    report = imported(items, settings={"skip_bad": True})

    assert report.imported["dropped"] == {"window that is missing or damaged": 1, "item that cannot be read": 1}
    assert len(stored(tmp_path / "data")) == 10


def test_nothing_left_is_an_error(imported: Any, tmp_path: Path):
    with pytest.raises(DataError) as caught:
        imported([foreign_qa.item(99, 0, "What?", "That.")], settings={"skip_bad": True})

    assert str(caught.value) == (
        f"not one item is left\n  where: {tmp_path / 'items.json'}\n  fix:   see why with `llasa inspect FILE --audit`"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images", "items.json"]


def test_the_same_import_is_already_done_and_another_is_refused(imported: Any, tmp_path: Path):
    first = imported(foreign_qa.items(3))
    again = imported(foreign_qa.items(3))

    assert again.prepared.was_done
    assert again.imported == first.imported
    with pytest.raises(UsageError) as caught:
        imported(foreign_qa.items(4))
    assert str(caught.value) == (
        f"the data folder was made from other files\n  where: {tmp_path / 'data'}\n"
        "  fix:   pass `--fresh` to replace it, or another `--out`"
    )
    assert imported(foreign_qa.items(4), fresh=True).imported["kept"] == 20


def test_the_same_files_give_the_same_bytes(imported: Any, tmp_path: Path):
    imported(foreign_qa.items(5, is_shifted=True))
    before = {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()}
    imported(foreign_qa.items(5, is_shifted=True), fresh=True)

    assert {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()} == before


def test_merging_keeps_imported_items(imported: Any, tmp_path: Path):
    imported(foreign_qa.items(3))
    (tmp_path / "data").rename(tmp_path / "one")
    more = [{**item, "dataset": "others"} for item in foreign_qa.items(6)[15:]]
    imported(more)

    merge([tmp_path / "one", tmp_path / "data"], tmp_path / "both")

    assert sorted(said(tmp_path / "both")) == sorted(said(tmp_path / "one") + said(tmp_path / "data"))


def test_shards_say_what_windows_are(imported: Any, tmp_path: Path):
    imported(foreign_qa.items(3))

    with h5py.File(tmp_path / "data/windows-00000.h5") as shard:
        assert shard["samples"].shape == (3, 120, 6)
        assert shard["start_s"][:].tolist() == [0.0, 6.0, 12.0]
        assert shard.attrs["sampling_rate_hz"] == 20.0


def test_the_report_is_for_people_too(imported: Any):
    text = str(imported(foreign_qa.items(8, is_shifted=True)))

    assert text.endswith(
        "40 items read, 32 kept\n"
        "  repaired: question put back to its answer: 24\n"
        "  dropped: answers of a shifted file whose question is not in it: 8\n"
        "  the pairs of items.json were shifted"
    )
