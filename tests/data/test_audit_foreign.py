from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from samples import foreign_qa

from llasa_core.data.audit.audit import audit
from llasa_core.data.importers.importing import ImportSettings, import_qa

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.data.audit.finding import Finding

Item = foreign_qa.Item
N_WINDOWS = 12
STRAY = "pairs: an answer about the other sensor than its question"


@pytest.fixture
def audited(tmp_path: Path) -> Callable[..., dict[str, Finding]]:
    """Return what writes items beside their windows and audits them."""
    foreign_qa.write_windows(tmp_path, N_WINDOWS)

    def run(items: list[Item], **more: Any) -> dict[str, Finding]:
        report = audit(foreign_qa.write_items(tmp_path / "items.json", items), **more)
        return {f"{one.check}: {one.message}": one for one in report.findings}

    return run


def test_nothing_is_found_in_a_right_file(audited: Any):
    assert audited(foreign_qa.items(N_WINDOWS)) == {}


def test_the_shift_of_the_published_parser_is_found(audited: Any, tmp_path: Path):
    found = audited(foreign_qa.items(N_WINDOWS, is_shifted=True))

    message = (
        "pairs: an answer that stands at the question after its own: the last question stands twice in 12 of 12 "
        "windows, as the published parser writes it"
    )
    assert set(found) == {message, STRAY}
    assert (found[message].severity, found[message].count) == ("error", 48)
    assert found[message].examples == (f"{tmp_path / 'items.json'}:1:2",)
    assert (found[STRAY].severity, found[STRAY].count) == ("error", 24)


def test_a_shift_is_found_by_words_alone(audited: Any):
    items = [item for item in foreign_qa.items(N_WINDOWS, is_shifted=True) if not item["id"].endswith("_4")]

    (message,) = [key for key in audited(items) if "stands at the question" in key]

    assert message.startswith("pairs: an answer that stands at the question after its own: ")
    assert message.endswith(" answers share their words with the question beside, 0 with their own")


def test_what_was_repaired_has_nothing_to_find(audited: Any, tmp_path: Path):
    audited(foreign_qa.items(N_WINDOWS, is_shifted=True))
    import_qa([tmp_path / "items.json"], tmp_path / "data", ImportSettings())

    report = audit(tmp_path / "data")

    assert (report.items, report.findings) == (4 * N_WINDOWS, ())


def test_one_stray_answer_among_many_is_worth_a_look(audited: Any):
    items = foreign_qa.items(N_WINDOWS) * 5
    for nth, item in enumerate(items):
        items[nth] = {**item, "id": str(nth)}
    items[0] = foreign_qa.item(0, 0, "What does the gyroscope show?", "Peaks of acceleration.")

    assert (audited(items)[STRAY].severity, audited(items)[STRAY].count) == ("warning", 1)


def test_stale_readings_and_those_of_the_window_are_told_apart(audited: Any):
    items = foreign_qa.items(4)
    for nth, item in enumerate(items):
        text = foreign_qa.readings_text(foreign_qa.window(9 if nth < 5 else nth // 5))
        item["conversations"][0]["value"] += f"\n{text}"

    found = audited(items)

    stale = found["readings: a question with the readings of another window"]
    assert (stale.severity, stale.count) == ("error", 5)
    repeated = found["readings: a question that repeats its window as text"]
    assert (repeated.severity, repeated.count) == ("warning", 15)


def test_one_text_under_several_windows_is_stale_even_where_no_window_is_found(tmp_path: Path):
    items = foreign_qa.items(4)
    for item in items:
        item["conversations"][0]["value"] += f"\n{foreign_qa.readings_text(foreign_qa.window(1))}"

    report = audit(foreign_qa.write_items(tmp_path / "items.json", items))

    found = {one.message: (one.severity, one.count) for one in report.findings}
    assert found["a text of readings that stands under several windows"] == ("error", 1)
    assert found["an item whose window cannot be read, as none can: what it says of the signal was not checked"] == (
        "warning",
        20,
    )


def test_statistics_across_the_axes_are_found_in_questions_and_answers(audited: Any):
    items = foreign_qa.items(4)
    across = np.var(foreign_qa.window(0)[:, :3], axis=1)
    items[0]["conversations"][0]["value"] += f"\nVariance of accelerometer: {across.tolist()}"
    items[1]["conversations"][1]["value"] = f"By the gyroscope, and a variance of {across[5]:.5f}."

    found = audited(items)

    assert found["readings: a question with statistics across x, y and z instead of over time"].count == 1
    assert found["readings: an answer with statistics across x, y and z instead of over time"].count == 1


def test_activities_are_held_against_labels(audited: Any):
    items = foreign_qa.items(4)
    for item in items:
        item["label"] = foreign_qa.ACTIVITIES[int(item["id"].partition("_")[0]) % 4]
    items[0]["label"] = "wlk"
    items[3]["conversations"][1]["value"] = "The user is probably jogging along."
    items[5]["conversations"][1]["value"] = "The person is not walking."

    found = audited(items)

    assert (
        found["claims: an answer whose activity its window contradicts"]
        .examples[0]
        .endswith('the answer says "jogging", the label "walking"')
    )
    assert found["claims: an answer whose activity its window contradicts"].count == 1


def test_without_a_label_the_movement_itself_contradicts(audited: Any):
    still = foreign_qa.item(1, 0, "What is the person doing?", "Jogging.")
    fast = foreign_qa.item(2, 0, "What is the person doing?", "The person is sitting calmly.")

    (finding,) = audited([still, fast]).values()

    assert [example.partition(": ")[2][:50] for example in finding.examples] == [
        'the answer says "jogging", and the device is at re',
        'the answer says "sitting", and the movement is vig',
    ]


def test_numbers_that_are_nowhere_in_the_signal_are_worth_a_look(audited: Any):
    items = foreign_qa.items(4)
    items[0]["conversations"][1]["value"] = "The accelerometer peaks at 57.3 m/s²."

    (finding,) = audited(items).values()

    assert (finding.message, finding.severity) == ("an answer with a number that is nowhere in its window", "warning")
    assert finding.examples[0].endswith("57.3 m/s^2 is larger than anything in the signal")


def test_broken_items_missing_windows_and_unknown_keys_are_named(audited: Any):
    items = [
        *foreign_qa.items(2),
        foreign_qa.item(99, 0, "What?", "That."),
        {"id": "x", "image": "a.npy"},
        {**foreign_qa.item(1, 7, "Why?", "So."), "mood": "fine"},
    ]

    found = audited(items)

    assert {key: (one.severity, one.count) for key, one in found.items()} == {
        "broken: an item that breaks the schema": ("error", 1),
        "broken: an item whose window is missing or damaged": ("error", 1),
        "broken: an item with a key that nobody knows": ("warning", 1),
    }
    assert (
        found["broken: an item that breaks the schema"]
        .examples[0]
        .endswith("the item has neither `conversations` nor a `question` with its `answer`")
    )


def test_duplicates_and_empty_answers_are_found(audited: Any):
    items = foreign_qa.items(3)
    items[4]["conversations"][1]["value"] = ""
    items.append(items[7])

    assert {key: (one.severity, one.count) for key, one in audited(items).items()} == {
        "duplicates: an id that an item before it has": ("error", 1),
        "duplicates: an item that says what one before it says of the same windows": ("warning", 1),
        "length: an empty question or answer": ("error", 1),
    }


def test_questions_that_name_the_activity_are_found(audited: Any):
    items = [
        foreign_qa.item(0, 0, "Which activity is this walking?", "Walking."),
        foreign_qa.item(0, 1, "How does walking show in the gyroscope?", "Walking shows as slow rotation."),
        foreign_qa.item(0, 2, "Is the person walking?", "Yes, walking."),
        foreign_qa.item(0, 3, "Is it walking, sitting or lying?", "Walking."),
    ]

    assert {key: (one.severity, one.count) for key, one in audited(items).items()} == {
        "giveaways: a question for the activity that names it": ("error", 1),
        "giveaways: an open question that names the activity of its answer": ("warning", 1),
    }


def test_windows_of_an_array_and_other_forms_are_audited(tmp_path: Path):
    np.save(tmp_path / "array.npy", np.stack([foreign_qa.window(nth) for nth in range(3)]))
    rows = [{"index": nth, "caption": "A caption.", "label": "hopping"} for nth in range(3)]
    (tmp_path / "caps.jsonl").write_text("\n".join(map(json.dumps, rows)))

    report = audit(tmp_path / "caps.jsonl", windows=tmp_path / "array.npy")

    assert (report.items, report.with_windows) == (3, 3)
    assert [(one.message, one.count) for one in report.findings] == [
        ("an item with a label that is no known activity", 3)
    ]


def test_a_report_is_an_object_and_a_text(tmp_path: Path):
    foreign_qa.write_windows(tmp_path, 2)
    items = foreign_qa.items(2)
    items[1]["conversations"][1]["value"] = ""
    path = foreign_qa.write_items(tmp_path / "items.json", items)
    column = path.read_text().index('{"id": "0_1"') + 1

    report = audit(path)

    assert report.as_dict() == {
        "path": str(path),
        "files": ["items.json"],
        "items": 10,
        "exchanges": 10,
        "items_with_windows": 10,
        "errors": 1,
        "warnings": 0,
        "must_be_repaired": True,
        "findings": [
            {
                "check": "length",
                "severity": "error",
                "message": "an empty question or answer",
                "count": 1,
                "examples": (f"{path}:1:{column}: no answer",),
                "fix": "repair the items, or leave them out: `llasa import-qa FILE --out DATA --skip-bad`",
            }
        ],
    }
    assert str(report).splitlines() == [
        f"{path}: 10 items with 10 questions, 10 checked against their windows",
        "",
        "error: length: an empty question or answer",
        f"  {path}:1:{column}: no answer",
        "  fix: repair the items, or leave them out: `llasa import-qa FILE --out DATA --skip-bad`",
        "",
        "must be repaired",
    ]
