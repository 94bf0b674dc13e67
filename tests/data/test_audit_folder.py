from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest
from samples import foreign_qa

from llasa_core.data.audit.audit import audit
from llasa_core.data.facts import facts_of
from llasa_core.data.grounded.items import items_of
from llasa_core.data.grounded.measured import MeasuredRecording, measured
from llasa_core.data.importers.importing import ImportSettings, import_qa
from llasa_core.data.prepare import PrepareSettings, prepare
from llasa_core.data.qa import write_qa
from llasa_core.data.split import SPLITS, split_of
from llasa_core.data.store import WindowStore
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from llasa_core.data.audit.report import AuditReport
    from llasa_core.data.qa import QaItem

Item = foreign_qa.Item
N_WINDOWS = 64


def grounded(store: WindowStore, split: str) -> Iterator[QaItem]:
    """Yield what the generator asks about the windows of a split."""
    names = store.activity_names
    seen = [names[code] for code in np.unique(store.activity).tolist() if code >= 0]
    for source in np.unique(store.source).tolist():
        rows = np.flatnonzero(store.source == source)
        subject = store.subject_names[store.subject[rows[0]]]
        if split_of(subject) == split:
            facts = facts_of(store.take(rows), store.sampling_rate_hz)
            activities = [names[code] if code >= 0 else None for code in store.activity[rows].tolist()]
            windows = measured(facts, activities, store.start_s[rows].tolist())
            name = store.manifest["sources"][source]["name"]
            yield from items_of(MeasuredRecording(name, subject, store.refs(rows), windows, store.window_s), seen, 7)


def labelled() -> list[Item]:
    """Return items that tell the label and the person of each window."""
    found = foreign_qa.items(N_WINDOWS)
    for item in found:
        nth = int(item["id"].partition("_")[0])
        item |= {"label": foreign_qa.ACTIVITIES[nth % 4], "user": 1 + nth // 4 % 4, "dataset": "motion"}
    return found


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder of the generator's items about four people, one of them in the test split."""
    folder = tmp_path_factory.mktemp("built")
    foreign_qa.write_windows(folder, N_WINDOWS)
    import_qa([foreign_qa.write_items(folder / "items.json", labelled())], folder / "data", ImportSettings())
    store = WindowStore(folder / "data")
    for split in SPLITS:
        write_qa(folder / "data" / f"qa-{split}.json", grounded(store, split))
    return folder / "data"


@pytest.fixture
def data(built: Path, tmp_path: Path) -> Path:
    """Return a copy of it."""
    return shutil.copytree(built, tmp_path / "data")


def items(folder: Path, split: str = "train") -> list[Item]:
    found: list[Item] = json.loads((folder / f"qa-{split}.json").read_text())
    return found


def write(folder: Path, found: list[Item], split: str = "train") -> None:
    (folder / f"qa-{split}.json").write_text("[\n" + ",\n".join(map(json.dumps, found)) + "\n]\n")


def claiming(found: list[Item], fact: str, is_meant: Callable[[str], bool] = bool) -> Item:
    """Return the first item with one question, whose claims begin with this fact."""
    return next(
        item
        for item in found
        if len(item["conversations"]) == 2
        and item["facts"].get("claims", [{}])[0].get("fact") == fact
        and is_meant(item["conversations"][1]["value"])
    )


def found_in(report: AuditReport) -> dict[str, tuple[str, int]]:
    """Return severity and count of each finding."""
    return {f"{one.check}: {one.message}": (one.severity, one.count) for one in report.findings}


CONTRADICTED = "claims: a claim that the window contradicts"
SAYS_OTHER = "claims: an answer that says other than it claims"
NO_ANSWER = "pairs: an answer that does not answer its question"


def test_nothing_is_found_in_what_the_generator_writes(data: Path):
    report = audit(data)

    assert report.items > 500
    assert report.with_windows == report.items
    assert found_in(report) == {}
    assert not report.must_be_repaired


def test_nothing_is_found_in_what_prepare_writes(make_hapt: Callable[..., None], tmp_path: Path):
    make_hapt(tmp_path / "RawData", users=(1, 3), seconds=60)
    prepare([tmp_path / "RawData"], tmp_path / "data", PrepareSettings(), workers=1)

    assert found_in(audit(tmp_path / "data")) == {}


def change_claim(found: list[Item]) -> Item:
    item = claiming(found, "turning_dps")
    item["facts"]["claims"][0]["value"] += 25
    item["conversations"][1]["value"] = f"At {item['facts']['claims'][0]['value']:g} degrees a second."
    return item


def change_number(found: list[Item]) -> Item:
    item = claiming(found, "turning_dps")
    item["conversations"][1]["value"] = "At 987 degrees a second."
    return item


def change_activity(found: list[Item]) -> Item:
    item = next(item for item in found if item["id"].endswith("activity-0"))
    item["conversations"][1]["value"] = "Lying."
    return item


def change_label(found: list[Item]) -> Item:
    item = next(item for item in found if item["id"].endswith("activity-0"))
    other = "sitting" if item["facts"]["activity"] == "walking" else "walking"
    item["facts"]["activity"], item["conversations"][1]["value"] = other, f"{other.capitalize()}."
    return item


def change_moving(found: list[Item]) -> Item:
    item = claiming(found, "moving")
    claim = item["facts"]["claims"][0]
    claim["value"] = not claim["value"]
    return item


def deny_rhythm(found: list[Item]) -> Item:
    item = claiming(found, "rhythmic")
    answer = item["conversations"][1]["value"]
    item["conversations"][1]["value"] = "No." if answer.startswith("Yes") else "Yes."
    return item


def change_yes_no(found: list[Item]) -> Item:
    item = next(item for item in found if item["conversations"][1]["value"] == "Yes." and item["kind"] == "activity")
    item["conversations"][1]["value"] = "No."
    return item


def change_axis(found: list[Item]) -> Item:
    item = claiming(found, "strongest_gyr", lambda answer: answer.startswith("The "))
    answer = item["conversations"][1]["value"]
    item["conversations"][1]["value"] = "The y axis." if answer != "The y axis." else "The x axis."
    return item


def change_intensity(found: list[Item]) -> Item:
    word = re.compile(r"^(?:Still|Light|Moderate)(?=[.,])")
    item = next(item for item in found if any(word.match(turn["value"]) for turn in item["conversations"][1::2]))
    for turn in item["conversations"][1::2]:
        turn["value"] = word.sub("Vigorous", turn["value"])
    return item


def change_order(found: list[Item]) -> Item:
    item = claiming(found, "more_vigorous")
    item["facts"]["claims"][0]["value"] = {"first": "second"}.get(item["facts"]["claims"][0]["value"], "first")
    return item


def change_question(found: list[Item]) -> Item:
    item = claiming(found, "turning_dps")
    item["conversations"][0]["value"] = "<sensor>\nWhat is the cadence?"
    return item


def ask_other_channel(found: list[Item]) -> Item:
    asked = re.compile(r"(?:acceleration on|angular rate about) the ([xyz]) axis")
    item = next(item for item in found if asked.search(item["conversations"][-2]["value"]))
    turn = item["conversations"][-2]
    axis = asked.search(turn["value"])[1]
    turn["value"] = turn["value"].replace(f"the {axis} axis", f"the {'y' if axis == 'x' else 'x'} axis")
    return item


def answer_with_other_sensor(found: list[Item]) -> Item:
    item = claiming(found, "turning_dps")
    item["conversations"][0]["value"] = "<sensor>\nHow large is the acceleration?"
    return item


def answer_open_with_yes(found: list[Item]) -> Item:
    item = claiming(found, "dominant_hz")
    item["conversations"][1]["value"] = "Yes."
    return item


def ask_openly_with_name(found: list[Item]) -> Item:
    item = next(item for item in found if item["id"].endswith("activity-0"))
    activity = item["facts"]["activity"]
    item["conversations"][0]["value"] = f"<sensor>\nWhat is the {activity} person doing?"
    return item


def empty(found: list[Item]) -> Item:
    found[3]["conversations"][1]["value"] = " "
    return found[3]


def leave_out_placeholder(found: list[Item]) -> Item:
    found[3]["conversations"][0]["value"] = "What is the person doing?"
    return found[3]


def lose_window(found: list[Item]) -> Item:
    found[3]["windows"][0]["row"] = 999
    return found[3]


def repeat_id(found: list[Item]) -> Item:
    found[5]["id"] = found[2]["id"]
    return found[5]


def another_subject(found: list[Item]) -> Item:
    found[3]["subject"] = "motionsense/30"
    return found[3]


def unknown_label(found: list[Item]) -> Item:
    item = next(item for item in found if item["id"].endswith("activity-0"))
    item["facts"]["activity"] = "cheering"
    item["conversations"][1]["value"] = "Cheering."
    return item


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (change_claim, CONTRADICTED),
        (change_label, CONTRADICTED),
        (change_moving, CONTRADICTED),
        (change_order, CONTRADICTED),
        (change_number, SAYS_OTHER),
        (change_activity, SAYS_OTHER),
        (deny_rhythm, SAYS_OTHER),
        (change_yes_no, SAYS_OTHER),
        (change_axis, SAYS_OTHER),
        (change_intensity, SAYS_OTHER),
        (change_question, NO_ANSWER),
        (ask_other_channel, NO_ANSWER),
        (answer_open_with_yes, NO_ANSWER),
        (answer_with_other_sensor, "pairs: an answer about the other sensor than its question"),
        (ask_openly_with_name, "giveaways: a question for the activity that names it"),
        (empty, "length: an empty question or answer"),
        (leave_out_placeholder, "broken: an item that breaks the schema"),
        (lose_window, "broken: an item whose window is missing or damaged"),
        (repeat_id, "duplicates: an id that an item before it has"),
        (another_subject, "leaks: an item with another subject than its window"),
        (unknown_label, "labels: an item with a label that is no known activity"),
    ],
)
def test_each_fault_is_found_once_where_it_is(data: Path, fault: Callable[[list[Item]], Item], message: str):
    found = items(data)
    changed = fault(found)
    write(data, found)

    report = audit(data)

    assert found_in(report)[message] == ("error", 1)
    assert report.must_be_repaired
    (finding,) = [one for one in report.findings if f"{one.check}: {one.message}" == message]
    line = 2 + next(nth for nth, item in enumerate(found) if item is changed)
    assert finding.examples[0].startswith(f"{data / 'qa-train.json'}:{line}:1")


def test_an_item_in_another_split_is_a_leak(data: Path):
    write(data, [*items(data, "test"), {**items(data)[0], "id": "another"}], "test")

    assert found_in(audit(data)) == {
        "leaks: an item about a window of another split": ("error", 1),
        "duplicates: an item that says what one before it says of the same windows": ("warning", 1),
    }


def test_a_person_in_two_splits_is_a_leak(data: Path):
    manifest = json.loads((data / "manifest.json").read_text())
    manifest["splits"]["test"].append("motionsense/01")
    (data / "manifest.json").write_text(json.dumps(manifest))

    assert found_in(audit(data))["leaks: a subject in train and in test"] == ("error", 1)


def test_windows_with_the_same_samples_in_two_splits_are_a_leak(data: Path):
    store = WindowStore(data)
    tested, trained = store.rows("test")[0], store.rows("train")[0]
    with h5py.File(data / "windows-00000.h5", "a") as shard:
        shard["samples"][tested] = shard["samples"][trained]

    found = found_in(audit(data))

    assert found["leaks: windows with the same samples in train and in test: 1"] == ("error", 1)


def test_what_is_never_the_answer_should_not_be_offered(data: Path):
    found = items(data)
    item = next(item for item in found if item["id"].endswith("activity-0"))
    item["conversations"][0]["value"] = "<sensor>\nIs the person walking, sitting, jogging or biking?"
    write(data, found)

    assert found_in(audit(data)) == {"labels: a question that offers an activity which no window has": ("warning", 1)}


def test_long_items_are_named(data: Path):
    found = audit(data, max_tokens=60)

    (finding,) = [one for one in found.findings if one.check == "length"]
    assert finding.message == "an item of more than 60 tokens, estimated by its letters"
    assert finding.severity == "warning"
    assert not found.must_be_repaired


def test_too_many_yes_are_told(data: Path):
    found = [item for item in items(data) if not item["conversations"][1]["value"].startswith("No,")]
    found = [item for item in found if not item["id"].endswith("activity-1")]
    write(data, found * 4)
    write(data, [], "test")
    write(data, [], "val")

    messages = [one.message for one in audit(data).findings if one.check == "balance"]
    assert messages == ["imbalance of answers: 100 % of the questions for one activity are answered by yes"]


def test_one_activity_that_outnumbers_the_others_is_told(data: Path):
    found = [
        item for nth, item in enumerate(items(data)) if item["facts"].get("activity") != "sitting" or nth % 40 == 0
    ]
    found = [item for item in found if len(item["windows"]) == 1 and "activity" in item["facts"]]
    for split in SPLITS:
        write(data, found if split == "train" else [], split)

    messages = [one.message for one in audit(data).findings if one.check == "balance"]
    assert any(message.startswith("imbalance of activities: ") and "walking" in message for message in messages)


def test_a_line_that_is_no_json_is_an_error_with_its_place(data: Path):
    lines = (data / "qa-train.json").read_text().splitlines()
    (data / "qa-train.json").write_text("\n".join([*lines[:4], lines[4][:-30], *lines[5:]]))

    with pytest.raises(DataError) as caught:
        audit(data)
    assert caught.value.message == "not JSON: invalid control character"
    assert str(caught.value.where).startswith(f"{data / 'qa-train.json'}:5:")


def test_a_folder_without_questions_has_nothing_to_find(make_hapt: Callable[..., None], tmp_path: Path):
    make_hapt(tmp_path / "RawData", users=(1, 3), seconds=30)
    prepare([tmp_path / "RawData"], tmp_path / "data", PrepareSettings(qa="none"), workers=1)

    report = audit(tmp_path / "data")

    assert (report.items, report.findings) == (0, ())


def test_what_is_no_data_is_refused(tmp_path: Path):
    with pytest.raises(DataError) as caught:
        audit(tmp_path / "none")
    assert str(caught.value) == (
        f"there is nothing to audit\n  where: {tmp_path / 'none'}\n  fix:   name a data folder, or a file of items"
    )
