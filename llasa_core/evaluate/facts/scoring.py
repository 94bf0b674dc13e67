"""Answers of any system, each read and held against the signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.evaluate.facts.judged import judge
from llasa_core.evaluate.open_ended.case import Answered, cases_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.facts.judged import Judged
    from llasa_core.evaluate.open_ended.items import OpenItem


def score_answers(store: WindowStore, items: Sequence[OpenItem], answers: Sequence[Answered | str]) -> list[Judged]:
    """Return what each answer states, checked against the windows of its question.

    Args:
        store: the data folder.
        items: the questions, from `single_questions` or `choose_fact_items`.
        answers: one for each, whoever gave it.
    """
    given = [Answered(answer) if isinstance(answer, str) else answer for answer in answers]
    return [judge(case, answer) for case, answer in zip(cases_of(store, items), given, strict=True)]
