"""The model's answers to open questions, kept by the job that decodes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llasa_core.evaluate.job import Job
from llasa_core.evaluate.open_ended.case import Answered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.exam import Exam
    from llasa_core.evaluate.models import Models
    from llasa_core.evaluate.open_ended.items import OpenItem

AT_ONCE = 32
"""Answers decoded together and kept at once: a run that is stopped loses no more."""


def answers_job(
    exam: Exam, items: Sequence[OpenItem], name: str = "open-answers", words: str = "answering open questions"
) -> Job:
    """Return the job that answers questions greedily; `answered` reads its values."""
    order = _order(items)

    def work(models: Models, numbers: Sequence[int]) -> list[dict[str, Any]]:
        from llasa_core.model.collate import Sample  # noqa: PLC0415 - torch, which a judge of outputs does without
        from llasa_core.model.generate import generate_answers  # noqa: PLC0415 - as above

        asked = [items[order[number]] for number in numbers]
        samples = [Sample(exam.store.take(item.rows), item.turns) for item in asked]
        answers = generate_answers(models.llasa, samples, max_new_tokens=exam.config.max_new_tokens)
        return [{"text": answer.text, "tokens": answer.tokens, "ended": answer.ended} for answer in answers]

    return Job(
        name=name,
        inputs={"questions": [items[nth].id for nth in order], "max_new_tokens": exam.config.max_new_tokens},
        n_items=len(items),
        work=work,
        chunk=AT_ONCE,
        words=words,
    )


def answered(items: Sequence[OpenItem], values: Sequence[dict[str, Any]]) -> list[Answered]:
    """Return the answers that the job has kept, in the order of the questions."""
    of_item = dict(zip(_order(items), values, strict=True))
    kept = [of_item[nth] for nth in range(len(items))]
    return [Answered(value["text"].strip(), value["ended"], value["tokens"]) for value in kept]


def _order(items: Sequence[OpenItem]) -> list[int]:
    """Return the order in which questions are answered: alike lengths together, so that batches waste little."""
    return sorted(range(len(items)), key=lambda nth: (len(items[nth].rows), items[nth].kind, nth))
