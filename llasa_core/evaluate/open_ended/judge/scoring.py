"""Answers scored and pairs chosen by several judges, each in both orders."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.evaluate.open_ended.judge.asking import Asked
from llasa_core.evaluate.open_ended.judge.prompts import ORDERS, choice_request, scoring_request
from llasa_core.evaluate.open_ended.judge.reply import read_choice, read_scores
from llasa_core.evaluate.open_ended.scores import Scores

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.evaluate.open_ended.case import Case
    from llasa_core.evaluate.open_ended.judge.asking import Judges, Told
    from llasa_core.evaluate.open_ended.judge.reply import Better

N_ORDERS = len(ORDERS)
_POINTS = {("first", "second"): 1.0, ("second", "first"): 0.0}
"""Of the first answer, where a judge prefers the same one in both orders; else half a point."""


@dataclass(frozen=True)
class JudgeScores:
    """What one judge gave to each answer."""

    model: str
    scores: tuple[Scores | None, ...]
    """One for each answer, the mean of both orders; None where one of them could not be read."""
    unread: dict[str, int]
    """Judgements that count for nothing, by reason."""
    order_difference: float | None
    """Mean absolute difference of the overall score between the orders; None without a scored answer."""


@dataclass(frozen=True)
class JudgeChoices:
    """What one judge chose of each pair."""

    model: str
    wins: tuple[float | None, ...]
    """One for each pair: 1 where the first answer is better in both orders, 0 where the second is, 0.5 where the judge
    says tie or changes its mind with the order; None where one judgement could not be read."""
    unread: dict[str, int]
    n_changed: int
    """Pairs of which the judge prefers whichever stands at the same place in both orders."""


def score_answers(
    cases: Sequence[Case], answers: Sequence[str], models: Sequence[str], judges: Judges, tell: Callable[[int], None]
) -> list[JudgeScores]:
    """Return what judges give to answers.

    Args:
        cases: the questions.
        answers: one for each.
        models: the judges.
        judges: ask them.
        tell: told of each judgement.

    Raises:
        LlasaError: the endpoint answers nothing any more; what was answered is kept.
    """
    asked = []
    for model in models:
        for case, answer in zip(cases, answers, strict=True):
            for order in ORDERS:
                name, request = scoring_request(case, answer, model, order)
                asked.append(Asked(request, partial(read_scores, name=name)))
    told = judges.ask(asked, tell)
    n_each = len(cases) * N_ORDERS
    return [_scores_of(model, told[nth * n_each : (nth + 1) * n_each]) for nth, model in enumerate(models)]


def choose_answers(
    cases: Sequence[Case],
    pairs: Sequence[tuple[str, str]],
    models: Sequence[str],
    judges: Judges,
    tell: Callable[[int], None],
) -> list[JudgeChoices]:
    """Return which of two answers judges prefer; arguments as `score_answers`, with a pair for each question.

    Two answers with the same words tie, and nobody is asked.

    Raises:
        LlasaError: the endpoint answers nothing any more; what was answered is kept.
    """
    differing = [(case, *pair) for case, pair in zip(cases, pairs, strict=True) if pair[0] != pair[1]]
    asked = []
    for model in models:
        for case, first, second in differing:
            for order in ORDERS:
                name, request = choice_request(case, first, second, model, order)
                asked.append(Asked(request, partial(read_choice, name=name)))
    told = judges.ask(asked, tell)
    n_each = len(differing) * N_ORDERS
    is_same = [first == second for first, second in pairs]
    return [_choices_of(is_same, model, told[nth * n_each : (nth + 1) * n_each]) for nth, model in enumerate(models)]


def _scores_of(model: str, told: Sequence[Told[Scores]]) -> JudgeScores:
    scores: list[Scores | None] = []
    differences = []
    for forth, back in zip(told[::N_ORDERS], told[1::N_ORDERS], strict=True):
        if forth.value is None or back.value is None:
            scores.append(None)
            continue
        scores.append(Scores.mean_of([forth.value, back.value]))
        differences.append(abs(forth.value.overall - back.value.overall))
    return JudgeScores(model, tuple(scores), _unread(told), float(np.mean(differences)) if differences else None)


def _choices_of(is_same: Sequence[bool], model: str, told: Sequence[Told[Better]]) -> JudgeChoices:
    wins: list[float | None] = []
    n_changed = 0
    verdicts = zip(told[::N_ORDERS], told[1::N_ORDERS], strict=True)
    for same in is_same:
        if same:
            wins.append(0.5)
            continue
        forth, back = next(verdicts)
        if forth.value is None or back.value is None:
            wins.append(None)
            continue
        n_changed += forth.value == back.value != "tie"
        wins.append(_POINTS.get((forth.value, back.value), 0.5))
    return JudgeChoices(model, tuple(wins), _unread(told), n_changed)


def _unread(told: Sequence[Told[Any]]) -> dict[str, int]:
    return dict(sorted(Counter(one.problem for one in told if one.value is None).items()))
