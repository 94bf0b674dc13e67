"""What came out of open questions."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llasa_core.evaluate.open_ended.answer_file import ANSWERS, write_answer_file
from llasa_core.evaluate.open_ended.showing.answers import headlines_of, lines_of, sections_of
from llasa_core.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.open_ended.agreement import Agreement
    from llasa_core.evaluate.open_ended.case import Answered, Case
    from llasa_core.evaluate.open_ended.claims.found import Found
    from llasa_core.evaluate.open_ended.comparison import Comparison
    from llasa_core.evaluate.open_ended.judge.scoring import JudgeScores
    from llasa_core.evaluate.open_ended.rubric import Graded
    from llasa_core.evaluate.open_ended.summaries import Mean, Summary
    from llasa_core.evaluate.page.blocks import Headline, Section


SCORES = "open-scores.jsonl"
"""Each answer with its scores, in the folder of an evaluation."""


@dataclass(frozen=True)
class Judged:
    """What one judge thinks."""

    given: JudgeScores
    summary: Summary
    likes_length: float | None
    """Rank correlation of its overall scores with the number of words."""


@dataclass(frozen=True)
class OpenEndedResult:
    """Answers with all that is thought of them."""

    model: str
    """Whose answers they are."""
    store: WindowStore
    cases: tuple[Case, ...]
    answers: tuple[Answered, ...]
    graded: tuple[Graded, ...]
    rubric: Summary
    rubric_likes_length: float | None
    judges: tuple[Judged, ...]
    panel: Summary | None
    """The mean of all judges, over answers that all of them have scored; None with fewer than two judges."""
    agreements: tuple[Agreement, ...]
    """Of every two judges, the rubric among them."""
    alpha: dict[str, float | None]
    """Krippendorff's alpha of the judges by criterion; empty with fewer than two."""
    rouge_l: Mean
    """0 to 1."""
    bert_score: Mean | None
    rival: Comparison | None
    """Our answers against those of a model that reads numbers."""
    notes: tuple[str, ...]
    """What a reader must know."""

    @property
    def n_people(self) -> int:
        """People who were asked about."""
        return len({case.item.subject for case in self.cases})

    @property
    def kinds(self) -> dict[str, int]:
        """Questions of each kind."""
        return dict(Counter(case.item.kind for case in self.cases))

    @property
    def n_empty(self) -> int:
        """Answers without a word."""
        return sum(not answer.text for answer in self.answers)

    @property
    def n_cut_off(self) -> int:
        """Answers that did not end by themselves."""
        return sum(not answer.is_ended for answer in self.answers)

    @property
    def mean_words(self) -> float | None:
        """How long an answer is."""
        return sum(answer.n_words for answer in self.answers) / len(self.answers) if self.answers else None

    def as_dict(self) -> dict[str, Any]:
        """Return what `report.json` holds under `open_ended`."""
        return {
            "model": self.model,
            "questions": len(self.cases),
            "subjects": self.n_people,
            "kinds": self.kinds,
            "answers": {"empty": self.n_empty, "cut_off": self.n_cut_off, "mean_words": self.mean_words},
            "claims": _claims(self.graded),
            "rubric": {**self.rubric.as_dict(), "spearman_with_words": self.rubric_likes_length},
            "judges": {judged.given.model: _judged(judged) for judged in self.judges},
            "panel": None if self.panel is None else self.panel.as_dict(),
            "agreement": [_agreement(one) for one in self.agreements],
            "krippendorff_alpha": self.alpha,
            "rouge_l": self.rouge_l.as_dict(),
            "bert_score": None if self.bert_score is None else self.bert_score.as_dict(),
            "rival": None if self.rival is None else self.rival.as_dict(),
            "notes": list(self.notes),
        }

    def lines(self) -> list[str]:
        """Return its part of the table in the terminal."""
        return lines_of(self)

    def sections(self) -> Sequence[Section]:
        """Return its parts of the page."""
        return sections_of(self)

    def headlines(self) -> Sequence[Headline]:
        """Return the numbers that the page begins with: the overall score of the rubric, and of the judges."""
        return headlines_of(self)

    def write(self, folder: Path) -> Sequence[Path]:
        """Write `answers.jsonl` in LLaVA's form, and `open-scores.jsonl` with what each answer was given.

        Raises:
            RunError: the disk is full.
        """
        answers, scores = folder / ANSWERS, folder / SCORES
        write_answer_file(answers, [case.item for case in self.cases], self.answers, self.model)
        write_text(scores, "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in self.rows()))
        return answers, scores

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield each answer with its scores, plain values for JSON."""
        for nth, (case, answer, graded) in enumerate(zip(self.cases, self.answers, self.graded, strict=True)):
            judged = {one.given.model: one.given.scores[nth] for one in self.judges}
            yield {
                "id": case.item.id,
                "kind": case.item.kind,
                "subject": case.item.subject,
                "question": case.item.question,
                "reference": case.item.reference,
                "answer": answer.text,
                "ended": answer.is_ended,
                "rubric": graded.scores._asdict(),
                "claims": [_claim(found) for found in graded.found],
                "missing": list(graded.missing),
                "judges": {model: None if one is None else one._asdict() for model, one in judged.items()},
            }


def _claim(found: Found) -> dict[str, Any]:
    return {
        "fact": found.fact,
        "value": found.value,
        "verdict": found.verdict,
        "window": found.window,
        "channel": found.channel,
        "implied": found.is_implied,
    }


def _claims(graded: Sequence[Graded]) -> dict[str, int]:
    return {
        "right": sum(one.n_right for one in graded),
        "wrong": sum(one.n_wrong for one in graded),
        "unsupported": sum(one.n_unsupported for one in graded),
    }


def _judged(judged: Judged) -> dict[str, Any]:
    return {
        **judged.summary.as_dict(),
        "unread": judged.given.unread,
        "order_difference": judged.given.order_difference,
        "spearman_with_words": judged.likes_length,
    }


def _agreement(one: Agreement) -> dict[str, Any]:
    return {
        "between": [one.first, one.second],
        "criterion": one.criterion,
        "answers": one.n,
        "spearman": one.spearman,
        "mean_absolute_difference": one.mean_absolute_difference,
    }
