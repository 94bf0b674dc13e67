"""All there is, as a table for people and an object for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from llasa_core.runs.found import find_runs
from llasa_core.runs.kept import cache_entries, leftovers, shipped_checkpoints
from llasa_core.runs.size import megabytes

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from llasa_core.runs.found import RunFound
    from llasa_core.runs.kept import Kept, Leftover

NOTHING = "–"
MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True)
class Listing:
    """Runs and whatever else takes room."""

    folder: Path
    runs: list[RunFound]
    checkpoints: list[Kept]
    """Those that come with the package."""
    caches: list[Kept]
    leftovers: list[Leftover]

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "folder": str(self.folder),
            **{
                key: [asdict(each) for each in getattr(self, key)]
                for key in ("runs", "checkpoints", "caches", "leftovers")
            },
        }

    def __str__(self) -> str:
        lines = self._runs()
        for title, kept in (("shipped checkpoints", self.checkpoints), ("caches", self.caches)):
            if kept:
                lines += ["", *aligned([(title, "size", ""), *_rows(kept)], right=(1,))]
        if self.leftovers:
            lines += ["", *aligned([("left by killed processes", "size", ""), *_rows(self.leftovers)], right=(1,))]
            lines.append(f"`llasa runs clean {self.leftovers[0].name}` removes the first")
        return "\n".join(lines)

    def _runs(self) -> list[str]:
        if not self.runs:
            return [f"no runs in {self.folder}; `llasa pretrain recipes/tiny.yaml` makes one in seconds"]
        head = ("run", "state", "loss", "accuracy", "time", "changed", "size")
        rows = [head, *(_run_cells(run) for run in self.runs)]
        total = sum(run.bytes for run in self.runs)
        words = "run" if len(self.runs) == 1 else "runs"
        return [*aligned(rows, right=(2, 3, 4, 5, 6)), f"{len(self.runs)} {words} in {self.folder}, {megabytes(total)}"]


def list_all(runs: Path) -> Listing:
    """Look at everything that training has left.

    Args:
        runs: where runs are kept.
    """
    return Listing(runs, find_runs(runs), shipped_checkpoints(), cache_entries(), leftovers(runs))


def _run_cells(run: RunFound) -> tuple[str, ...]:
    accuracy = NOTHING if run.accuracy is None else f"{run.accuracy:.3f} ({run.split})"
    loss = NOTHING if run.loss is None else f"{run.loss:.4f}"
    spent = span(run.seconds) if run.seconds else NOTHING
    return run.name, run.state_words, loss, accuracy, spent, ago(run.age_s), megabytes(run.bytes)


def _rows(kept: Sequence[Kept]) -> list[tuple[str, ...]]:
    return [(each.name, megabytes(each.bytes), remark(each)) for each in kept]


def remark(kept: Kept) -> str:
    """Return what a person should know before it is removed."""
    return "maybe the only copy: nothing is in its place" if getattr(kept, "is_only_copy", False) else ""


def span(seconds: float) -> str:
    """Write how long something took: `0.2 s`, `8 s`, `3 min`, `2.5 h`."""
    if seconds < MINUTE:
        return f"{seconds:.1f} s" if seconds < 1 else f"{seconds:.0f} s"
    return f"{seconds / MINUTE:.0f} min" if seconds < HOUR else f"{seconds / HOUR:.1f} h"


def ago(seconds: float) -> str:
    """Write an age: `just now`, `5 min ago`, `3 h ago`, `2 days ago`."""
    if seconds < MINUTE:
        return "just now"
    if seconds < HOUR:
        return f"{seconds // MINUTE:.0f} min ago"
    days = int(seconds // DAY)
    if not days:
        return f"{seconds // HOUR:.0f} h ago"
    return f"{days} {'day' if days == 1 else 'days'} ago"


def aligned(rows: Sequence[tuple[str, ...]], right: Collection[int]) -> list[str]:
    """Return rows as lines; columns of numbers, by their index, stand to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        lines.append("  ".join(cells).rstrip())
    return lines
