"""Answers to open questions, scored by all that are asked to: rubric, judges, likeness of texts, a rival."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.evaluate.open_ended.agreement import agreements, columns, krippendorff_alpha, spearman
from llasa_core.evaluate.open_ended.comparison import Side, compare_sides
from llasa_core.evaluate.open_ended.judge.asking import ALONE, judges_or_none
from llasa_core.evaluate.open_ended.judge.rival import rival_answers
from llasa_core.evaluate.open_ended.judge.scoring import score_answers
from llasa_core.evaluate.open_ended.result import Judged, OpenEndedResult
from llasa_core.evaluate.open_ended.rubric import grade
from llasa_core.evaluate.open_ended.scores import CRITERIA, OVERALL, Scores
from llasa_core.evaluate.open_ended.summaries import mean_over_people, summarise
from llasa_core.evaluate.open_ended.text_metrics import bert_scores, rouge_l

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.store import WindowStore
    from llasa_core.eval_settings import EvalConfig
    from llasa_core.evaluate.open_ended.case import Answered, Case
    from llasa_core.evaluate.open_ended.comparison import Comparison
    from llasa_core.evaluate.open_ended.judge.asking import Judges, Reach
    from llasa_core.evaluate.open_ended.judge.scoring import JudgeScores
    from llasa_core.evaluate.open_ended.summaries import Mean

RUBRIC = "rubric"
NO_BERTSCORE = "BERTScore: not computed, as `eval.bertscore_model` names no folder of an encoder"
NO_QUESTIONS = "no open questions: the split holds none"


def measure_answers(
    model: str,
    cases: Sequence[Case],
    answers: Sequence[Answered],
    store: WindowStore,
    config: EvalConfig,
    *,
    seed: int,
    reach: Reach = ALONE,
) -> OpenEndedResult:
    """Return what is thought of answers.

    Args:
        model: whose they are.
        cases: the questions.
        answers: one for each.
        store: has their windows.
        config: who judges, and how many resamples there are behind an interval.
        seed: of these.
        reach: how judges are reached.

    Raises:
        LlasaError: an endpoint answers nothing any more; what was answered is kept.
    """
    graded = tuple(grade(case, answer) for case, answer in zip(cases, answers, strict=True))
    items = [case.item for case in cases]
    ours = [one.scores for one in graded]
    people = {"resamples": config.bootstrap, "seed": seed}
    with judges_or_none(config.judge, reach) as judges:
        given = _judge(cases, answers, config, judges, reach)
        side = Side(model, list(answers), list(graded))
        rival = _against_rival(side, cases, store, config, judges, seed, reach)
    n_words = np.array([answer.n_words for answer in answers], np.float64)
    panel = _panel(given)
    of_all = {RUBRIC: ours, **{one.model: one.scores for one in given}}
    return OpenEndedResult(
        model=model,
        store=store,
        cases=tuple(cases),
        answers=tuple(answers),
        graded=graded,
        rubric=summarise(items, ours, **people),
        rubric_likes_length=spearman(columns(ours, OVERALL), n_words),
        judges=tuple(
            Judged(one, summarise(items, one.scores, **people), spearman(columns(one.scores, OVERALL), n_words))
            for one in given
        ),
        panel=None if panel is None else summarise(items, panel, **people),
        agreements=tuple(agreements(of_all)),
        alpha=_alpha(given),
        rouge_l=_likeness(
            cases, [rouge_l(a.text, c.item.reference) for a, c in zip(answers, cases, strict=True)], people
        ),
        bert_score=_bert_score(cases, answers, config, people),
        rival=rival,
        notes=_notes(cases, config),
    )


def _judge(
    cases: Sequence[Case],
    answers: Sequence[Answered],
    config: EvalConfig,
    judges: Judges | None,
    reach: Reach,
) -> list[JudgeScores]:
    if judges is None or not config.judge.models or not cases:
        return []
    reach.say(f"{len(cases):,} answers are judged by {', '.join(config.judge.models)} at {config.judge.url}")
    texts = [answer.text for answer in answers]
    return score_answers(cases, texts, config.judge.models, judges, lambda _n: None)


def _against_rival(
    ours: Side,
    cases: Sequence[Case],
    store: WindowStore,
    config: EvalConfig,
    judges: Judges | None,
    seed: int,
    reach: Reach,
) -> Comparison | None:
    rival = config.judge.rival
    if judges is None or rival is None or not cases:
        return None
    reach.say(f"{rival} answers the same {len(cases):,} questions from the readings as text")
    told = rival_answers(cases, store, rival, judges, lambda _n: None)
    return compare_sides(
        cases, ours, Side.of(rival, cases, [one.value for one in told]), config, judges, store, seed=seed
    )


def _panel(given: Sequence[JudgeScores]) -> list[Scores | None] | None:
    if len(given) < 2:  # noqa: PLR2004 - one judge is no panel
        return None
    together = zip(*(one.scores for one in given), strict=True)
    return [None if None in scores else Scores.mean_of([one for one in scores if one]) for scores in together]


def _alpha(given: Sequence[JudgeScores]) -> dict[str, float | None]:
    if len(given) < 2:  # noqa: PLR2004 - as above
        return {}
    return {
        criterion: krippendorff_alpha(np.stack([columns(one.scores, criterion) for one in given]))
        for criterion in (OVERALL, *CRITERIA)
    }


def _likeness(cases: Sequence[Case], values: Sequence[float], people: dict[str, int]) -> Mean:
    subjects = np.array([case.item.subject for case in cases])
    return mean_over_people(np.clip(np.array(values, np.float64), 0, 1), subjects, **people)


def _bert_score(
    cases: Sequence[Case], answers: Sequence[Answered], config: EvalConfig, people: dict[str, int]
) -> Mean | None:
    if config.bertscore_model is None or not cases:
        return None
    texts, references = [answer.text for answer in answers], [case.item.reference for case in cases]
    return _likeness(cases, bert_scores(texts, references, config.bertscore_model), people)


def _notes(cases: Sequence[Case], config: EvalConfig) -> tuple[str, ...]:
    notes = [] if cases else [NO_QUESTIONS]
    return (*notes, *([] if config.bertscore_model else [NO_BERTSCORE]))
