"""Answers to open questions, in the terminal and on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.evaluate.open_ended.items import KIND_TITLES
from llasa_core.evaluate.open_ended.scores import CRITERIA, OVERALL
from llasa_core.evaluate.open_ended.showing.cells import (
    aligned,
    bar,
    counted,
    headline,
    interval,
    number,
    points,
    share,
)
from llasa_core.evaluate.open_ended.showing.comparisons import comparison_lines, comparison_sections
from llasa_core.evaluate.page.blocks import Bars, Example, Paragraph, Section, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from llasa_core.evaluate.open_ended.case import Case
    from llasa_core.evaluate.open_ended.result import Judged, OpenEndedResult
    from llasa_core.evaluate.open_ended.summaries import Summary
    from llasa_core.evaluate.page.blocks import Block, Headline

N_EXAMPLES = 3
"""Of the best answers, and of the worst."""
RUBRIC_TITLE = "rubric (rules on the facts)"
LEAD = (
    "Answers in free words, scored 0 to 100. The rubric reads each answer by a program and holds its claims against "
    "the signal: correctness is the share of claims that are right, completeness the share of the reference's claims "
    "that it makes rightly, consistency the share that no other claim contradicts, helpfulness whether it speaks of "
    "what was asked, ends and does not repeat itself."
)


_AGREEMENT = (
    "Each judge scores each answer twice, with the reference before it and after it; the mean counts. Spearman's rank "
    "correlation and the mean absolute difference are over answers that both have scored. Judgements that could not be "
    "read, or were not given, count for nothing."
)
_EXAMPLES = "By the rubric's overall score. Several windows stand one after the other."


def lines_of(result: OpenEndedResult) -> list[str]:
    """Return the table for a terminal."""
    if not result.cases:
        return list(result.notes)
    questions = f"{len(result.cases):,} open questions of {result.n_people} people"
    rows: list[tuple[str, ...]] = [("open questions", OVERALL, "95 % interval", *CRITERIA)]
    rows += [(title, *_cells(summary)) for title, summary in _summaries(result)]
    lines = [f"{questions}: {_listed_kinds(result.kinds)}", "", *aligned(rows)]
    lines += [text for judged in result.judges for text in _unread_lines(judged)]
    return [*lines, *(comparison_lines(result.rival) if result.rival else [])]


def headlines_of(result: OpenEndedResult) -> list[Headline]:
    """Return the overall scores: the rubric's, and that of the judge or of all judges."""
    shown = list(_summaries(result))
    return [
        headline(f"Open answers, {title}", summary.overall)
        for title, summary in (shown[:1] + shown[1:][-1:])
        if summary.overall.value is not None
    ]


def sections_of(result: OpenEndedResult) -> list[Section]:
    """Return the parts of the page: scores, kinds, judges, a rival, and examples."""
    if not result.cases:
        return [Section("Open questions", "; ".join(result.notes))]
    who = f"{len(result.cases):,} questions of {result.n_people} people: {_listed_kinds(result.kinds)}."
    blocks: list[Block] = [_criteria_bars(title, summary) for title, summary in _summaries(result)]
    blocks += [_kind_bars(result), _length_table(result), Paragraph(_about_answers(result))]
    sections = [Section("Open questions", f"{LEAD} {who}", blocks)]
    if result.judges:
        sections.append(Section("How far the judges agree", _AGREEMENT, list(_agreement_blocks(result))))
    if result.rival is not None:
        sections += comparison_sections(result.rival)
    return [*sections, Section("Open answers, best and worst", _EXAMPLES, list(_examples(result)))]


def _summaries(result: OpenEndedResult) -> Iterator[tuple[str, Summary]]:
    yield RUBRIC_TITLE, result.rubric
    for judged in result.judges:
        yield judged.given.model, judged.summary
    if result.panel is not None:
        yield "all judges", result.panel


def _criteria_bars(title: str, summary: Summary) -> Bars:
    means = {OVERALL: summary.overall, **summary.criteria}
    bars = [bar(name, mean, is_strong=name == OVERALL) for name, mean in means.items()]
    return Bars(f"Scores: {title}", bars, x_label="points of 100")


def _kind_bars(result: OpenEndedResult) -> Bars:
    bars = [
        bar(f"{KIND_TITLES.get(kind, kind)}: {name}", mean, is_strong=name == OVERALL)
        for kind, means in result.rubric.by_kind.items()
        for name, mean in means.items()
        if name in {OVERALL, *CRITERIA[:2]}
    ]
    return Bars("Scores of the rubric by kind of question", bars, x_label="points of 100")


def _length_table(result: OpenEndedResult) -> Table:
    rows = [(RUBRIC_TITLE, number(result.rubric_likes_length))]
    rows += [(judged.given.model, number(judged.likes_length)) for judged in result.judges]
    return Table(
        ("judge", "rank correlation with the number of words"),
        rows,
        caption="Whether longer answers are scored higher; 0 is no relation.",
    )


def _about_answers(result: OpenEndedResult) -> str:
    claims = [sum(getattr(one, name) for one in result.graded) for name in ("n_right", "n_wrong", "n_unsupported")]
    text = (
        f"Answers have {result.mean_words:.1f} words on average; {result.n_empty:,} are empty and {result.n_cut_off:,} "
        f"were cut off. They make {claims[0]:,} right, {claims[1]:,} wrong and {claims[2]:,} unsupported claims."
    )
    likeness = f"ROUGE-L {share(result.rouge_l.value)}"
    if result.bert_score is not None:
        likeness += f", BERTScore {share(result.bert_score.value)}"
    return "\n".join((text, f"Likeness to the references as texts, which knows no truth: {likeness}.", *result.notes))


def _agreement_blocks(result: OpenEndedResult) -> Iterator[Block]:
    pairs = [
        (
            f"{one.first} and {one.second}",
            one.criterion,
            f"{one.n:,}",
            number(one.spearman),
            points(one.mean_absolute_difference),
        )
        for one in result.agreements
    ]
    yield Table(("judges", "criterion", "answers", "Spearman", "mean difference"), pairs)
    if result.alpha:
        alphas = [(criterion, number(alpha)) for criterion, alpha in result.alpha.items()]
        yield Table(("criterion", "Krippendorff's alpha of the judges"), alphas)
    rows = [
        (
            judged.given.model,
            f"{sum(scores is not None for scores in judged.given.scores):,} of {len(result.cases):,}",
            points(judged.given.order_difference),
            "; ".join(counted(judged.given.unread)) or "none",
        )
        for judged in result.judges
    ]
    yield Table(("judge", "scored answers", "difference between the orders", "unread judgements"), rows)


def _examples(result: OpenEndedResult) -> Iterator[Example]:
    order = sorted(range(len(result.cases)), key=lambda nth: (result.graded[nth].scores.overall, nth))
    n_each = min(N_EXAMPLES, len(order) // 2)
    for title, chosen in (("worst", order[:n_each]), ("best", order[::-1][:n_each])):
        for nth in chosen:
            yield _example(result, nth, title)


def _example(result: OpenEndedResult, nth: int, title: str) -> Example:
    case, graded = result.cases[nth], result.graded[nth]
    seconds, window = signal_of(case, result)
    scores = ", ".join(f"{name} {value:.0f}" for name, value in graded.scores._asdict().items())
    words = [
        ("question", case.item.question),
        ("model", result.answers[nth].text or "(nothing)"),
        ("reference", case.item.reference),
        ("rubric", f"{graded.scores.overall:.0f}: {scores}"),
    ]
    words += [(judged.given.model, _given(judged, nth)) for judged in result.judges]
    kind = KIND_TITLES.get(case.item.kind, case.item.kind)
    return Example(f"{title}, {kind}: {case.item.id}", seconds, window, words, is_wrong=title == "worst")


def signal_of(case: Case, result: OpenEndedResult) -> tuple[np.ndarray, np.ndarray]:
    """Return the seconds [time] and the readings [time, channel] of a question's windows, one after the other."""
    samples = np.concatenate(list(result.store.take(case.item.rows)))
    return np.arange(len(samples)) / result.store.sampling_rate_hz, samples


def _given(judged: Judged, nth: int) -> str:
    scores = judged.given.scores[nth]
    return "not scored" if scores is None else f"{scores.overall:.0f}"


def _cells(summary: Summary) -> tuple[str, ...]:
    return (
        points(summary.overall.value),
        interval(summary.overall, 1),
        *(points(summary.criteria[name].value) for name in CRITERIA),
    )


def _unread_lines(judged: Judged) -> list[str]:
    return [f"{judged.given.model}: {text}" for text in counted(judged.given.unread)]


def _listed_kinds(kinds: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {KIND_TITLES.get(kind, kind)}" for kind, count in kinds.items())
