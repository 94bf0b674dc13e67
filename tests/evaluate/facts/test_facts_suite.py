"""The suite from the choice of questions to the page."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from llasa_core.eval_settings import EvalConfig
from llasa_core.evaluate.exam import Exam
from llasa_core.evaluate.facts.asked import topic_of
from llasa_core.evaluate.facts.chosen import choose_fact_items, fact_items
from llasa_core.evaluate.facts.guesses import Guesses
from llasa_core.evaluate.facts.in_chat import ChatAnswer
from llasa_core.evaluate.facts.suite import FactsSuite
from llasa_core.evaluate.job import Kept
from llasa_core.evaluate.models import Models
from llasa_core.evaluate.open_ended.case import Answered
from llasa_core.evaluate.page.blocks import Example, Table
from llasa_core.model.checkpoint import read_checkpoint_config
from llasa_core.model.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.facts.result import FactsResult
    from llasa_core.evaluate.open_ended.items import OpenItem

N = 100


def suite_on(store: WindowStore, checkpoint: Path, **settings: Any) -> FactsSuite:
    """Return the suite as an evaluation makes it, with few resamples."""
    config = EvalConfig(**{"fact_items": N, "bootstrap": 50, "max_new_tokens": 6, **settings})
    return FactsSuite(Exam("tiny", store, read_checkpoint_config(checkpoint), config, 7))


def scored(suite: FactsSuite, say: Callable[[OpenItem], str]) -> dict[str, Any]:
    """Return what the report says of answers that were not decoded."""
    return suite.score([Answered(say(item)) for item in suite.items]).as_dict()


def test_half_of_the_questions_are_for_facts_and_every_topic_is_there(asked: WindowStore):
    chosen = choose_fact_items(asked, "test", N, 7)
    kinds = Counter(item.kind for item in chosen)
    all_topics = {topic_of(item) for item in choose_fact_items(asked, "test", None, 7) if item.kind == "fact"}

    assert kinds == {"fact": 50, "caption": 10, "reasoning": 10, "compare": 10, "timeline": 10, "unanswerable": 10}
    assert {topic_of(item) for item in chosen if item.kind == "fact"} == all_topics
    assert {"cadence_spm", "mean acc", "range gyr", "up_axis"} <= all_topics
    assert set(Counter(item.subject for item in chosen)) == {"made/06", "made/07", "made/08"}


def test_the_same_seed_chooses_the_same_and_more_questions_hold_the_fewer(asked: WindowStore):
    few, many = choose_fact_items(asked, "test", 40, 7), choose_fact_items(asked, "test", 80, 7)

    assert few == choose_fact_items(asked, "test", 40, 7)
    assert {item.id for item in few} < {item.id for item in many}
    assert {item.id for item in few} != {item.id for item in choose_fact_items(asked, "test", 40, 8)}


def test_questions_are_answered_by_the_checkpoint_and_kept(asked: WindowStore, tiny_checkpoint: Path, tmp_path: Path):
    suite, kept = suite_on(asked, tiny_checkpoint, fact_items=12), Kept(tmp_path / "eval", {})
    for job in suite.jobs():
        kept.run(job, Models(tiny_checkpoint, device="cpu"))
    result = suite.result(kept.take)

    assert len(result.judged) == 12
    assert [one.item.id for one in result.judged] == [item.id for item in suite.items]
    assert not any(one.is_ended for one in result.judged)  # an untrained LM
    assert result.as_dict()["numbers_right"] == 0
    json.dumps([result.as_dict(), *result.answer_rows()], allow_nan=False)


@pytest.fixture
def with_head(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """Return a checkpoint with an untrained LM and the shipped light head."""
    folder, smol = tmp_path / "with-head", shipped("smol")
    assert smol is not None
    shutil.copytree(tiny_checkpoint, folder)
    shutil.copy(smol / "head.safetensors", folder)
    return folder


def test_chat_answers_the_same_questions_from_what_was_measured(asked: WindowStore, with_head: Path, tmp_path: Path):
    suite, kept = suite_on(asked, with_head), Kept(tmp_path / "eval", {})
    for job in suite.jobs():
        kept.run(job, Models(with_head, device="cpu"))
    result = suite.result(kept.take)
    alone, chat = result.as_dict(), result.as_dict()["chat"]

    assert result.chat is not None
    assert [one.item.id for one in result.chat.judged] == [item.id for item in suite.items]
    assert (chat["numbers_right"], chat["unsupported"], chat["declined"]) == (1, 0, 1)
    assert (alone["numbers_right"], alone["declined"]) == (0, 0)  # an untrained LM
    assert chat["composed"] > 0.8 * N
    assert result.lines()[1].split() == ["llasa", "chat", "language", "model", "alone", "guess"]
    assert result.lines()[-1].startswith(f"llasa chat composed {chat['composed']} answers by rules")
    assert next(result.answer_rows())["chat"]["answer"] == result.chat.judged[0].text
    assert kept.n_done(suite.chat) == N
    json.dumps([result.as_dict(), *result.answer_rows()], allow_nan=False)


def test_the_page_has_a_column_for_chat(asked: WindowStore, with_head: Path):
    suite = suite_on(asked, with_head, fact_items=12)
    said = [ChatAnswer("Swimming at 7 m/s².", is_composed=False, n_marks=1) for _ in suite.items]
    (section,) = suite.score([Answered("")] * 12, said).sections()
    tables = [block for block in section.blocks if isinstance(block, Table)]

    assert tables[0].head == ("", "llasa chat", "language model alone", "guess")
    assert "the model gave 12, of which chat marks 12" in tables[0].caption
    assert tables[1].head[-1] == "in chat, right"
    assert any(("llasa chat", "Swimming at 7 m/s².") in one.words for one in section.blocks if isinstance(one, Example))


def test_a_checkpoint_without_a_head_is_measured_without_chat(
    asked: WindowStore, tiny_checkpoint: Path, tmp_path: Path
):
    suite, kept = suite_on(asked, tiny_checkpoint, fact_items=12), Kept(tmp_path / "eval", {})
    kept.run(suite.chat, Models(tiny_checkpoint, device="cpu"))
    kept.run(suite.job, Models(tiny_checkpoint, device="cpu"))
    result = suite.result(kept.take)

    assert result.as_dict()["chat"] is None
    assert result.lines()[-1] == "llasa chat was not asked: the checkpoint has no light head that names activities"


def test_references_are_right_throughout(asked: WindowStore, tiny_checkpoint: Path):
    found = scored(suite_on(asked, tiny_checkpoint), lambda item: item.reference)

    assert (found["numbers_right"], found["unsupported"], found["declined"]) == (1, 0, 1)
    assert found["hallucinated"]["part"] == 0
    assert (found["words_right"]["share"], found["declined_wrongly"]["share"]) == (1, 0)
    assert found["items"] == N
    assert found["subjects"] == 3
    assert all(fact["right"]["share"] == 1 for fact in found["per_fact"].values())
    assert all(fact["answered"] == fact["asked"] for fact in found["per_fact"].values())
    assert all((fact["mean_absolute_error"] or 0) < 0.51 for fact in found["per_fact"].values())


def test_an_answer_that_is_always_the_same_is_seen_through(asked: WindowStore, tiny_checkpoint: Path):
    found = scored(suite_on(asked, tiny_checkpoint), lambda _item: "Walking.")

    assert found["numbers_right"] == 0
    assert found["declined"] == 0
    assert 0 < found["words_right"]["share"] < 0.4
    assert found["hallucinated"]["share"] > 0.5
    assert found["per_kind"]["unanswerable"]["statements"]["unsupported"] == 10


def test_declining_everything_is_no_way_to_win(asked: WindowStore, tiny_checkpoint: Path):
    found = scored(suite_on(asked, tiny_checkpoint), lambda _item: "That cannot be told from motion.")

    assert (found["declined"], found["declined_wrongly"]["share"]) == (1, 1)
    assert found["numbers_right"] == 0


def test_numbers_that_are_near_count_within_the_tolerance(asked: WindowStore, tiny_checkpoint: Path):
    def faster(item: OpenItem) -> str:
        return re.sub(
            r"about (\d+) steps",
            lambda match: f"about {round(1.07 * int(match[1]))} steps",
            item.reference,
            flags=re.IGNORECASE,
        )

    found = scored(suite_on(asked, tiny_checkpoint), faster)
    cadence, curves = found["per_fact"]["cadence_spm"], found["tolerance_curves"]

    assert cadence["right"]["share"] == 0
    assert {tolerance: right["share"] for tolerance, right in cadence["right_within"].items()} == {
        "0.05": 0,
        "0.1": 1,
        "0.2": 1,
    }
    assert cadence["mean_absolute_error"] == pytest.approx(0.07 * 120, abs=1)
    assert curves["tolerance"][5] == 0.1
    assert curves["right"]["cadence_spm"][:6] == [0, 0, 0, 0, 1, 1]
    assert all(low <= high for line in curves["right"].values() for low, high in pairwise(line))


def test_an_answer_with_the_other_sensor_is_counted_as_such(asked: WindowStore, tiny_checkpoint: Path):
    swap = {"m/s²": "rad/s", "rad/s": "m/s²"}

    def other(item: OpenItem) -> str:
        return next((item.reference.replace(own, its) for own, its in swap.items() if own in item.reference), "")

    found = scored(suite_on(asked, tiny_checkpoint), other)
    (acc, gyr) = found["sensor_confusion"]["items"]

    assert acc[0] == 0
    assert acc[1] > 5
    assert gyr[0] > 5
    assert gyr[1] == 0
    assert found["numbers_right"] == 0


def test_the_guess_is_the_training_median_or_what_is_commonest(asked: WindowStore, tiny_checkpoint: Path):
    found = scored(suite_on(asked, tiny_checkpoint), lambda _item: "")
    cadence, up = found["per_fact"]["cadence_spm"], found["per_fact"]["up_axis"]

    assert (cadence["right"]["share"], cadence["answered"]) == (0, 0)
    assert cadence["guess"]["mean_absolute_error"] < 1  # all of them walk at 120 steps a minute
    assert up["guess"]["right"]["share"] > 0.5
    assert found["guess"]["words_right"]["share"] < 0.9


def test_the_page_shows_the_worst_answers_with_their_signals(asked: WindowStore, tiny_checkpoint: Path):
    suite = suite_on(asked, tiny_checkpoint)
    result: FactsResult = suite.score([Answered("Swimming at 7 m/s² in Rome, 3 km.") for _ in suite.items])
    (section,) = result.sections()
    examples = [block for block in section.blocks if isinstance(block, Example)]

    assert len(examples) == 6
    assert len({example.title.partition(": ")[2] for example in examples}) == 6
    assert examples[0].window.shape == (120, 6)
    assert [name for name, _ in examples[0].words] == ["question", "model", "facts", "reference"]
    assert result.lines()[0] == f"facts: {N} questions, {result.n_windows} windows, 3 people"


def test_a_folder_without_questions_says_so(make_data: Callable[..., WindowStore], tiny_checkpoint: Path):
    suite = suite_on(make_data(), tiny_checkpoint)
    result = suite.result(lambda _job: pytest.fail("there is no job"))

    assert suite.jobs() == []
    assert result.lines() == ["facts: the data folder holds no questions of this split"]
    assert result.as_dict()["numbers_right"] is None
    assert result.sections()[0].lead == "The data folder holds no questions of this split."


def test_people_without_a_training_split_are_measured_without_a_guess(asked: WindowStore, tiny_checkpoint: Path):
    (asked.folder / "qa-train.json").unlink()
    found = scored(suite_on(asked, tiny_checkpoint), lambda item: item.reference)

    assert found["numbers_right"] == 1
    assert found["guess"]["words_right"]["share"] == 0


def test_a_fact_that_no_training_window_has_is_guessed_to_be_lacking(asked: WindowStore, tiny_checkpoint: Path):
    suite = suite_on(asked, tiny_checkpoint)
    still = [item for item in fact_items(asked, "train") if item.facts.get("claims", [{}])[0].get("value", 0) is None]
    guesses = Guesses.learn(still)
    cadence = [
        met for one in suite.score([Answered("")] * N).judged for met in one.met if met.target.fact == "cadence_spm"
    ]

    assert guesses.of["cadence_spm", ""] is None
    assert [guesses.answer(met).is_right() for met in cadence] == [met.truth is None for met in cadence]
