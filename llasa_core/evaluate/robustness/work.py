"""What of the robustness suite is computed by models: scores of changed windows, and what a forest names them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.qa import Turn
from llasa_core.evaluate.baselines.jobs import learn, why_missing
from llasa_core.evaluate.closed_set.class_set import ClassSet
from llasa_core.evaluate.closed_set.probabilities import checked, prompt_of
from llasa_core.evaluate.job import Job
from llasa_core.evaluate.robustness.choosing import stratified
from llasa_core.evaluate.robustness.conditions import Condition, Step, conditions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.eval_settings import BaselineName
    from llasa_core.evaluate.eval_set import EvalSet
    from llasa_core.evaluate.exam import Exam
    from llasa_core.evaluate.models import Models

VERSION = 1
"""Of how windows are changed: another one makes kept results void."""
FOREST: BaselineName = "random_forest"


@dataclass(frozen=True)
class RobustnessWork:
    """The jobs, and what they are about."""

    exam: Exam
    class_set: ClassSet

    @classmethod
    def of(cls, exam: Exam) -> RobustnessWork:
        """Prepare it; nothing is computed."""
        return cls(exam, ClassSet.of(exam))

    @cached_property
    def chosen(self) -> np.ndarray:
        """Positions of the windows that are changed, in the exam's windows: int64 [window]."""
        return stratified(self.exam.windows, self.exam.config.robustness_windows, self.exam.seed)

    @cached_property
    def conditions(self) -> list[Condition]:
        """All of them, the unchanged windows first."""
        return conditions_of(self.exam)

    def windows_of(self, step: Step) -> EvalSet:
        """Return the windows that a step changes, as they are stored."""
        return self.exam.windows.part(self.chosen if step.positions is None else step.positions)

    def changed(self, step: Step, which: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return a step's windows, or some of them by their positions, changed: float32 [window, time, channel]."""
        rows = self.windows_of(step).rows[which]
        return step.change(self.exam.store.take(rows), rows, self.exam.seed)

    @property
    def jobs(self) -> list[Job]:
        """One for each condition, whose items are the windows of its first step, then of the next; then the forest."""
        scoring = [self.scores(condition) for condition in self.conditions]
        return [*scoring, self.forest] if self.has_forest else scoring

    @property
    def has_forest(self) -> bool:
        """Whether a random forest is asked for, and has something to learn from."""
        return FOREST in self.exam.config.baselines and not why_missing(self.exam, FOREST)

    def scores(self, condition: Condition) -> Job:
        """[class] log-likelihoods of each changed window."""
        sets = [self.windows_of(step) for step in condition.steps]
        return Job(
            name=f"robustness-{condition.key.replace('_', '-')}",
            inputs={
                "version": VERSION,
                "question": self.exam.config.question,
                "answers": self.class_set.answers,
                "rows": [each.rows.tolist() for each in sets],
                **condition.inputs(),
            },
            n_items=sum(map(len, sets)),
            work=partial(self._score, condition),
            words=f"scoring changed windows: {condition.title[0].lower()}{condition.title[1:]}",
        )

    @property
    def forest(self) -> Job:
        """What a forest, which learned from unchanged windows, names all changed ones: {condition: [step][window]}."""
        lessons = self.exam.train.rows
        return Job(
            name="robustness-forest",
            inputs={
                "version": VERSION,
                "trees": self.exam.config.trees,
                "train": [len(lessons), int(lessons.sum())],
                "rows": [self.windows_of(step).rows.tolist() for each in self.conditions for step in each.steps],
                "conditions": [condition.inputs() for condition in self.conditions],
            },
            n_items=1,
            work=self._name_by_forest,
            chunk=1,
            words="naming changed windows by a random forest",
        )

    def _score(self, condition: Condition, models: Models, items: Sequence[int]) -> list[list[float]]:
        from llasa_core.model.score import score_prompts  # noqa: PLC0415 - torch

        ends = np.cumsum([len(self.windows_of(step)) for step in condition.steps])
        step_of = np.searchsorted(ends, items, side="right")
        scores = []
        for number in np.unique(step_of):
            step = condition.steps[number]
            which = np.asarray(items)[step_of == number] - (ends[number - 1] if number else 0)
            windows = [window[None] for window in self.changed(step, which)]
            turns = (Turn("human", prompt_of(self.exam.config.question)),)
            found = score_prompts(models.llasa, windows, [turns], self.class_set.answers)
            scores.append(checked(found, self.windows_of(step).part(which), self.exam.store))
        rounded: list[list[float]] = np.concatenate(scores).round(6).tolist()
        return rounded

    def _name_by_forest(self, models: Models, _items: Sequence[int]) -> list[dict[str, Any]]:
        name_windows = learn(FOREST, self.exam, models, self.exam.seed)
        return [
            {
                condition.key: [name_windows(self.changed(step)).tolist() for step in condition.steps]
                for condition in self.conditions
            }
        ]
