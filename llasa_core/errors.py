"""Every error a user can meet: what happened, where, and what to do.

`LlasaError` carries the three parts apart, so that the command line can print them as text or JSON. Each child
knows the exit code that `llasa` ends with: 2 for a wrong command line, recipe or input, 1 for a run that failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Place:
    """A spot in a file that an editor can open; rows and columns count from 1."""

    file: Path | str
    row: int | None = None
    column: int | str | None = None

    def __str__(self) -> str:
        parts = [str(self.file)]
        if self.row is not None:
            parts.append(str(self.row))
            if self.column is not None:
                parts.append(str(self.column))
        return ":".join(parts)


class LlasaError(Exception):
    """Something went wrong that its reader can mend; the root of all errors raised on purpose."""

    exit_code: int = 1

    def __init__(self, message: str, *, where: Place | Path | str | None = None, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = None if where is None else str(where)
        self.fix = fix

    def __str__(self) -> str:
        lines = [self.message]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.fix:
            lines.append(f"  fix:   {self.fix}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, str | None]:
        """Return the parts under the keys that `--json` promises."""
        return {"error": self.message, "where": self.where, "fix": self.fix}


class DataError(LlasaError):
    """A recording, data folder or QA file cannot be used as it is."""

    exit_code = 2


class ModelError(LlasaError):
    """A checkpoint, base LM, template or prompt does not fit."""

    exit_code = 2


class RecipeError(LlasaError):
    """A recipe, or a flag that changes one, is wrong."""

    exit_code = 2


class UsageError(LlasaError):
    """The command line asks for something that cannot be done."""

    exit_code = 2


class RunError(LlasaError):
    """A run failed while it was working: a full disk, a dead rank, a loss that is no number."""

    exit_code = 1


class InterruptedRun(LlasaError):  # noqa: N818 - it is the end of a run, not a fault
    """A run was asked to stop; what it had is saved and the same command goes on from there."""

    exit_code = 130


class ErrorGroup(LlasaError):  # noqa: N818 - it holds errors
    """Several mistakes found in one look, such as all those of a recipe; ends like its first."""

    def __init__(self, errors: Sequence[LlasaError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = tuple(errors)
        self.exit_code = self.errors[0].exit_code

    def as_dict(self) -> dict[str, object]:  # type: ignore[override]
        """Return every mistake under `errors`, and the first one's parts where a single error has them."""
        first = self.errors[0].as_dict()
        return {**first, "errors": [error.as_dict() for error in self.errors]}
