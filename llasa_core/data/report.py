"""What `prepare-data` says when it is done."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from llasa_core.data.split import SPLITS, split_of

if TYPE_CHECKING:
    from pathlib import Path

MOST_NOTES = 20
"""Of what readers decided, shown to people; hundreds of loggers can decide hundreds of things."""


@dataclass(frozen=True)
class PrepareReport:
    """What a data folder holds and what was left out of it; `str()` of it is a table for people."""

    folder: str
    windows: int
    subjects: int
    qa_items: int
    activities: dict[str, int]
    """Windows of each activity, in the order of the manifest's names; those of nobody's label under `unknown`."""
    splits: dict[str, dict[str, int]]
    """Subjects, windows and QA items of each split."""
    left_out: list[dict[str, Any]]
    """Each with `source`, `reason`, `count` and the `unit` of the count; samples with their `seconds`."""
    notes: list[str]
    """What the readers decided about units and rates."""
    seconds: float
    was_done: bool = False
    """The folder was there already, made of the same sources and settings."""
    share: str | None = None
    """Of a share: which it is, as `2/8`."""

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return asdict(self)

    def __str__(self) -> str:
        head = "is already done" if self.was_done else f"done in {self.seconds:.1f} s"
        windows, subjects = _counted(self.windows, "window"), _counted(self.subjects, "subject")
        lines = [
            f"{self.folder}: {head}",
            f"  {windows} of {subjects}, {_counted(self.qa_items, 'QA item')}",
            *self._about_share(),
            "",
            *_table(("activity", "windows"), self.activities.items()),
            "",
            *_table(
                ("split", "subjects", "windows", "QA items"),
                [
                    (name, *(part[key] for key in ("subjects", "windows", "qa_items")))
                    for name, part in self.splits.items()
                ],
            ),
        ]
        if self.left_out:
            lines += ["", *_table(("left out", "sources", "amount"), _by_reason(self.left_out))]
        if self.notes:
            lines += ["", "decided", *(f"  {note}" for note in self.notes[:MOST_NOTES])]
        if len(self.notes) > MOST_NOTES:
            lines.append(f"  and {len(self.notes) - MOST_NOTES} more in manifest.json")
        return "\n".join(lines)

    def _about_share(self) -> list[str]:
        if self.share is None:
            return []
        held = "" if self.windows else "; none of the windows falls into it, which is no fault"
        return [f"  share {self.share}{held}: put all shares together with `llasa prepare-data --merge`"]


def report_of(folder: Path, manifest: dict[str, Any], seconds: float, *, was_done: bool = False) -> PrepareReport:
    """Return the report of a data folder with this manifest."""
    windows_of: Counter[str] = Counter()
    subjects: Counter[str] = Counter()
    for source in manifest["sources"]:
        windows_of.update(source["activities"])
        windows_of["unknown"] += source["windows"] - sum(source["activities"].values())
        subjects[source["subject"]] += source["windows"]
    activities = {name: windows_of[name] for name in (*manifest["activities"], "unknown") if windows_of[name]}
    splits: dict[str, dict[str, int]] = {
        split: {
            "subjects": len(manifest["splits"][split]),
            "windows": sum(n for subject, n in subjects.items() if n and split_of(subject) == split),
            "qa_items": manifest["qa_items"].get(split, 0),
        }
        for split in SPLITS
    }
    return PrepareReport(
        folder=str(folder),
        windows=sum(subjects.values()),
        subjects=len(manifest["subjects"]),
        qa_items=sum(manifest["qa_items"].values()),
        activities=activities,
        splits=splits,
        left_out=[
            *({"source": source["file"], **part} for source in manifest["sources"] for part in source["left_out"]),
            *manifest["left_out"],
        ],
        notes=sorted({note for source in manifest["sources"] for note in source["notes"]}),
        seconds=round(seconds, 3),
        was_done=was_done,
        share=f"{share['nth']}/{share['of']}" if (share := manifest.get("share")) else None,
    )


def _by_reason(left_out: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    amounts: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for part in left_out:
        amounts[part["reason"], part["unit"]].append(part)
    rows = []
    for (reason, unit), parts in amounts.items():
        count = sum(part["count"] for part in parts)
        amount = f"{count:,} {unit if count > 1 else unit.removesuffix('s')}"
        if unit == "samples":
            amount += f", {_as_time(sum(part['seconds'] for part in parts))}"
        rows.append((reason, len({part["source"] for part in parts}), amount))
    return rows


def _counted(count: int, name: str) -> str:
    """Return a count with its name: `1 subject`, `3,727 windows`."""
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def _as_time(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"  # noqa: PLR2004 - an hour


def _table(head: tuple[str, ...], rows: Any) -> list[str]:
    cells = [head, *[tuple(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row) for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    return [
        "  "
        + "  ".join(
            f"{row[0]:<{widths[0]}}" if not column else f"{cell:>{widths[column]}}" for column, cell in enumerate(row)
        )
        for row in cells
    ]
