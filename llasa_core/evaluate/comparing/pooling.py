"""Evaluations put together: seeds of one recipe on the same people, or folds with a different part of them each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.counting import number_of
from llasa_core.data.split import person_of
from llasa_core.errors import UsageError
from llasa_core.evaluate.closed_set.text import aligned
from llasa_core.evaluate.comparing.evaluated import check_same_windows, in_order_of
from llasa_core.evaluate.intervals import METHOD, subject_interval
from llasa_core.evaluate.measured import Measured, shown
from llasa_core.evaluate.metrics import accuracy, confusion_by_subject, macro_f1
from llasa_core.evaluate.page.blocks import Paragraph, Section, Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llasa_core.evaluate.comparing.evaluated import Evaluated

OURS = "checkpoint"
OF_FOLDS = (
    "Each person was named by a checkpoint that had not seen them. The folds' checkpoints share training people, which "
    "an interval over people does not know of."
)
OF_SEEDS = "The interval is over people, of what the seeds give them on average; the spread is what the seed changes."


@dataclass(frozen=True)
class Pooled:
    """What several evaluations give together."""

    kind: str
    """`folds` or `seeds`."""
    parts: dict[str, tuple[float, int, int]]
    """Accuracy, windows and people of each, by name."""
    measured: dict[str, Measured]
    """Of the checkpoint, and of the baselines that all have."""
    people: dict[str, tuple[float, ...]]
    """Each person's accuracy: of folds one, of seeds one for each."""
    windows: int
    note: str

    @property
    def spread(self) -> float:
        """Standard deviation of the parts' accuracies."""
        return float(np.std([value for value, _, _ in self.parts.values()], ddof=1))

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        values = [value for value, _, _ in self.parts.values()]
        return {
            "kind": self.kind,
            "windows": self.windows,
            "subjects": len(self.people),
            **self.measured[OURS].as_dict(),
            "method": METHOD,
            "baselines": {name: found.as_dict() for name, found in self.measured.items() if name != OURS},
            "parts": {
                name: {"accuracy": value, "windows": windows, "subjects": people}
                for name, (value, windows, people) in self.parts.items()
            },
            "spread": {"mean": float(np.mean(values)), "sd": self.spread, "low": min(values), "high": max(values)},
            "people": {name: list(values) for name, values in self.people.items()},
            "note": self.note,
        }

    def __str__(self) -> str:
        values = [value for value, _, _ in self.parts.values()]
        return "\n".join(
            [
                f"{number_of(len(self.parts), self.kind[:-1])}: {self._who}",
                "",
                *aligned([_HEAD, *self._measured_rows]),
                "",
                *aligned([_PARTS, *self._part_rows]),
                f"mean {np.mean(values):.3f}, standard deviation {self.spread:.3f}, {_range(values)}",
                "",
                *aligned([("person", "accuracy"), *self._people_rows]),
                "",
                f"95 % intervals: {METHOD}",
                self.note,
            ]
        )

    def sections(self) -> list[Section]:
        """Return its part of a page."""
        lead = f"{number_of(len(self.parts), self.kind[:-1])} put together: {self._who}; 95 % intervals: {METHOD}."
        blocks = (
            Table(_HEAD, self._measured_rows, strong_row=0),
            Table(_PARTS, self._part_rows),
            Table(("person", "accuracy"), self._people_rows),
            Paragraph(self.note),
        )
        return [Section(f"All {self.kind}", lead, blocks)]

    @property
    def _who(self) -> str:
        return f"{number_of(self.windows, 'window')} of {number_of(len(self.people), 'person', 'people')}"

    @property
    def _measured_rows(self) -> list[tuple[str, ...]]:
        return [
            (name, f"{m.accuracy:.3f}", shown(m.accuracy_ci), f"{m.macro_f1:.3f}", shown(m.macro_f1_ci))
            for name, m in self.measured.items()
        ]

    @property
    def _part_rows(self) -> list[tuple[str, ...]]:
        return [
            (name, f"{value:.3f}", f"{windows:,}", f"{people:,}")
            for name, (value, windows, people) in self.parts.items()
        ]

    @property
    def _people_rows(self) -> list[tuple[str, ...]]:
        return [(name, "  ".join(f"{value:.3f}" for value in values)) for name, values in self.people.items()]


_HEAD = ("", "accuracy", "95 % interval", "macro-F1", "95 % interval")
_PARTS = ("part", "accuracy", "windows", "people")


def pool(evaluations: Sequence[Evaluated], *, resamples: int = 2000, seed: int = 7) -> Pooled:
    """Put evaluations together: as folds where they share nobody, as seeds where they share all windows.

    Args:
        evaluations: two or more.
        resamples: of the people.
        seed: of the resampling.

    Raises:
        UsageError: there are fewer than two; or they share some people and not all windows.
    """
    if len(evaluations) < 2:  # noqa: PLR2004 - several
        raise UsageError("one evaluation is already whole", fix="name two or more")
    count = Counter(person for one in evaluations for person in {person_of(name) for name in one.people})
    twice = sorted(person for person, n in count.items() if n > 1)
    if not twice:
        return pool_folds(evaluations, resamples=resamples, seed=seed)
    if all(set(one.keys) == set(evaluations[0].keys) for one in evaluations):
        return pool_seeds(evaluations, resamples=resamples, seed=seed)
    raise UsageError(
        f"{number_of(len(twice), 'person is', 'people are')} in several of these evaluations, whose windows differ: "
        f"{', '.join(twice[:3])}{' …' if len(twice) > 3 else ''}",  # noqa: PLR2004 - some
        where=_shared_by(evaluations, twice[0]),
        fix="name folds that test different people, or seeds that test the same windows",
    )


def pool_folds(evaluations: Sequence[Evaluated], *, resamples: int = 2000, seed: int = 7) -> Pooled:
    """Put folds together to one accuracy over all people; nobody is in two of them."""
    truth, subject = (np.concatenate([getattr(one, what) for one in evaluations]) for what in ("truth", "subject"))
    common = [name for name in evaluations[0].baselines if all(name in one.baselines for one in evaluations)]
    named = {OURS: np.concatenate([one.prediction for one in evaluations])}
    named |= {name: np.concatenate([one.baselines[name] for one in evaluations]) for name in common}
    right = named[OURS] == truth
    return Pooled(
        kind="folds",
        parts=_parts(evaluations),
        measured={name: _measured(truth, [one], subject, resamples, seed) for name, one in named.items()},
        people={name: (float(right[subject == name].mean()),) for name in np.unique(subject).tolist()},
        windows=len(truth),
        note=OF_FOLDS,
    )


def pool_seeds(evaluations: Sequence[Evaluated], *, resamples: int = 2000, seed: int = 7) -> Pooled:
    """Average seeds of one recipe, measured on the same windows.

    Raises:
        UsageError: they were not measured on the same windows.
    """
    check_same_windows(evaluations)
    first = evaluations[0]
    truth, subject = np.array(first.truth), np.array(first.subject)
    common = [name for name in first.baselines if all(name in one.baselines for one in evaluations)]
    named = {OURS: [in_order_of(first, one, one.prediction) for one in evaluations]}
    named |= {name: [in_order_of(first, one, one.baselines[name]) for one in evaluations] for name in common}
    same = len({one.seed for one in evaluations}) < len(evaluations)
    return Pooled(
        kind="seeds",
        parts=_parts(evaluations),
        measured={name: _measured(truth, each, subject, resamples, seed) for name, each in named.items()},
        people={
            name: tuple(float((one == truth)[subject == name].mean()) for one in named[OURS])
            for name in np.unique(subject).tolist()
        },
        windows=len(truth),
        note=f"{OF_SEEDS} Two of them have the same seed." if same else OF_SEEDS,
    )


def _range(values: Sequence[float]) -> str:
    return f"{min(values):.3f} – {max(values):.3f}"


def _parts(evaluations: Sequence[Evaluated]) -> dict[str, tuple[float, int, int]]:
    parts = {}
    for number, one in enumerate(evaluations, start=1):
        right = np.array(one.prediction) == np.array(one.truth)
        parts[f"{number}: {one.name}, seed {one.seed}"] = float(right.mean()), len(one), len(one.people)
    return parts


def _measured(
    truth: np.ndarray, named: Sequence[np.ndarray], subject: np.ndarray, resamples: int, seed: int
) -> Measured:
    """Return accuracy and macro-F1 of confusion tables that are averaged over several names for the same windows."""
    _, numbers = np.unique(np.concatenate([truth, *named]), return_inverse=True)
    number_of_truth, *others = np.split(numbers, 1 + len(named))
    n_classes = int(numbers.max()) + 1
    tables = np.mean([confusion_by_subject(number_of_truth, one, subject, n_classes) for one in others], axis=0)
    windows, total = tables.sum((1, 2)), tables.sum(0)
    return Measured(
        accuracy=float(accuracy(total)),
        accuracy_ci=subject_interval(tables, accuracy, windows, resamples=resamples, seed=seed),
        macro_f1=float(macro_f1(total)),
        macro_f1_ci=subject_interval(tables, macro_f1, windows, resamples=resamples, seed=seed),
    )


def _shared_by(evaluations: Sequence[Evaluated], person: str) -> Path:
    return next(one.folder for one in evaluations if person in {person_of(name) for name in one.people})
