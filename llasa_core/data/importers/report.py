"""What `import-qa` says when it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llasa_core.data.report import PrepareReport

IMPORTED = "imported"
"""Key of the manifest under which this stands."""


@dataclass(frozen=True)
class ImportReport:
    """What was imported, what was mended and what was left out; `str()` of it is for people."""

    prepared: PrepareReport
    """The data folder that was made."""
    imported: dict[str, Any]
    """`read`, `kept`, and `repaired` and `dropped`: items by what was mended, and by why they are left out; `shifted`
    names the files whose pairs were shifted."""

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {**self.prepared.as_dict(), IMPORTED: self.imported}

    def __str__(self) -> str:
        lines = [str(self.prepared), "", f"{self.imported['read']:,} items read, {self.imported['kept']:,} kept"]
        for title, key in (("repaired", "repaired"), ("dropped", "dropped")):
            lines += [f"  {title}: {reason}: {count:,}" for reason, count in self.imported[key].items()]
        lines += [f"  the pairs of {name} were shifted" for name in self.imported["shifted"]]
        return "\n".join(lines)
