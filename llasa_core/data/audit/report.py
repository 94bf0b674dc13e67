"""What an audit says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llasa_core.data.audit.finding import Finding


@dataclass(frozen=True)
class AuditReport:
    """What was found in questions and answers; `str()` of it is for people."""

    path: str
    files: tuple[str, ...]
    items: int
    exchanges: int
    with_windows: int
    """Items whose windows could be read."""
    findings: tuple[Finding, ...]

    @property
    def must_be_repaired(self) -> bool:
        """Whether nothing should be trained on it as it is."""
        return any(finding.severity == "error" for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        counts = Counter(finding.severity for finding in self.findings)
        return {
            "path": self.path,
            "files": list(self.files),
            "items": self.items,
            "exchanges": self.exchanges,
            "items_with_windows": self.with_windows,
            "errors": counts["error"],
            "warnings": counts["warning"],
            "must_be_repaired": self.must_be_repaired,
            "findings": [finding.as_dict() for finding in self.findings],
        }

    def __str__(self) -> str:
        counts = f"{self.items:,} items with {self.exchanges:,} questions"
        lines = [f"{self.path}: {counts}, {self.with_windows:,} checked against their windows"]
        for finding in self.findings:
            times = f"{finding.count:,} × " if finding.count > 1 else ""
            lines += ["", f"{finding.severity}: {finding.check}: {times}{finding.message}"]
            lines += [f"  {example}" for example in finding.examples]
            lines += [f"  fix: {finding.fix}"]
        end = "must be repaired" if self.must_be_repaired else "nothing must be repaired"
        return "\n".join([*lines, "", end])
