"""What one stage would do, for people and for programs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llasa_core.train.data_counts import counted
from llasa_core.train.samples import as_plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.recipe import StageName
    from llasa_core.train.fitting import Choice
    from llasa_core.train.outlook import AttentionChoice
    from llasa_core.train.samples import SampleSurvey

LAYOUT_KEYS = ("placement", "need", "why", "warning")


@dataclass(frozen=True)
class StagePlan:
    """What one stage would do."""

    stage: StageName
    items: int | None
    """QA items to choose from, or windows; None while the data is not there."""
    items_per_epoch: int | None
    epochs: int
    batch_size: int
    steps: int | None
    trained: dict[str, int | None]
    """Parameters of each part that is trained; None while they are not known."""
    unknown: str | None
    """Why some are not known."""
    micro_batch_tokens: int | None = None
    samples: SampleSurvey | None = None
    """What the stage begins with; None where nobody looked, or where it cannot be known."""
    no_samples: str | None = None
    """Why it cannot be known."""
    attention: AttentionChoice | None = None
    layout: Choice | None = None
    """How the stage is spread over its devices, and what memory is predicted for each."""
    disk_needed_bytes: int | None = None
    """For states to resume from and the result."""

    @property
    def steps_of_epochs(self) -> int | None:
        """Steps that the epochs would take without `max_steps`."""
        return None if self.items_per_epoch is None else self.epochs * math.ceil(self.items_per_epoch / self.batch_size)

    @property
    def is_capped(self) -> bool:
        """Whether `max_steps` ends the stage before its epochs do."""
        return self.steps is not None and self.steps_of_epochs is not None and self.steps < self.steps_of_epochs

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        samples = None if self.samples is None else as_plain(self.samples)
        layout = None if self.layout is None else {name: getattr(self.layout, name) for name in LAYOUT_KEYS}
        return {**values, "samples": samples, "layout": layout}

    def lines(self, mark: Callable[[str], str]) -> list[str]:
        """Return the stage for people; `mark` shows which text is learned."""
        parts = ", ".join(f"{name} {'unknown' if n is None else f'{n:,}'}" for name, n in self.trained.items())
        lines = [
            self.stage,
            f"  trains    {parts} parameters" + (f" ({self.unknown})" if self.unknown else ""),
            f"  steps     {self._steps()}",
        ]
        if self.attention:
            lines.append(f"  attention {self.attention}")
        if self.layout:
            lines.append(f"  layout    {self.layout.why}")
            lines += [f"  warning   {self.layout.warning}"] if self.layout.warning else []
            lines += self._memory()
        if self.no_samples:
            lines.append(f"  lengths   {self.no_samples}")
        if self.samples:
            lines += self.samples.lines(self.micro_batch_tokens or 0, mark)
        return lines

    def _memory(self) -> list[str]:
        if self.layout is None or self.layout.need is None:
            return ["  memory    unknown"]
        first, *parts = self.layout.need.lines()
        return [f"  memory    {first} predicted", *(f"          {part}" for part in parts)]

    def _steps(self) -> str:
        if self.items is None or self.items_per_epoch is None or self.steps is None:
            return "unknown while the data is not there"
        unit = "windows" if self.stage == "encoder" else "QA items"
        chosen = "" if self.items_per_epoch == self.items else f" of {self.items:,}"
        of_items = f"{self.items_per_epoch:,}{chosen} {unit}, {self.batch_size} a step"
        if not self.is_capped:
            return f"{self.steps:,}: {counted(self.epochs, 'epoch')} of {of_items}"
        done = self.steps * self.epochs / (self.steps_of_epochs or 1)
        return f"{self.steps:,} of {self.steps_of_epochs:,}, stopped by `max_steps`: {done:.1f} epochs of {of_items}"
