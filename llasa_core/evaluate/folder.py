"""The folder of an evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from llasa_core.evaluate.past_report import REPORT
from llasa_core.files import remove
from llasa_core.launching.folder import RankFolder

if TYPE_CHECKING:
    from pathlib import Path


JUDGE_ANSWERS = "judge-answers.jsonl"
"""Every answer of a judge: it may have cost money."""


class EvalFolder(RankFolder):
    """`runs/<recipe>/eval/`.

    - `report.json`, `report.html`, `predictions.csv`, …: the result
    - `parts/`: what was computed, for an evaluation that was stopped, or is asked for again
    - `eval.json`, `recipe.yaml`: what is measured, for ranks
    """

    GOES_ON: ClassVar[str] = "the same command goes on from what was scored"
    LESS_MEMORY: ClassVar[str] = "use a GPU with more memory, or end what else runs on it"

    @property
    def lock_file(self) -> Path:
        """Held by the process that measures."""
        return self.folder / "lock"

    @property
    def begun_file(self) -> Path:
        """What is measured."""
        return self.folder / "eval.json"

    @property
    def recipe_file(self) -> Path:
        """How it is measured."""
        return self.folder / "recipe.yaml"

    @property
    def report_file(self) -> Path:
        """The result, for programs."""
        return self.folder / REPORT

    def clear(self) -> None:
        """Remove all that was computed and reported, but not the lock, nor what judges were paid for."""
        for path in self.folder.glob("*"):
            if path not in {self.lock_file, self.folder / JUDGE_ANSWERS}:
                remove(path)
