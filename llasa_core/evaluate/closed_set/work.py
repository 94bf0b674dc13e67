"""What of a closed set is computed by the model: scores of windows, other prompts and names, and the old protocol."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.qa import Turn
from llasa_core.evaluate.closed_set.class_set import ClassSet, Names
from llasa_core.evaluate.closed_set.probabilities import checked
from llasa_core.evaluate.closed_set.prompts import Prompt, prompts_of
from llasa_core.evaluate.closed_set.protocol import protocol_prompt
from llasa_core.evaluate.job import Job
from llasa_core.model.collate import Sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.eval_set import EvalSet
    from llasa_core.evaluate.exam import Exam
    from llasa_core.evaluate.models import Models

PROTOCOL_TOKENS = 48
"""Longest answer under the original's protocol."""
MOST_VAL_WINDOWS = 160
"""Of more validation windows, a fixed random choice: one temperature and one threshold take no more."""


@dataclass(frozen=True)
class ClosedSetWork:
    """The jobs, and what they are about."""

    exam: Exam
    class_set: ClassSet

    @classmethod
    def of(cls, exam: Exam) -> ClosedSetWork:
        """Prepare it; nothing is computed."""
        return cls(exam, ClassSet.of(exam))

    @property
    def prompts(self) -> list[Prompt]:
        """All that are tried; the recipe's question is the first."""
        return prompts_of(self.exam.config.question, self.class_set.classes, self.exam.seed)

    @property
    def headline_prompts(self) -> list[Prompt]:
        """Those that the headline stands on."""
        return self.prompts if self.exam.config.prompts == "averaged" else self.prompts[:1]

    @property
    def names(self) -> Names:
        """All names of the classes."""
        return Names.of(self.class_set.classes)

    @cached_property
    def val(self) -> EvalSet:
        """What temperature and threshold are fitted on; nothing where those are the people who are measured."""
        val = self.exam.val
        n_windows = 0 if self.exam.config.split == "val" else MOST_VAL_WINDOWS
        return val.part(self._drawn(len(val), n_windows, salt=3))

    @cached_property
    def sensitivity_windows(self) -> np.ndarray:
        """Positions of the windows that other prompts and names are tried on, in order: int64 [window]."""
        return self._drawn(len(self.exam.windows), self.exam.config.sensitivity_windows, salt=1)

    @cached_property
    def protocol_windows(self) -> np.ndarray:
        """Positions of the windows that the original's protocol is followed on, in order: int64 [window]."""
        return self._drawn(len(self.exam.windows), self.exam.config.protocol_windows, salt=2)

    def _drawn(self, n_all: int, n_wanted: int, *, salt: int) -> np.ndarray:
        drawn = np.random.default_rng([self.exam.seed, salt]).choice(n_all, min(n_wanted, n_all), replace=False)
        return np.sort(drawn)

    @property
    def scores(self) -> Job:
        """[prompt, class] log-likelihoods of each window."""
        return self._scoring("closed-set", self.exam.windows, self.headline_prompts, self.class_set.answers)

    @property
    def val_scores(self) -> Job:
        """The same of the validation windows."""
        return self._scoring("closed-set-val", self.val, self.headline_prompts, self.class_set.answers)

    @property
    def prompt_scores(self) -> Job:
        """[prompt, class] log-likelihoods under every prompt."""
        chosen = self.exam.windows.part(self.sensitivity_windows)
        return self._scoring("prompts", chosen, self.prompts, self.class_set.answers)

    @property
    def name_scores(self) -> Job:
        """[1, name] log-likelihoods of all names under the question."""
        chosen = self.exam.windows.part(self.sensitivity_windows)
        return self._scoring("names", chosen, self.prompts[:1], self.names.answers)

    @property
    def answers(self) -> Job:
        """Texts under the original's protocol."""
        text = protocol_prompt(self.class_set.classes)
        chosen = self.exam.windows.part(self.protocol_windows)
        return Job(
            name="protocol",
            inputs={"prompt": text, "rows": chosen.rows.tolist(), "max_new_tokens": PROTOCOL_TOKENS},
            n_items=len(chosen),
            work=partial(self._answer, chosen, text),
            chunk=30,
            words="answering under the original's protocol",
        )

    @property
    def jobs(self) -> list[Job]:
        """All of them; those without windows are left out."""
        found = [self.scores, self.val_scores, self.prompt_scores, self.name_scores, self.answers]
        return [job for job in found if job.n_items]

    def _scoring(self, name: str, chosen: EvalSet, prompts: Sequence[Prompt], answers: Sequence[str]) -> Job:
        texts = [prompt.text for prompt in prompts]
        return Job(
            name=name,
            inputs={"prompts": texts, "answers": list(answers), "rows": chosen.rows.tolist()},
            n_items=len(chosen),
            work=partial(self._score, chosen, prompts, answers),
            words="scoring windows",
        )

    def _score(
        self, chosen: EvalSet, prompts: Sequence[Prompt], answers: Sequence[str], models: Models, items: Sequence[int]
    ) -> list[list[list[float]]]:
        from llasa_core.model.score import score_prompts  # noqa: PLC0415 - torch

        part = chosen.part(np.asarray(items))
        windows = [window[None] for window in self.exam.store.take(part.rows)]
        scores = score_prompts(models.llasa, windows, [prompt.turns for prompt in prompts], answers)
        checked(scores, part, self.exam.store)
        found: list[list[list[float]]] = scores.round(6).tolist()
        return found

    def _answer(self, chosen: EvalSet, text: str, models: Models, items: Sequence[int]) -> list[Any]:
        from llasa_core.model.generate import generate_answers  # noqa: PLC0415 - torch

        windows = self.exam.store.take(chosen.rows[np.asarray(items)])
        samples = [Sample(window[None], (Turn("human", text),)) for window in windows]
        return [answer.text for answer in generate_answers(models.llasa, samples, max_new_tokens=PROTOCOL_TOKENS)]
