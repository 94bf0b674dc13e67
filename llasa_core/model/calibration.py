"""A checkpoint's temperature: what its probabilities are divided by so that they say how often it is right.

`calibration.json` in the checkpoint's folder; `eval` fits it on people that were not learned from.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.errors import ModelError
from llasa_core.files import write_json

if TYPE_CHECKING:
    from pathlib import Path

CALIBRATION_FILE = "calibration.json"


@dataclass(frozen=True)
class Calibration:
    """A temperature, and what it was fitted on."""

    temperature: float
    question: str
    """Under which the classes were scored."""
    classes: tuple[str, ...]
    split: str
    windows: int
    people: int
    data: str
    """The folder's name and the digest of its manifest."""
    nll_before: float
    """Mean negative log-likelihood of the true class, in nats; of what it was fitted on."""
    nll_after: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**asdict(self), "classes": list(self.classes)}


def softmax(log_likelihood: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return probabilities [..., choice] that sum to 1, flatter the higher the temperature."""
    scaled = log_likelihood / temperature
    odds = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=-1, keepdims=True))


def write_calibration(folder: Path, calibration: Calibration) -> bool:
    """Write it into a checkpoint's folder, whole; return False where the folder may not be written to.

    Raises:
        RunError: the disk is full.
    """
    if not os.access(folder, os.W_OK):
        return False
    write_json(folder / CALIBRATION_FILE, calibration.as_dict())
    return True


def read_calibration(folder: Path) -> Calibration | None:
    """Return a checkpoint's calibration, None where it has none.

    Raises:
        ModelError: the file is damaged.
    """
    file = folder / CALIBRATION_FILE
    if not file.is_file():
        return None
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        found = Calibration(**{**values, "classes": tuple(values["classes"])})
        if not found.temperature > 0:
            raise ValueError(f"a temperature of {found.temperature}")  # noqa: TRY301 - told below, as any damage
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"the checkpoint's {CALIBRATION_FILE} cannot be read: {str(error).splitlines()[0]}",
            where=file,
            fix="remove the file; `llasa eval` writes a new one",
        ) from error
    return found
