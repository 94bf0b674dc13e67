"""What an audit finds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llasa_core.data.audit.entry import Entry
    from llasa_core.errors import Place

MOST_EXAMPLES = 5
Severity = Literal["error", "warning"]
"""What must be repaired, and what is worth a look."""


@dataclass(frozen=True)
class Finding:
    """One kind of fault, and where."""

    check: str
    """Which check found it, such as `claims`."""
    severity: Severity
    message: str
    """What one of them is, such as "an id that another item has too"."""
    count: int
    examples: tuple[str, ...]
    """`file:line: what is wrong there`, the first ones."""
    fix: str

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return asdict(self)


@dataclass
class Tally:
    """Counts faults of one kind, and keeps the first of them."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, place: Place | str, detail: str = "") -> None:
        """Take one more."""
        self.count += 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(f"{place}: {detail}" if detail else str(place))

    def finding(self, check: str, severity: Severity, message: str, fix: str) -> Iterator[Finding]:
        """Yield the finding, if there is one."""
        if self.count:
            yield Finding(check, severity, message, self.count, tuple(self.examples), fix)


class Check(Protocol):
    """Looks at every item, and says at the end what it found."""

    def look(self, entry: Entry) -> None:
        """Take the next item."""

    def findings(self) -> Iterator[Finding]:
        """Yield what was found in all of them."""
