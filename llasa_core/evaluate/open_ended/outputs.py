"""Published outputs: answers that any other system has written, scored as ours are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.evaluate.closed_set.protocol import MARKER, UNCLEAR, parsed_class
from llasa_core.evaluate.facts.chosen import SHARES as FACT_KINDS
from llasa_core.evaluate.facts.chosen import fact_items
from llasa_core.evaluate.facts.guesses import Guesses
from llasa_core.evaluate.facts.measuring import measure_answers as measure_facts
from llasa_core.evaluate.facts.result import FactsResult
from llasa_core.evaluate.facts.scoring import score_answers
from llasa_core.evaluate.facts.tallies import Tally
from llasa_core.evaluate.open_ended.answer_file import SHOWN, read_answer_file
from llasa_core.evaluate.open_ended.case import Answered, cases_of
from llasa_core.evaluate.open_ended.items import single_questions
from llasa_core.evaluate.open_ended.judge.asking import ALONE
from llasa_core.evaluate.open_ended.measuring import measure_answers
from llasa_core.evaluate.open_ended.named import named_activity
from llasa_core.evaluate.open_ended.pairing import is_about_the_activity, match_answers
from llasa_core.evaluate.open_ended.showing.outputs import outputs_headlines, outputs_lines, outputs_sections
from llasa_core.evaluate.open_ended.summaries import mean_over_people

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llasa_core.data.store import WindowStore
    from llasa_core.eval_settings import EvalConfig
    from llasa_core.evaluate.open_ended.answer_file import AnswerFile
    from llasa_core.evaluate.open_ended.items import OpenItem
    from llasa_core.evaluate.open_ended.judge.asking import Reach
    from llasa_core.evaluate.open_ended.result import OpenEndedResult
    from llasa_core.evaluate.open_ended.summaries import Mean
    from llasa_core.evaluate.page.blocks import Headline, Section


@dataclass(frozen=True)
class NamedActivities:
    """How well answers to questions for the activity name it."""

    classes: tuple[str, ...]
    accuracy: Mean
    """0 to 1; an unclear answer is wrong."""
    confusion: np.ndarray
    """int [true class, named class or, last, unclear]."""

    @property
    def n_unclear(self) -> int:
        """Answers that name no activity, or several."""
        return int(self.confusion[:, -1].sum())

    def as_dict(self) -> dict[str, Any]:
        """Return it for a report."""
        found = self.accuracy.as_dict()
        return {
            "accuracy": found["mean"],
            "accuracy_ci": found["ci"],
            "answers": found["answers"],
            "subjects": found["subjects"],
            "unclear": self.n_unclear,
            "confusion": {"classes": list(self.classes), "answers": self.confusion.tolist()},
        }


@dataclass(frozen=True)
class OutputsResult:
    """What is thought of a file of answers."""

    file: AnswerFile
    n_matched: int
    unanswered: tuple[str, ...]
    """Ids of questions that it does not answer."""
    closed_set: NamedActivities | None
    """None where no question for the activity is answered."""
    facts: FactsResult | None
    """Every statement of answers to questions on facts; None where none is answered."""
    open_ended: OpenEndedResult
    """Of all but the questions for the activity."""

    def as_dict(self) -> dict[str, Any]:
        """Return what a report holds."""
        return {
            "file": str(self.file.path),
            "model": self.file.model,
            "answers": self.n_matched,
            "unanswered": {"count": len(self.unanswered), "ids": list(self.unanswered[:SHOWN])},
            "problems": self.file.problems.as_dict(),
            "closed_set": None if self.closed_set is None else self.closed_set.as_dict(),
            "facts": None if self.facts is None else self.facts.as_dict(),
            "open_ended": self.open_ended.as_dict(),
        }

    def lines(self) -> list[str]:
        """Return the table for a terminal."""
        return outputs_lines(self)

    def sections(self) -> Sequence[Section]:
        """Return the parts of the page."""
        return outputs_sections(self)

    def headlines(self) -> Sequence[Headline]:
        """Return the numbers that the page begins with."""
        return outputs_headlines(self)

    def write(self, folder: Path) -> Sequence[Path]:
        """Write what each open answer was given, as `OpenEndedResult.write` does.

        Raises:
            RunError: the disk is full.
        """
        return self.open_ended.write(folder)


def score_outputs(
    file: Path, store: WindowStore, config: EvalConfig, *, seed: int, model: str | None = None, reach: Reach = ALONE
) -> OutputsResult:
    """Return what is thought of answers in LLaVA's answer-file form to the questions of a data folder.

    Args:
        file: one JSON object a line; see `read_answer_file` and `match_answers`.
        store: the data folder.
        config: which split, who judges, and how many resamples there are behind an interval.
        seed: of these.
        model: whose answers they are; as the file says when left out.
        reach: how judges are reached.

    Raises:
        DataError: the file cannot be read, or answers none of the questions.
        LlasaError: a judge's endpoint answers nothing any more; what was answered is kept.
    """
    found = read_answer_file(file)
    matched = match_answers(found, single_questions(store, config.split), store)
    pairs = list(zip(matched.items, matched.texts, strict=True))
    on_activity = [(item, text) for item, text in pairs if is_about_the_activity(item)]
    others = [(item, text) for item, text in pairs if not is_about_the_activity(item)]
    opened = measure_answers(
        model or found.model,
        cases_of(store, [item for item, _ in others]),
        [Answered(text) for _, text in others],
        store,
        config,
        seed=seed,
        reach=reach,
    )
    return OutputsResult(
        found,
        len(pairs),
        matched.unanswered,
        _named(on_activity, store, config, seed) if on_activity else None,
        _facts(model or found.model, others, store, config, seed),
        opened,
    )


def _facts(
    model: str, pairs: Sequence[tuple[OpenItem, str]], store: WindowStore, config: EvalConfig, seed: int
) -> FactsResult | None:
    chosen = [(item, text) for item, text in pairs if item.kind in FACT_KINDS]
    if not chosen:
        return None
    judged = score_answers(store, [item for item, _ in chosen], [text for _, text in chosen])
    guesses = Guesses.learn(fact_items(store, "train"))
    measures = measure_facts(judged, guesses, Tally(config.bootstrap, seed))
    return FactsResult(model, store, config.split, tuple(judged), measures)


def _named(pairs: Sequence[tuple[OpenItem, str]], store: WindowStore, config: EvalConfig, seed: int) -> NamedActivities:
    held = {store.activity_names[code] for code in np.unique(store.activity) if code >= 0}
    held |= {item.facts["activity"] for item, _ in pairs}
    classes = (*(name for name in store.activity_names if name in held),)
    truth = np.array([classes.index(item.facts["activity"]) for item, _ in pairs])
    named = np.array([_class_of(text, classes) for _, text in pairs])
    confusion = np.zeros((len(classes), len(classes) + 1), np.int64)
    np.add.at(confusion, (truth, named), 1)  # unclear, -1, is the last column
    people = np.array([item.subject for item, _ in pairs])
    right = (truth == named).astype(np.float64)
    return NamedActivities(classes, mean_over_people(right, people, resamples=config.bootstrap, seed=seed), confusion)


def _class_of(text: str, classes: Sequence[str]) -> int:
    if MARKER.casefold() in text.casefold():
        return parsed_class(text, classes)
    name = named_activity(text, classes)
    return classes.index(name) if name in classes else UNCLEAR
