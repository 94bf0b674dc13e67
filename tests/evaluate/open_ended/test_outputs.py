from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from llasa_core.errors import DataError
from llasa_core.eval_settings import EvalConfig
from llasa_core.evaluate.open_ended.comparison import compare_answers
from llasa_core.evaluate.open_ended.items import single_questions
from llasa_core.evaluate.open_ended.outputs import score_outputs

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.open_ended.items import OpenItem

CONFIG = EvalConfig(bootstrap=100)


def written(path: Path, *lines: Any) -> Path:
    """Write a file of answers; a text is a line as it is."""
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def answer_to(item: OpenItem, text: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a line as LLaVA writes it."""
    return {"question_id": item.id, "prompt": item.question, "text": text or item.reference, **more}


def test_references_are_all_right(asked: WindowStore, tmp_path: Path):
    items = single_questions(asked, "test")
    file = written(tmp_path / "theirs.jsonl", *(answer_to(item, model_id="their-7b") for item in items))
    found = score_outputs(file, asked, CONFIG, seed=7).as_dict()

    assert (found["model"], found["answers"], found["problems"]) == ("their-7b", len(items), {})
    assert found["unanswered"] == {"count": 0, "ids": []}
    assert found["closed_set"]["accuracy"] == 1
    assert found["closed_set"]["unclear"] == 0
    assert found["open_ended"]["rubric"]["overall"]["mean"] == 100
    assert found["facts"]["numbers_right"] == 1
    assert found["open_ended"]["questions"] + found["closed_set"]["answers"] == len(items)


def test_every_line_that_cannot_be_scored_is_counted_and_named(asked: WindowStore, tmp_path: Path):
    items = single_questions(asked, "test")
    file = written(
        tmp_path / "theirs.jsonl",
        answer_to(items[0]),
        "not JSON at all",
        answer_to(items[1]),
        answer_to(items[1], "Again."),
        {"question_id": items[2].id},
        {"question_id": "nobody/knows", "text": "Walking."},
        ["a", "list"],
        "",
        {"text": "Walking."},
        {"question_id": items[3].id, "text": ""},
        '{"question_id": "cut',
    )
    result = score_outputs(file, asked, CONFIG, seed=7)

    assert result.as_dict()["problems"] == {
        "not JSON": {"count": 2, "lines": [2, 11]},
        "no `text`": {"count": 1, "lines": [5]},
        "no JSON object": {"count": 1, "lines": [7]},
        "no `question_id` and no window": {"count": 1, "lines": [9]},
        "a question that an earlier line answered": {"count": 1, "lines": [4]},
        "a `question_id` that no question has": {"count": 1, "lines": [6]},
        "no words in `text`": {"count": 1, "lines": [10]},
    }
    assert result.n_matched == 3
    assert len(result.unanswered) == len(items) - 3
    assert "2 lines: not JSON (2, 11)" in result.lines()
    assert result.file.model == "theirs"


def test_lines_without_our_ids_are_found_by_window_and_prompt(asked: WindowStore, tmp_path: Path):
    items = [item for item in single_questions(asked, "test") if len(item.rows) == 1 and item.kind != "activity"][:3]
    refs = [asked.refs(item.rows)[0] for item in items]
    plain = next(item for item in single_questions(asked, "test") if item.id.endswith("/activity-0"))
    file = written(
        tmp_path / "theirs.jsonl",
        {"question_id": 0, "window": f"{refs[0].file}/{refs[0].row}", "prompt": items[0].question, "text": "A."},
        {"image": f"{refs[1].file}:/samples[{refs[1].row}]", "prompt": f"<image>\n{items[1].question}", "text": "B."},
        {
            "metadata": {"windows": [{"file": refs[2].file, "row": refs[2].row}]},
            "prompt": items[2].question.upper(),
            "text": "C.",
        },
        {"image": f"windows-00000.h5/{plain.rows[0]}", "text": plain.reference},
        {"image": f"windows-00000.h5/{plain.rows[0]}", "prompt": "Is it Tuesday?", "text": "No."},
        {"image": "windows-00009.h5/1", "text": "Walking."},
    )
    result = score_outputs(file, asked, CONFIG, seed=7)

    texts = dict(zip((case.item.id for case in result.open_ended.cases), result.open_ended.answers, strict=True))
    assert [texts[item.id].text for item in items] == ["A.", "B.", "C."]
    assert result.closed_set is not None
    assert (result.closed_set.accuracy.n, result.closed_set.accuracy.value) == (1, 1)
    assert result.file.problems.lines == {
        "a window that the split does not hold, or with which the prompt is not asked": [5, 6]
    }


@pytest.mark.parametrize(
    ("text", "is_right", "is_unclear"),
    [
        ("Walking.", True, False),
        ("The person is walking at a brisk pace.", True, False),
        ("The identified class is: walking", True, False),
        ("Sitting.", False, False),
        ("Walking or sitting.", False, True),
        ("I cannot say.", False, True),
        ("It is not sitting, it is walking.", True, False),
    ],
)
def test_the_activity_is_read_from_free_words(
    asked: WindowStore,
    tmp_path: Path,
    text: str,
    *,
    is_right: bool,
    is_unclear: bool,
):
    item = next(
        item
        for item in single_questions(asked, "test")
        if item.id.endswith("/activity-0") and item.facts["activity"] == "walking"
    )
    result = score_outputs(written(tmp_path / "a.jsonl", answer_to(item, text)), asked, CONFIG, seed=7)

    assert result.closed_set is not None
    assert (result.closed_set.accuracy.value, result.closed_set.n_unclear) == (float(is_right), int(is_unclear))
    assert result.open_ended.cases == ()
    assert result.sections()[0].title == "Answers of a"


def test_a_file_that_answers_nothing_here_is_refused(asked: WindowStore, tmp_path: Path):
    file = written(tmp_path / "a.jsonl", {"question_id": "their/1", "text": "Walking."})
    with pytest.raises(DataError) as caught:
        score_outputs(file, asked, CONFIG, seed=7)

    assert str(caught.value) == (
        f'none of its 1 answers is to a question of {asked.folder}: it has ids like "their/1", the questions like '
        '"made/06/0/activity-0"\n'
        f"  where: {file}\n"
        "  fix:   answer the questions of this data folder and split, and repeat their `id` as `question_id`"
    )


def test_a_file_without_an_answer_is_refused(asked: WindowStore, tmp_path: Path):
    with pytest.raises(DataError) as caught:
        score_outputs(written(tmp_path / "a.jsonl", "[]", "nonsense"), asked, CONFIG, seed=7)

    assert str(caught.value) == (
        "the file holds no answer: 2 lines cannot be read\n"
        f"  where: {tmp_path / 'a.jsonl'}\n"
        '  fix:   write one JSON object a line, as {"question_id": "hapt/…/caption-1", "text": "…"}'
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _file: None, "there is no such file of answers"),
        (lambda file: file.mkdir(), "a folder is no file of answers"),
        (lambda file: file.write_bytes(b"\xff\xfe\xfa"), "the file is not UTF-8: invalid start byte"),
    ],
)
def test_what_is_no_file_of_answers_is_said(asked: WindowStore, tmp_path: Path, make: Any, message: str):
    make(tmp_path / "a.jsonl")
    with pytest.raises(DataError) as caught:
        score_outputs(tmp_path / "a.jsonl", asked, CONFIG, seed=7)

    assert (caught.value.message, caught.value.where) == (message, str(tmp_path / "a.jsonl"))


def test_two_files_are_compared_over_what_both_answer(asked: WindowStore, tmp_path: Path):
    items = [item for item in single_questions(asked, "test") if item.kind == "caption"]
    ours = written(tmp_path / "ours.jsonl", *(answer_to(item) for item in items[:8]))
    theirs = written(tmp_path / "theirs.jsonl", *(answer_to(item, "Jogging.") for item in items[2:10]))
    found = compare_answers(ours, theirs, asked, CONFIG, seed=7)

    assert (found.first, found.second, len(found.cases), found.n_left_out) == ("ours", "theirs", 6, 4)
    (rubric,) = found.win_rates
    assert (rubric.wins, rubric.ties, rubric.losses) == (6, 0, 0)
    assert rubric.rate.value == 1
    assert found.as_dict()["win_rates"]["rubric"]["win_rate"] == 1
    assert found.lines()[0] == "ours against theirs, 6 questions"


def test_a_file_ties_with_itself(asked: WindowStore, tmp_path: Path):
    items = [item for item in single_questions(asked, "test") if item.kind in {"caption", "reasoning"}]
    file = written(tmp_path / "ours.jsonl", *(answer_to(item) for item in items))
    found = compare_answers(file, file, asked, CONFIG, seed=7, names=("A", "B"))

    (rubric,) = found.win_rates
    assert (rubric.wins, rubric.ties, rubric.losses) == (0, len(items), 0)
    assert rubric.rate.value == 0.5
    assert rubric.rate.ci is not None
    assert rubric.rate.ci.low < 0.5 < rubric.rate.ci.high
    assert found.first == "A"


def test_files_without_a_common_question_cannot_be_compared(asked: WindowStore, tmp_path: Path):
    items = single_questions(asked, "test")
    ours = written(tmp_path / "ours.jsonl", answer_to(items[0]))
    theirs = written(tmp_path / "theirs.jsonl", answer_to(items[1]))
    with pytest.raises(DataError) as caught:
        compare_answers(ours, theirs, asked, CONFIG, seed=7)

    assert str(caught.value) == (
        "the two have no question in common: 1 and 1 were answered\n"
        f"  where: {theirs}\n"
        "  fix:   evaluate both on the same data folder, split and seed"
    )
