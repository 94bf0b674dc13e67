"""An evaluation as a table for people, an object for programs, a page to look at, and files for later."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llasa_core import __version__
from llasa_core.evaluate.page.blocks import Cover
from llasa_core.evaluate.page.page import render_page
from llasa_core.evaluate.past_report import REPORT
from llasa_core.files import write_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llasa_core.eval_settings import SuiteName
    from llasa_core.evaluate.exam import Exam
    from llasa_core.evaluate.suite import SuiteResult
    from llasa_core.evaluate.target import Target

PAGE = "report.html"


@dataclass(frozen=True)
class EvalReport:
    """What was measured, on what, and where it is kept."""

    target: Target
    exam: Exam
    results: Mapping[SuiteName, SuiteResult]
    files: tuple[Path, ...]
    """What the suites have written beside the report."""

    def as_dict(self) -> dict[str, Any]:
        """Return what `report.json` holds and `--json` prints."""
        target, folder = self.target, self.target.folder
        files = {"report": folder / REPORT, "page": folder / PAGE, **{file.stem: file for file in self.files}}
        return {
            "name": target.name,
            "llasa": __version__,
            "checkpoint": str(target.checkpoint),
            "data": str(target.data),
            "split": target.recipe.eval.split,
            "seed": target.recipe.seed,
            **{name: result.as_dict() for name, result in self.results.items()},
            "files": {name: str(file) for name, file in files.items()},
        }

    def __str__(self) -> str:
        target = self.target
        lines = [f"{target.name} on the {target.recipe.eval.split} split of {target.data}; seed {target.recipe.seed}"]
        for result in self.results.values():
            lines += ["", *result.lines()]
        names = ", ".join((PAGE, REPORT, *(file.name for file in self.files)))
        return "\n".join([*lines, "", f"files: {target.folder}: {names}"])

    def page(self) -> str:
        """Return `report.html`."""
        sections = [section for result in self.results.values() for section in result.sections()]
        return render_page(self._cover(), sections)

    def _cover(self) -> Cover:
        target, config = self.target, self.exam.config
        about = [
            ("Checkpoint", f"{target.checkpoint}"),
            ("Base LM", str(self.exam.checkpoint.base_lm.get("name", "its own"))),
            ("Data", f"{target.data}, {config.split} split"),
            ("Seed", f"{target.recipe.seed}"),
            ("Measured with", f"llasa {__version__}"),
        ]
        return Cover(
            title=f"{target.name}: what it can do on people it has never seen"
            if config.split == "test"
            else f"{target.name} on the {config.split} split",
            lead="Every number says whose windows stand behind it; intervals are over people, not over windows.",
            about=about,
            headlines=[headline for result in self.results.values() for headline in result.headlines()],
        )


def write_report(report: EvalReport) -> None:
    """Write the report's page and, last, `report.json`: each whole or not at all.

    Raises:
        RunError: the disk is full.
    """
    folder = report.target.folder
    write_text(folder / PAGE, report.page())
    write_text(folder / REPORT, json.dumps(report.as_dict(), indent=2, ensure_ascii=False) + "\n")
