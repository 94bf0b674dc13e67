"""How a stage is laid out over its devices: what memory decides and results do not depend on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from llasa_core.files import write_json

if TYPE_CHECKING:
    from pathlib import Path

ZeroStage = Literal[0, 1, 2, 3]
Offload = Literal["none", "optimizer", "all"]


@dataclass(frozen=True)
class Placement:
    """Decided once, before the ranks start; every rank reads the same."""

    zero_stage: ZeroStage = 0
    offload: Offload = "none"
    activation_checkpointing: bool = False

    def write(self, folder: Path) -> None:
        """Leave it in a run's folder."""
        write_json(folder / FILE, asdict(self))

    @classmethod
    def read(cls, folder: Path) -> Placement:
        """Return what `write` left; the plain layout where there is none."""
        file = folder / FILE
        return cls(**json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else cls()


FILE = "placement.json"
