"""One thing that was looked at, and what to do where it is wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

State = Literal["good", "note", "warning", "broken"]
"""`note` wants nothing; a `warning` costs speed or a feature; what is `broken` keeps LLaSA from working."""
GB = 10**9


@dataclass(frozen=True)
class Fact:
    """A line of the report."""

    name: str
    value: str
    state: State = "good"
    fix: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    """The same for programs; units are in the names."""

    @property
    def is_problem(self) -> bool:
        """Whether there is something to do."""
        return self.state in {"warning", "broken"}

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` shows."""
        return asdict(self)


@dataclass(frozen=True)
class Section:
    """Facts that belong together."""

    title: str
    facts: tuple[Fact, ...]


def gigabytes(size: float) -> str:
    """Write bytes as people compare them: `24.1 GB`."""
    return f"{size / GB:,.1f} GB"
