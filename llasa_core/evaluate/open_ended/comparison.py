"""Two systems that answered the same questions, compared answer by answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from llasa_core.errors import DataError
from llasa_core.evaluate.open_ended.answer_file import read_answer_file
from llasa_core.evaluate.open_ended.case import Answered, cases_of
from llasa_core.evaluate.open_ended.items import single_questions
from llasa_core.evaluate.open_ended.judge.asking import ALONE, judges_or_none
from llasa_core.evaluate.open_ended.judge.scoring import choose_answers
from llasa_core.evaluate.open_ended.pairing import match_answers
from llasa_core.evaluate.open_ended.pairs import RUBRIC, WinRate, rubric_points, win_rate
from llasa_core.evaluate.open_ended.rubric import grade
from llasa_core.evaluate.open_ended.showing.comparisons import comparison_lines, comparison_sections

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llasa_core.data.store import WindowStore
    from llasa_core.eval_settings import EvalConfig
    from llasa_core.evaluate.open_ended.case import Case
    from llasa_core.evaluate.open_ended.judge.asking import Judges, Reach
    from llasa_core.evaluate.open_ended.rubric import Graded
    from llasa_core.evaluate.page.blocks import Section


@dataclass(frozen=True)
class Side:
    """One system's answers, with what the rubric makes of them; None where it gave none."""

    name: str
    answers: list[Answered | None] | list[Answered]
    graded: list[Graded | None] | list[Graded]

    @classmethod
    def of(cls, name: str, cases: Sequence[Case], texts: Sequence[str | None]) -> Self:
        """Return a side, graded by the rubric."""
        answers = [None if text is None else Answered(text) for text in texts]
        graded = [None if answer is None else grade(case, answer) for case, answer in zip(cases, answers, strict=True)]
        return cls(name, answers, graded)


@dataclass(frozen=True)
class Comparison:
    """How often the first of two systems answers better."""

    first: str
    second: str
    cases: tuple[Case, ...]
    """Questions that both have answered."""
    texts: tuple[tuple[str, str], ...]
    win_rates: tuple[WinRate, ...]
    """The rubric's first, then each judge's."""
    n_left_out: int
    """Questions that one of them alone has answered."""
    store: WindowStore

    def as_dict(self) -> dict[str, Any]:
        """Return it for a report."""
        return {
            "first": self.first,
            "second": self.second,
            "questions": len(self.cases),
            "left_out": self.n_left_out,
            "win_rates": {one.judge: one.as_dict() for one in self.win_rates},
        }

    def lines(self) -> list[str]:
        """Return its part of the table in the terminal."""
        return comparison_lines(self)

    def sections(self) -> Sequence[Section]:
        """Return its parts of the page."""
        return comparison_sections(self)


def compare_answers(
    first: Path,
    second: Path,
    store: WindowStore,
    config: EvalConfig,
    *,
    seed: int,
    names: tuple[str, str] | None = None,
    reach: Reach = ALONE,
) -> Comparison:
    """Return how often the answers of one file beat those of another.

    Args:
        first: an answer file, such as an evaluation's `answers.jsonl`, or that of any other system.
        second: another one.
        store: the data folder whose questions they answer.
        config: which split, who judges, and how many resamples there are behind an interval.
        seed: of these.
        names: of the two systems; those in the files when left out.
        reach: how judges are reached.

    Raises:
        DataError: a file cannot be read, or answers none of the questions, or they have none in common.
        LlasaError: an endpoint answers nothing any more; what was answered is kept.
    """
    items = single_questions(store, config.split)
    files = [read_answer_file(path) for path in (first, second)]
    found = [match_answers(file, items, store) for file in files]
    texts = [dict(zip((item.id for item in one.items), one.texts, strict=True)) for one in found]
    common = [item for item in items if item.id in texts[0] and item.id in texts[1]]
    if not common:
        raise DataError(
            f"the two have no question in common: {len(texts[0]):,} and {len(texts[1]):,} were answered",
            where=second,
            fix="evaluate both on the same data folder, split and seed",
        )
    cases = cases_of(store, common)
    named = names or (files[0].model, files[1].model)
    ours, theirs = (
        Side.of(name, cases, [one[item.id] for item in common]) for name, one in zip(named, texts, strict=True)
    )
    with judges_or_none(config.judge, reach) as judges:
        if judges is not None and config.judge.models:
            reach.say(f"{len(common):,} pairs are judged by {', '.join(config.judge.models)} at {config.judge.url}")
        n_left_out = len(texts[0].keys() ^ texts[1].keys())
        return compare_sides(cases, ours, theirs, config, judges, store, seed=seed, n_left_out=n_left_out)


def compare_sides(
    cases: Sequence[Case],
    first: Side,
    second: Side,
    config: EvalConfig,
    judges: Judges | None,
    store: WindowStore,
    *,
    seed: int,
    n_left_out: int = 0,
) -> Comparison:
    """Return how often the first side's answers beat the second's, as the rubric and the judges see it."""
    both = [
        (case, (one.text, other.text), (grade_one.scores.overall, grade_other.scores.overall))
        for case, one, other, grade_one, grade_other in zip(
            cases, first.answers, second.answers, first.graded, second.graded, strict=True
        )
        if one is not None and other is not None and grade_one is not None and grade_other is not None
    ]
    held = [case for case, _, _ in both]
    texts = [pair for _, pair, _ in both]
    items = [case.item for case in held]
    points = rubric_points([ours for _, _, (ours, _) in both], [theirs for _, _, (_, theirs) in both])
    rates = [win_rate(RUBRIC, items, points, texts, resamples=config.bootstrap, seed=seed)]
    chosen = [] if judges is None else choose_answers(held, texts, config.judge.models, judges, lambda _n: None)
    rates += [
        win_rate(
            one.model,
            items,
            one.wins,
            texts,
            resamples=config.bootstrap,
            seed=seed,
            unread=one.unread,
            n_changed=one.n_changed,
        )
        for one in chosen
    ]
    left_out = n_left_out + len(cases) - len(held)
    return Comparison(first.name, second.name, tuple(held), tuple(texts), tuple(rates), left_out, store)
