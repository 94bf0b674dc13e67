"""All that is looked at, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llasa_core.doctor.host import base_lms, host, tools
from llasa_core.doctor.versions import versions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.doctor.fact import Fact, Section

MARKS = {"good": "✓", "note": "·", "warning": "!", "broken": "✗"}


@dataclass(frozen=True)
class Examination:
    """What a machine can run."""

    sections: tuple[Section, ...]

    @property
    def problems(self) -> list[Fact]:
        """What there is to do, the worst first."""
        found = [fact for section in self.sections for fact in section.facts if fact.is_problem]
        return sorted(found, key=lambda fact: fact.state != "broken")

    @property
    def is_ready(self) -> bool:
        """Whether nothing that is needed is broken."""
        return all(fact.state != "broken" for fact in self.problems)

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` shows."""
        by_title = ((section.title.replace(" ", "_"), section.facts) for section in self.sections)
        sections = {title: [fact.as_dict() for fact in facts] for title, facts in by_title}
        return {"is_ready": self.is_ready, "problems": [fact.as_dict() for fact in self.problems], **sections}

    def __str__(self) -> str:
        return self.text()

    def text(self, paint: Callable[[str, str], str] = lambda mark, _state: mark) -> str:
        """Return the report for people; `paint` colours a mark by its state."""
        width = max(len(fact.name) for section in self.sections for fact in section.facts)
        lines = []
        for section in self.sections:
            lines.append(section.title)
            lines += [
                f"  {paint(MARKS[fact.state], fact.state)} {fact.name:<{width}}  {fact.value}" for fact in section.facts
            ]
        return "\n".join([*lines, "", *self._ending(paint)])

    def _ending(self, paint: Callable[[str, str], str]) -> list[str]:
        if not self.problems:
            return ["nothing is wrong"]
        n_broken = sum(fact.state == "broken" for fact in self.problems)
        n_warnings = len(self.problems) - n_broken
        counted = [f"{n_broken} broken"] if n_broken else []
        counted += [f"{n_warnings} to mend for more speed or features"] if n_warnings else []
        lines = [", ".join(counted)]
        for fact in self.problems:
            lines += [f"  {paint(MARKS[fact.state], fact.state)} {fact.name}: {fact.value}", f"      fix: {fact.fix}"]
        return lines


def examine(runs: Path, say: Callable[[str], None] = lambda _text: None, *, measures: bool = False) -> Examination:
    """Look at everything; asks no network.

    Args:
        runs: where runs are kept.
        say: told what takes long.
        measures: whether to measure matrix products, for some twenty seconds.
    """
    found = versions()
    sections = [found]
    if not any(fact.state == "broken" and fact.name in {"torch", "import torch"} for fact in found.facts):
        from llasa_core.doctor.bench import ceilings  # noqa: PLC0415 - both import torch, which may be what is broken
        from llasa_core.doctor.devices import devices  # noqa: PLC0415

        sections += [devices(), ceilings(say, measures=measures)]
    return Examination((*sections, host(runs), tools(), base_lms()))
