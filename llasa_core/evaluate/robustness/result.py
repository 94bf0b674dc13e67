"""What comes of changing windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.evaluate.robustness.conditions import Condition, Step, placements_of
from llasa_core.evaluate.robustness.measuring import Named, measure_named
from llasa_core.evaluate.robustness.sections import section_of
from llasa_core.evaluate.robustness.text import lines_of
from llasa_core.model.calibration import softmax

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llasa_core.evaluate.job import Job
    from llasa_core.evaluate.page.blocks import Headline, Section
    from llasa_core.evaluate.robustness.work import RobustnessWork


@dataclass(frozen=True)
class Outcome:
    """What comes of one strength of one condition."""

    step: Step
    ours: Named
    confidence: float
    """Mean probability of the class that it chose, before any calibration."""
    forest: Named | None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "strength": self.step.strength,
            "label": self.step.label,
            **self.ours.as_dict(),
            "confidence": self.confidence,
            "windows": self.ours.all.windows,
            "subjects": self.ours.all.people,
            "random_forest": None if self.forest is None else self.forest.as_dict(),
        }


@dataclass(frozen=True)
class RobustnessResult:
    """What came out of the suite."""

    work: RobustnessWork
    outcomes: Sequence[tuple[Condition, Sequence[Outcome]]]
    """The unchanged windows first."""

    @property
    def unchanged(self) -> Outcome:
        """What came of the windows as they are."""
        return self.outcomes[0][1][0]

    @property
    def one_by_one(self) -> list[tuple[Condition, Outcome]]:
        """Every outcome with its condition, in order."""
        return [(condition, outcome) for condition, outcomes in self.outcomes for outcome in outcomes]

    @property
    def notes(self) -> list[str]:
        """What a reader must know."""
        places = placements_of(self.work.exam)
        if len(places) > 1:
            return []
        where = f"all windows are from the {places[0]}" if places else "no window says where on the body it is from"
        why = "another place moves in other ways, which turning the axes does not imitate"
        return [f"no other placement was measured: {where}, and {why}"]

    def as_dict(self) -> dict[str, Any]:
        """Return what `report.json` holds."""
        return {
            "question": self.work.exam.config.question,
            "windows": self.unchanged.ours.all.windows,
            "subjects": self.unchanged.ours.all.people,
            "unchanged": self.unchanged.as_dict(),
            "conditions": {
                condition.key: {
                    "title": condition.title,
                    "unit": condition.unit or None,
                    "what": condition.caption,
                    "steps": [outcome.as_dict() for outcome in outcomes],
                }
                for condition, outcomes in self.outcomes[1:]
            },
            "notes": self.notes,
        }

    def lines(self) -> list[str]:
        """Return its table in the terminal."""
        return lines_of(self)

    def headlines(self) -> Sequence[Headline]:
        """Return nothing: what matters here is a curve."""
        return ()

    def sections(self) -> Sequence[Section]:
        """Return its part of the page."""
        return (section_of(self),)

    def write(self, folder: Path) -> Sequence[Path]:  # noqa: ARG002 - other suites keep files there
        """Write nothing: `report.json` holds it all."""
        return ()


def result_of(work: RobustnessWork, take: Callable[[Job], list[Any]]) -> RobustnessResult:
    """Return what came out, once the jobs are done."""
    named_by_forest = take(work.forest)[0] if work.has_forest else {}
    outcomes = []
    for condition in work.conditions:
        scores = np.array(take(work.scores(condition)))
        parts = np.split(scores, np.cumsum([len(work.windows_of(step)) for step in condition.steps])[:-1])
        forest = named_by_forest.get(condition.key, [None] * len(condition.steps))
        outcomes.append(
            (condition, [_outcome(work, *each) for each in zip(condition.steps, parts, forest, strict=True)])
        )
    return RobustnessResult(work, outcomes)


def _outcome(work: RobustnessWork, step: Step, scores: np.ndarray, forest: list[int] | None) -> Outcome:
    return Outcome(
        step,
        _measured(work, step, scores.argmax(1)),
        confidence=float(softmax(scores).max(1).mean()),
        forest=None if forest is None else _measured(work, step, np.array(forest)),
    )


def _measured(work: RobustnessWork, step: Step, prediction: np.ndarray) -> Named:
    resamples, seed = work.exam.config.bootstrap, work.exam.seed
    return measure_named(work.windows_of(step), prediction, work.class_set.classes, resamples=resamples, seed=seed)
