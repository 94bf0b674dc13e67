"""What `llasa eval` has said of a checkpoint before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

REPORT = "report.json"
"""Its name in an `eval` folder."""


def report_on(checkpoint: Path, folder: Path) -> dict[str, Any] | None:
    """Return the report in an `eval` folder, if it is about this checkpoint and not about an earlier one of its name.

    Args:
        checkpoint: a folder.
        folder: where `llasa eval` may have left its report.
    """
    file = folder / REPORT
    try:
        report: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        said, here = Path(report["checkpoint"]), checkpoint.resolve()
        is_same = said.resolve() == here or (not said.is_absolute() and f"{here}".endswith(f"/{said.as_posix()}"))
        is_newer = file.stat().st_mtime >= (checkpoint / "config.json").stat().st_mtime
        _ = float(report["closed_set"]["accuracy"]), float(report["closed_set"]["macro_f1"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return report if is_same and is_newer else None
