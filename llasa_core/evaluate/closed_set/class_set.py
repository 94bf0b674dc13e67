"""Which activities can be chosen, and which of them count as the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.activity_words import names_of, same_activity, same_kind
from llasa_core.data.grounded.activities import activity_answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.exam import Exam


@dataclass(frozen=True)
class ClassSet:
    """The choices of a closed set."""

    classes: tuple[str, ...]
    """Those of the data first, so that a window's true class keeps its number."""
    is_known: np.ndarray
    """bool [class]: whether the checkpoint was trained on it."""

    @classmethod
    def of(cls, exam: Exam) -> ClassSet:
        """Return the classes that the recipe asks for."""
        held = exam.windows.classes
        known = exam.checkpoint.activities
        more = [name for name in known if name not in held] if exam.config.classes == "union" else []
        classes = (*held, *more)
        return cls(classes, np.array([name in known for name in classes]))

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def answers(self) -> list[str]:
        """The texts that are scored, one for each class."""
        return [activity_answer(name) for name in self.classes]

    @property
    def groups(self) -> np.ndarray:
        """int64 [class]: equal where two names mean the same activity."""
        return np.array(same_activity(self.classes))

    @property
    def kinds(self) -> np.ndarray:
        """int64 [class]: equal where two activities are of one kind, such as still."""
        return np.array(same_kind(self.classes))


@dataclass(frozen=True)
class Names:
    """Every class under all of its names."""

    names: tuple[str, ...]
    owner: np.ndarray
    """int64 [name]: the class that it means."""
    is_own: np.ndarray
    """bool [name]: whether it is the class's own name, the one that was trained."""

    @classmethod
    def of(cls, classes: Sequence[str]) -> Names:
        """Collect the names; one that is a class of its own means that class alone."""
        found = [
            (name, number, name == own)
            for number, own in enumerate(classes)
            for name in names_of(own)
            if name == own or name not in classes
        ]
        names, owner, is_own = zip(*found, strict=True)
        return cls(names, np.array(owner), np.array(is_own))

    @property
    def answers(self) -> list[str]:
        """The texts that are scored, one for each name."""
        return [activity_answer(name) for name in self.names]

    def best(self, log_likelihood: np.ndarray) -> np.ndarray:
        """Return each class's log-likelihood [window, class] by its likeliest name; [window, name] goes in."""
        return np.stack([log_likelihood[:, self.owner == each].max(1) for each in np.unique(self.owner)], axis=1)

    def total(self, log_likelihood: np.ndarray) -> np.ndarray:
        """Return each class's log-likelihood [window, class] by the sum over its names; [window, name] goes in."""
        parts = [log_likelihood[:, self.owner == each] for each in np.unique(self.owner)]
        return np.stack([np.logaddexp.reduce(part, axis=1) for part in parts], axis=1)
